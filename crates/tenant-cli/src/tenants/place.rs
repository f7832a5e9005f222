//! The database that a task is done in, and what is said of it afterwards.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;
use serde_json::{Value, json};
use tenant_core::{DatabaseKey, PlaceName, TenantId};
use tenant_sql::Dialect;
use tenant_sqlx::{
    DbConfigManager, LifecycleError, LifecycleErrorKind, TenantDatabase, TenantDb, TenantDbBuilder,
};

use super::bar::Bar;
use crate::{
    Error,
    database::{self, Database},
    language,
};

/// Where tenants are.
#[derive(Args)]
pub(crate) struct Place {
    #[command(flatten)]
    database: Database,
    /// A shard and where it is; once for each.
    #[arg(long, value_name = "NAME=URL", value_parser = crate::migrate::shard)]
    shard: Vec<(PlaceName, String)>,
    /// One object instead of text.
    #[arg(long)]
    json: bool,
}

/// What is done with a tenant, whichever database it is in.
pub(super) trait Task {
    /// Answers what is said of it: as text, and as an object.
    async fn run<DB: TenantDatabase>(
        &self,
        db: &TenantDb<DB>,
        configs: &DbConfigManager<DB>,
        bar: &Bar,
    ) -> Result<(String, Value), LifecycleError>;
}

/// Each connection is opened by its task alone.
const CONNECTIONS: u32 = 4;

pub(super) fn run(place: &Place, task: &impl Task) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::output)?;
    let bar = Bar::new(!place.json);
    let done = runtime.block_on(place.run(task, &bar));
    bar.end();
    let (text, object, code) = match done? {
        Ok((text, object)) => (text, object, ExitCode::SUCCESS),
        Err(error) if is_refusal(&error) => {
            let object = json!({ "done": false, "error": error.to_string() });
            (format!("refused: {error}"), object, ExitCode::FAILURE)
        }
        Err(error) => return Err(Error::new(told(&error))),
    };
    let text = if place.json { format!("{object}\n") } else { format!("{text}\n") };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Error::output)?;
    Ok(code)
}

impl Place {
    async fn run(
        &self,
        task: &impl Task,
        bar: &Bar,
    ) -> Result<Result<(String, Value), LifecycleError>, Error> {
        let url = self
            .database
            .url()
            .ok_or_else(|| Error::new("no database is given: `--database-url`, or `DATABASE_URL`"))?;
        match database::dialect(&url)? {
            Dialect::Postgres => {
                self.run_on(self.open::<sqlx::Postgres>(&url).await?.schemas(), task, bar).await
            }
            Dialect::MySql => self.run_on(self.open::<sqlx::MySql>(&url).await?, task, bar).await,
            Dialect::Sqlite => self.run_on(self.open::<sqlx::Sqlite>(&url).await?, task, bar).await,
        }
    }

    async fn open<DB: TenantDatabase>(&self, url: &str) -> Result<TenantDbBuilder<DB>, Error> {
        let mut builder = TenantDb::open_with(url, CONNECTIONS).await.map_err(failed)?.databases(CONNECTIONS);
        if let Some(declaration) = self.database.declaration()? {
            builder = builder.catalog(language::catalog_of(declaration, DB::DIALECT)?);
        }
        for (name, url) in &self.shard {
            builder = builder.shard_at(name.clone(), url).await.map_err(failed)?;
        }
        Ok(builder)
    }

    async fn run_on<DB: TenantDatabase>(
        &self,
        builder: TenantDbBuilder<DB>,
        task: &impl Task,
        bar: &Bar,
    ) -> Result<Result<(String, Value), LifecycleError>, Error> {
        let db = builder.build().await.map_err(failed)?;
        let done = task.run(&db, &DbConfigManager::new(&db), bar).await;
        db.close().await;
        Ok(done)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is the end of a map_err")]
fn failed(error: sqlx::Error) -> Error {
    Error::new(error.to_string())
}

/// Whether it was the tenant or the archive, and not a database or a file.
fn is_refusal(error: &LifecycleError) -> bool {
    !matches!(error.kind(), LifecycleErrorKind::Database | LifecycleErrorKind::File)
}

/// With what caused it: whoever sits at a terminal may know.
fn told(error: &LifecycleError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

pub(super) fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

pub(super) fn key(text: &str) -> Result<DatabaseKey, String> {
    let number = text.parse().map(DatabaseKey::Integer).ok();
    let uuid = || text.parse::<uuid::Uuid>().map(|uuid| DatabaseKey::Uuid(uuid.as_u128())).ok();
    number.or_else(uuid).ok_or_else(|| "a key is a number or a uuid".to_owned())
}
