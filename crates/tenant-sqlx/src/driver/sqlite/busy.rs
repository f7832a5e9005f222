//! Waiting where SQLite does not wait by itself.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{error::DatabaseError, sqlite::SqliteError};
use tokio::time::{Instant, sleep};

/// How long a writer waits for the one before it.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// Tries again for as long as the database is locked.
///
/// The busy timeout does not cover everything: not the moment in which the first one to open a file turns on its
/// write-ahead log, nor that in which the last one to close it takes the log away
/// (<https://www.sqlite.org/wal.html>, section 8).
pub(super) async fn patiently<'a, T>(
    mut attempt: impl FnMut() -> BoxFuture<'a, sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match attempt().await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => sleep(RETRY_AFTER).await,
            answer => return answer,
        }
    }
}

/// `SQLITE_BUSY` and its extended codes (<https://www.sqlite.org/rescode.html#busy>).
fn is_busy(error: &sqlx::Error) -> bool {
    lowest_byte(error) == Some(5)
}

/// Also `SQLITE_LOCKED`: within one process.
pub(in crate::driver) fn is_conflict(error: &sqlx::Error) -> bool {
    matches!(lowest_byte(error), Some(5 | 6))
}

/// Other databases' codes are numbers of another kind.
fn lowest_byte(error: &sqlx::Error) -> Option<u32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}
