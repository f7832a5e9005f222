//! What `cargo sqlx prepare` writes: one file per statement of a checked macro.

use std::path::Path;

use serde::Deserialize;
use tenant_sql::Dialect;

use super::source::{Found, Place, Sql};

#[derive(Deserialize)]
struct Data {
    db_name: String,
    query: String,
}

/// The statement of a file; `None` where it is for another database than the one that is checked.
pub(super) fn statement(file: &Path, text: &str, dialect: Dialect) -> Option<Found> {
    let place = Place { file: file.to_owned(), line: 1, column: 1 };
    let Ok(Data { db_name, query }) = serde_json::from_str(text) else {
        return Some(Found { place, sql: Sql::Unknown("the file is not what `cargo sqlx prepare` writes") });
    };
    let is_ours = matches!(
        (db_name.as_str(), dialect),
        ("SQLite", Dialect::Sqlite)
            | ("PostgreSQL", Dialect::Postgres)
            | ("MySQL" | "MariaDB", Dialect::MySql)
    );
    is_ours.then_some(Found { place, sql: Sql::Text(query) })
}
