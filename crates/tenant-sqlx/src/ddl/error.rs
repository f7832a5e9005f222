use std::{error::Error, fmt};

/// Why a migration can't be drawn up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdlError {
    kind: DdlErrorKind,
    object: String,
}

/// What keeps a migration from being drawn up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DdlErrorKind {
    /// A table lacks the tenant column, or has rows where that is null, and nobody said whose they are.
    WhoseRows,
    /// The tenant is none of the column's type.
    Tenant,
    /// The text a table was made with can't be taken apart (SQLite).
    Definition,
}

impl DdlError {
    pub(super) fn new(kind: DdlErrorKind, object: &str) -> Self {
        Self { kind, object: object.to_owned() }
    }

    /// Returns what is in the way.
    #[must_use]
    pub const fn kind(&self) -> DdlErrorKind {
        self.kind
    }

    /// Returns the table that is at fault.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }
}

impl fmt::Display for DdlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, object } = self;
        match kind {
            DdlErrorKind::WhoseRows => {
                write!(f, "`{object}` has rows without a tenant: say whose its rows are")
            }
            DdlErrorKind::Tenant => {
                write!(f, "the tenant given for `{object}` is none of the catalog's type")
            }
            DdlErrorKind::Definition => write!(f, "the definition of `{object}` can't be taken apart"),
        }
    }
}

impl Error for DdlError {}
