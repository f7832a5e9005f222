//! Which database a URL names, and what is done with it.

use std::{env, path::PathBuf};

use clap::Args;
use sqlx::{Connection, MySql, Pool, Postgres, Sqlite};
use tenant_sql::{Catalog, CatalogDeclaration, Dialect};
use tenant_sqlx::{Inspect, TenantDb};

use crate::{Error, language};

/// A database, and what belongs to whom in it.
#[derive(Args)]
pub(crate) struct Database {
    /// The database, as `postgres://…`, `mysql://…` or `sqlite:…` (default: the variable `DATABASE_URL`, which keeps a
    /// password out of the list of processes).
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The catalog, a TOML file.
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

/// What is done with a database, whichever it is.
pub(crate) trait Task {
    type Outcome;

    async fn run<DB: Inspect>(
        &self,
        pool: &Pool<DB>,
        catalog: &Catalog,
    ) -> Result<Self::Outcome, sqlx::Error>;
}

impl Database {
    pub(crate) fn url(&self) -> Option<String> {
        self.database_url.clone().or_else(|| env::var("DATABASE_URL").ok())
    }

    /// The URL that was given, and not the variable's.
    pub(crate) fn given_url(&self) -> Option<String> {
        self.database_url.clone()
    }

    pub(crate) fn declaration(&self) -> Result<Option<CatalogDeclaration>, Error> {
        self.catalog.as_deref().map(language::read).transpose()
    }

    /// Opens the database and does with it what is to be done. Without a catalog file the catalog is read from the
    /// schema.
    pub(crate) fn run<T: Task>(&self, url: &str, task: &T) -> Result<T::Outcome, Error> {
        let declaration = self.declaration()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(error.to_string()))?;
        runtime.block_on(async {
            match dialect(url)? {
                Dialect::Postgres => run_on::<Postgres, T>(url, declaration, task).await,
                Dialect::MySql => run_on::<MySql, T>(url, declaration, task).await,
                Dialect::Sqlite => run_on::<Sqlite, T>(url, declaration, task).await,
            }
        })
    }
}

/// The URL itself is never told: it holds a password.
pub(crate) fn dialect(url: &str) -> Result<Dialect, Error> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => Ok(Dialect::Postgres),
        Some("mysql" | "mariadb") => Ok(Dialect::MySql),
        Some("sqlite") => Ok(Dialect::Sqlite),
        _ => Err(Error::new("the database's URL begins with none of `postgres:`, `mysql:` and `sqlite:`")),
    }
}

async fn run_on<DB: Inspect, T: Task>(
    url: &str,
    declaration: Option<CatalogDeclaration>,
    task: &T,
) -> Result<T::Outcome, Error> {
    // The pool would try again for half a minute, and then say no more than that it took too long.
    let first = DB::Connection::connect(url).await.map_err(|error| failed(&error))?;
    first.close().await.map_err(|error| failed(&error))?;
    let pool = Pool::<DB>::connect(url).await.map_err(|error| failed(&error))?;
    let catalog = match declaration {
        Some(declaration) => language::catalog_of(declaration, dialect(url)?)?,
        None => TenantDb::builder(pool.clone()).build().await.map_err(|error| failed(&error))?.catalog(),
    };
    let outcome = task.run(&pool, &catalog).await.map_err(|error| failed(&error));
    pool.close().await;
    outcome
}

fn failed(error: &sqlx::Error) -> Error {
    Error::new(format!("the database can't be examined: {error}"))
}
