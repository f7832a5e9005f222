//! Which failures say what.

use sqlx::mysql::MySqlDatabaseError;

const DEADLOCK: u16 = 1213;
const LOCK_WAIT_TIMEOUT: u16 = 1205;
/// MariaDB's, where a snapshot is isolated from writes as well.
const RECORD_CHANGED: u16 = 1020;

/// The transaction was rolled back, and nothing is wrong with it
/// (<https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html>).
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| matches!(number, DEADLOCK | RECORD_CHANGED))
}

/// Also: it waited too long for others.
pub(in crate::driver) fn is_conflict(error: &sqlx::Error) -> bool {
    is_collision(error) || number(error) == Some(LOCK_WAIT_TIMEOUT)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}
