use std::str::FromStr;

use futures_util::FutureExt;
use sqlx::{
    Pool, Sqlite,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::busy::{BUSY_TIMEOUT, patiently};

/// Readers at once. Each connection is a thread, and only one of them writes at a time.
const CONNECTIONS: u32 = 8;

/// A write-ahead log lets readers go on while one writes; `synchronous = FULL` syncs it at each commit, so that what
/// was acknowledged survives a power loss (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
pub(super) async fn connect(url: &str, connections: Option<u32>) -> sqlx::Result<Pool<Sqlite>> {
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let options = SqliteConnectOptions::from_str(url)?
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().test_before_acquire(false);
    if in_memory {
        // The database goes with its last connection; several of them would lock each other out of its one cache.
        let pool = pool.max_connections(1).idle_timeout(None).max_lifetime(None);
        return pool.connect_with(options).await;
    }
    let options = match url.contains("mode=") {
        true => options,
        false => options.create_if_missing(true),
    };
    let options = match url.contains("mode=ro") || url.contains("immutable=1") {
        true => options,
        false => options.journal_mode(SqliteJournalMode::Wal),
    };
    let pool = pool.max_connections(connections.unwrap_or(CONNECTIONS));
    patiently(|| pool.clone().connect_with(options.clone()).boxed()).await
}
