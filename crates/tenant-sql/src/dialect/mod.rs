//! What each database understands by a name, an operator, a function. One file per database.

pub(crate) mod mysql;

use crate::catalog::Dialect;

/// The key of a relation whose stored name this is.
pub(crate) fn stored(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => name.to_ascii_lowercase(),
        Dialect::Postgres | Dialect::MySql => name.to_owned(),
    }
}

/// The key of a column whose stored name this is.
pub(crate) fn stored_column(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::MySql => name.to_ascii_lowercase(),
        Dialect::Postgres => name.to_owned(),
    }
}
