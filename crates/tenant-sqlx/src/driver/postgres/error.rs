//! Which failures say what.

use std::{error::Error, fmt};

use sqlx::error::DatabaseError;

/// A serialisation failure or a deadlock (<https://www.postgresql.org/docs/current/errcodes-appendix.html>, 40001 and
/// 40P01): the transaction was rolled back, and nothing is wrong with it.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// A setting of the server, the database or the role under which nothing here can be promised.
#[derive(Debug)]
pub(super) struct Unsafe {
    pub(super) setting: &'static str,
    pub(super) wanted: &'static str,
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, wanted } = self;
        write!(f, "`{setting}` must be {wanted}: set it for the server, the database or the role")
    }
}

impl Error for Unsafe {}

impl From<Unsafe> for sqlx::Error {
    fn from(error: Unsafe) -> Self {
        Self::Configuration(Box::new(error))
    }
}
