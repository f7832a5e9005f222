//! Which failures say what.

use sqlx::postgres::PgDatabaseError;

/// A serialisation failure or a deadlock (<https://www.postgresql.org/docs/current/errcodes-appendix.html>, 40001 and
/// 40P01): the transaction was rolled back, and nothing is wrong with it.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    matches!(code(error), Some("40001" | "40P01"))
}

/// Also: it waited too long for others (55P03, where `lock_timeout` is set).
pub(in crate::driver) fn is_conflict(error: &sqlx::Error) -> bool {
    is_collision(error) || code(error) == Some("55P03")
}

fn code(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    Some(error.code())
}
