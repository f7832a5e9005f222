//! Rust sources: the statements in sqlx's macros and calls.

mod argument;
mod visit;

use std::path::Path;

use self::visit::Statements;
use super::source::{Found, Place, Sql};

/// The statements of a source file. One that is no Rust of this edition can't be read, and is told of.
pub(super) fn statements(file: &Path, text: &str) -> Vec<Found> {
    match syn::parse_file(text) {
        Ok(tree) => Statements::of(file, &tree),
        Err(error) => {
            let at = error.span().start();
            let place = Place { file: file.to_owned(), line: at.line, column: at.column + 1 };
            vec![Found { place, sql: Sql::Unknown("the file is no Rust that can be read") }]
        }
    }
}

#[cfg(test)]
mod tests;
