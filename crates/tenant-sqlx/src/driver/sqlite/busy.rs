//! Waiting where SQLite does not wait by itself.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::error::DatabaseError;
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
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}
