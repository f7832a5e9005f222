use std::{error::Error, fmt, io};

use tenant_core::{StoreError, StoreErrorKind};

use crate::{MoveError, MoveErrorKind};

/// A tenant was not exported, imported, cloned or purged. It names tables and columns, and no value.
#[derive(Debug)]
pub struct LifecycleError {
    kind: LifecycleErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What was in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LifecycleErrorKind {
    /// A database failed.
    Database,
    /// The tenant's config can't be read or kept.
    Config,
    /// The file of the archive can't be read or written.
    File,
    /// There is no such tenant.
    NotFound,
    /// There is one of this id, deleted ones included.
    Exists,
    /// Another tenant's rows carry the same key: both would see the rows of both.
    KeyTaken,
    /// Only a deleted tenant is purged.
    NotDeleted,
    /// A deleted tenant may be half purged, and is not cloned.
    Deleted,
    /// Its rows are on their way to another place.
    Moving,
    /// Somebody else does it by now.
    TakenOver,
    /// A value can't be written down so that it could be read again.
    Unkept {
        /// The table.
        table: String,
        /// The column, where it is known.
        column: Option<String>,
    },
    /// Tables refer to each other in a circle: no order is right for their rows.
    Circle {
        /// One of the tables.
        table: String,
    },
    /// The archive is damaged, or says what it may not say.
    Archive {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The archive has a table, or a column of it, that is not there, or a value that is not of its column.
    Misfit {
        /// The table.
        table: String,
    },
    /// A row has a key that another row has already, as numbers that are counted over all tenants.
    Collision {
        /// The table.
        table: String,
    },
    /// The database did not take rows of a table.
    Rejected {
        /// The table.
        table: String,
    },
    /// Something is left of the tenant, in these tables or parts of the house.
    Residue {
        /// Their names, and how much.
        left: Vec<(String, u64)>,
    },
}

impl LifecycleError {
    /// What was in the way.
    #[must_use]
    pub const fn kind(&self) -> &LifecycleErrorKind {
        &self.kind
    }

    /// Whether it may go through the next time, as it is.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            LifecycleErrorKind::Database | LifecycleErrorKind::Moving | LifecycleErrorKind::Residue { .. }
        )
    }

    pub(super) fn with(kind: LifecycleErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// Why rows of a table were not taken.
    pub(super) fn of_rows(table: &str, error: sqlx::Error) -> Self {
        let table = table.to_owned();
        let kind = match error.as_database_error() {
            Some(database) if database.is_unique_violation() => LifecycleErrorKind::Collision { table },
            Some(_) => LifecycleErrorKind::Rejected { table },
            None if matches!(error, sqlx::Error::Encode(_)) => LifecycleErrorKind::Misfit { table },
            None => LifecycleErrorKind::Database,
        };
        Self::with(kind, error)
    }
}

impl From<LifecycleErrorKind> for LifecycleError {
    fn from(kind: LifecycleErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<sqlx::Error> for LifecycleError {
    fn from(error: sqlx::Error) -> Self {
        Self::with(LifecycleErrorKind::Database, error)
    }
}

impl From<io::Error> for LifecycleError {
    fn from(error: io::Error) -> Self {
        Self::with(LifecycleErrorKind::File, error)
    }
}

impl From<StoreError> for LifecycleError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            StoreErrorKind::Unavailable => LifecycleErrorKind::Database,
            StoreErrorKind::AlreadyExists => LifecycleErrorKind::Exists,
            StoreErrorKind::NotFound => LifecycleErrorKind::NotFound,
            _ => LifecycleErrorKind::Config,
        };
        Self::with(kind, error)
    }
}

impl From<MoveError> for LifecycleError {
    fn from(error: MoveError) -> Self {
        let kind = match error.kind() {
            MoveErrorKind::Circle { table } => LifecycleErrorKind::Circle { table: table.clone() },
            _ => LifecycleErrorKind::Database,
        };
        Self::with(kind, error)
    }
}

impl fmt::Display for LifecycleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            LifecycleErrorKind::Database => f.write_str("the database failed"),
            LifecycleErrorKind::Config => f.write_str("the tenant's config can't be read or kept"),
            LifecycleErrorKind::File => f.write_str("the archive's file can't be read or written"),
            LifecycleErrorKind::NotFound => f.write_str("the tenant does not exist"),
            LifecycleErrorKind::Exists => f.write_str("the tenant exists already"),
            LifecycleErrorKind::KeyTaken => {
                f.write_str("another tenant's rows carry the same key: the new tenant needs one of its own")
            }
            LifecycleErrorKind::NotDeleted => f.write_str("the tenant is not deleted"),
            LifecycleErrorKind::Deleted => f.write_str("the tenant is deleted"),
            LifecycleErrorKind::Moving => f.write_str("the tenant is being moved"),
            LifecycleErrorKind::TakenOver => f.write_str("somebody else does it by now"),
            LifecycleErrorKind::Unkept { table, column: Some(column) } => {
                write!(f, "a value of column {column} of table {table} can't be kept in an archive")
            }
            LifecycleErrorKind::Unkept { table, column: None } => {
                write!(f, "table {table} can't be kept in an archive")
            }
            LifecycleErrorKind::Circle { table } => {
                write!(f, "table {table} refers to itself through others")
            }
            LifecycleErrorKind::Archive { problem } => write!(f, "the archive is refused: {problem}"),
            LifecycleErrorKind::Misfit { table } => {
                write!(f, "the archive's rows of table {table} don't fit the table that is there")
            }
            LifecycleErrorKind::Collision { table } => {
                write!(f, "a row of table {table} has a key that another row has already")
            }
            LifecycleErrorKind::Rejected { table } => {
                write!(f, "the database does not take a row of table {table}")
            }
            LifecycleErrorKind::Residue { left } => {
                f.write_str("something is left:")?;
                left.iter().try_for_each(|(name, count)| write!(f, " {name} ({count})"))
            }
        }
    }
}

impl Error for LifecycleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
