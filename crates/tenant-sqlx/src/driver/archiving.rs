//! What it takes to write rows of a tenant into an archive, and to read them from one that nobody vouches for.

use super::moving::quoted_name;

/// How rows are read as texts, from which the same rows can be made. No text of an archive ever becomes a part of a statement: it
/// is bound.
pub(crate) struct Archiving {
    /// Whose archives these are: another database's can't be read.
    pub(crate) name: &'static str,
    /// What is said at the beginning of a session.
    pub(crate) session: &'static [&'static str],
    /// Begins a transaction that sees one moment.
    pub(crate) begin_read: &'static str,
    /// Begins a transaction that writes.
    pub(crate) begin_write: &'static str,
    /// The columns of the tables of this place, in their order: table, column, kind, and whether it counts by itself. Columns
    /// that are computed are left out.
    pub(crate) columns: &'static str,
    /// Which columns refer to which, in their order: child, key, column, parent, its column.
    pub(crate) links: &'static str,
    /// How values of a kind are written down.
    pub(crate) form: fn(&str) -> Form,
    /// An expression for the text of a column, by its quoted name and its kind.
    pub(crate) text: fn(&str, &str) -> String,
    /// What stands for a bound text, by its number and the kind of its column.
    pub(crate) place: fn(usize, &str) -> String,
    /// The greatest number that an archive may put into a column that counts by itself. With the greatest of all nothing could be
    /// counted behind it, for no tenant.
    pub(crate) most_counted: fn(&str) -> i64,
    /// Deletes some rows: by the quoted table, what rows they must be, the quoted columns of its key, and how many.
    pub(crate) delete_some: fn(&str, &str, &[String], u32) -> String,
    /// How rows that refer to rows of the same table are written.
    pub(crate) family: Family,
}

/// How values are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Digits.
    Integer,
    /// `true` or `false`.
    Boolean,
    Text,
    /// Hexadecimal digits.
    Bytes,
    /// Each value has a type of its own, which its text begins with: `i`, `r`, `t` or `b`.
    Tagged,
}

/// How rows that refer to rows of the same table are written: one before the one that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// What they refer to is looked for when the transaction ends.
    Deferred,
    /// All of them by one statement, from another table.
    Staged,
    /// Without looking: what they refer to is looked for afterwards.
    Unchecked { off: &'static str, on: &'static str },
}

/// Half of what it can count.
pub(crate) fn half_of(kind: &str) -> i64 {
    match kind.to_ascii_lowercase().as_str() {
        "tinyint" => 1 << 6,
        "smallint" => 1 << 14,
        "mediumint" => 1 << 22,
        "int" | "integer" => 1 << 30,
        _ => 1 << 62,
    }
}

/// By a name that no table of a tenant's has.
pub(crate) const STAGE: &str = "tenant_import_stage";

/// The stage, quoted.
pub(crate) fn stage() -> String {
    quoted_name(STAGE)
}
