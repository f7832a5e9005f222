//! Which failures say what.

use sqlx::mysql::MySqlDatabaseError;

const DEADLOCK: u16 = 1213;
/// MariaDB's, where a snapshot is isolated from writes as well.
const RECORD_CHANGED: u16 = 1020;

/// The transaction was rolled back, and nothing is wrong with it
/// (<https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html>).
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| matches!(error.number(), DEADLOCK | RECORD_CHANGED))
}
