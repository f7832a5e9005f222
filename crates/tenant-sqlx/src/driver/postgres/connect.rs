use std::{str::FromStr, time::Duration};

use futures_util::FutureExt;
use sqlx::{
    Connection, PgConnection, Pool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Cell, Sql, rows, sql};
use crate::driver::Unsafe;

const CONNECTIONS: u32 = 10;

/// How long a connection may rest and still be taken for alive. Asking before each statement would cost about a
/// quarter of the throughput, not asking at all an error for each connection after the server was restarted.
const TRUSTED_REST: Duration = Duration::from_secs(1);

/// Nothing is set in the session: a pooler between here and the server would lose it, or hand it on. What has to be
/// set is checked instead, on each connection that is opened.
pub(super) async fn connect(url: &str, connections: Option<u32>) -> sqlx::Result<Pool<Postgres>> {
    let options = PgConnectOptions::from_str(url)?;
    // The pool would try again for half a minute, and then say no more than that it took too long.
    let mut first = PgConnection::connect_with(&options).await?;
    check(&mut first).await?;
    first.close().await?;
    pool().max_connections(connections.unwrap_or(CONNECTIONS)).connect_with(options).await
}

fn pool() -> PgPoolOptions {
    PgPoolOptions::new()
        .test_before_acquire(false)
        .after_connect(|connection, _| async { check(connection).await }.boxed())
        .before_acquire(|connection, rest| {
            async move { Ok(rest.idle_for < TRUSTED_REST || connection.ping().await.is_ok()) }.boxed()
        })
}

async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
    let settings = Settings::of(connection).await?;
    settings.texts()?;
    Ok(settings.commits()?)
}

/// Whether the server reads a statement as it was scoped.
pub(super) async fn check_texts(connection: &mut PgConnection) -> sqlx::Result<()> {
    Ok(Settings::of(connection).await?.texts()?)
}

const SETTINGS: Sql = sql!(
    "SELECT current_setting('standard_conforming_strings'), current_setting('synchronous_commit'),
        array_position(current_schemas(true), 'pg_catalog') = 1"
);

#[derive(Default)]
struct Settings {
    literals: String,
    commits: String,
    is_built_in_first: bool,
}

impl Settings {
    async fn of(connection: &mut PgConnection) -> sqlx::Result<Self> {
        // A pooler lends out the server's connections for a transaction: what is prepared in one is gone in the next.
        let mut transaction = connection.begin().await?;
        let rows = rows::glance(&mut transaction, SETTINGS, vec![]).await?;
        transaction.rollback().await?;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([Cell::Text(literals), Cell::Text(commits), first]) => Self {
                literals: literals.clone(),
                commits: commits.clone(),
                is_built_in_first: first.is_true(),
            },
            _ => Self::default(),
        })
    }

    /// With `standard_conforming_strings` off a backslash escapes the quote that ends a literal: the server would read
    /// another statement than the one that was scoped
    /// (<https://www.postgresql.org/docs/current/runtime-config-compatible.html>).
    ///
    /// What is built in comes first, unless the search path says where else it comes: then a function of the application
    /// could stand in for a built-in one
    /// (<https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG>).
    fn texts(&self) -> Result<(), Unsafe> {
        if self.literals != "on" {
            return Err(Unsafe { setting: "standard_conforming_strings", wanted: "on" });
        }
        match self.is_built_in_first {
            true => Ok(()),
            false => {
                Err(Unsafe { setting: "search_path", wanted: "without `pg_catalog`, which then comes first" })
            }
        }
    }

    /// With `synchronous_commit` off a commit is acknowledged before it is on disk
    /// (<https://www.postgresql.org/docs/current/runtime-config-wal.html>). Every other value has it there.
    fn commits(&self) -> Result<(), Unsafe> {
        match self.commits.as_str() {
            "" | "off" => Err(Unsafe { setting: "synchronous_commit", wanted: "on" }),
            _ => Ok(()),
        }
    }
}
