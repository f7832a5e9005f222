use std::{str::FromStr, time::Duration};

use futures_util::FutureExt;
use sqlx::{
    Connection, PgConnection, Pool, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Cell, rows, sql};
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
    check_literals(connection).await?;
    check_commits(connection).await
}

/// With `standard_conforming_strings` off a backslash escapes the quote that ends a literal: the server would read
/// another statement than the one that was scoped
/// (<https://www.postgresql.org/docs/current/runtime-config-compatible.html>).
pub(super) async fn check_literals(connection: &mut PgConnection) -> sqlx::Result<()> {
    let value = setting(connection, "standard_conforming_strings").await?;
    match value.as_deref() {
        Some("on") => Ok(()),
        _ => Err(Unsafe { setting: "standard_conforming_strings", wanted: "on" }.into()),
    }
}

/// With `synchronous_commit` off a commit is acknowledged before it is on disk
/// (<https://www.postgresql.org/docs/current/runtime-config-wal.html>). Every other value has it there.
async fn check_commits(connection: &mut PgConnection) -> sqlx::Result<()> {
    let value = setting(connection, "synchronous_commit").await?;
    match value.as_deref() {
        Some("off") | None => Err(Unsafe { setting: "synchronous_commit", wanted: "on" }.into()),
        Some(_) => Ok(()),
    }
}

async fn setting(connection: &mut PgConnection, name: &'static str) -> sqlx::Result<Option<String>> {
    let rows = rows::glance(connection, sql!("SELECT current_setting(?)"), vec![name.into()]).await?;
    Ok(rows.into_iter().flatten().next().and_then(Cell::into_text))
}
