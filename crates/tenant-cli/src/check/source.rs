//! SQL as it was found, and where.

use std::{fmt, path::PathBuf};

/// A place in a file; lines and columns are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A statement in a code base.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) sql: Sql,
}

#[derive(Clone, Debug)]
pub(super) enum Sql {
    Text(String),
    /// It is put together at run time, or can't be read: why nothing can be said about it.
    Unknown(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}
