//! What a move of a tenant's rows has to know of a database.

use super::Sql;

/// How rows are read so that they can be written elsewhere as they are: each value as the text of a literal.
pub(crate) struct Moving {
    /// What is said at the beginning of a session.
    pub(crate) session: &'static [&'static str],
    /// The columns of the tables of this place, in their order: table, column, kind, and whether it is filled by a
    /// sequence. Columns that are computed are left out.
    pub(crate) columns: &'static str,
    /// The columns of primary keys, in their order: table, column.
    pub(crate) keys: &'static str,
    /// Which table refers to which: child, parent.
    pub(crate) links: &'static str,
    /// An expression for the literal of a column, by its quoted name and its kind.
    pub(crate) literal: fn(&str, &str) -> String,
    pub(crate) name: fn(&str) -> String,
    pub(crate) text: fn(&str) -> String,
    pub(crate) uuid: fn(u128) -> String,
    /// Stands before the `VALUES` of an insert.
    pub(crate) overriding: &'static str,
    /// Whether a row may not be written before the row that it refers to.
    pub(crate) checks_links: bool,
    /// The sequence behind a column, by the texts of table and column.
    pub(crate) sequence: Option<fn(&str, &str) -> String>,
    /// What those who write for a moving tenant wait for, who moves it alone, and which of two may move it.
    pub(crate) holds: Option<Holds>,
}

/// Locks that all processes know of. Each takes the tenant's id.
pub(crate) struct Holds {
    pub(crate) shared: Sql,
    pub(crate) alone: Sql,
    /// It belongs to the session.
    pub(crate) mover: Sql,
    /// How long the session waits for those who write: who waits holds up those who come after.
    pub(crate) patience: &'static str,
}

/// In double quotes, as the standard has it.
pub(crate) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// For texts without backslashes, or where they mean themselves.
pub(crate) fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// In lower case and with hyphens.
pub(crate) fn hyphenated(bits: u128) -> String {
    let mut text = format!("{bits:032x}");
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
