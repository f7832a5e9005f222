//! Which failures say what.

use sqlx::error::DatabaseError;

/// A serialisation failure or a deadlock (<https://www.postgresql.org/docs/current/errcodes-appendix.html>, 40001 and
/// 40P01): the transaction was rolled back, and nothing is wrong with it.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
