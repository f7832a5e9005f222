//! Why a tenant was not moved.

use std::{error::Error, fmt};

use tenant_core::StoreError;

use crate::driver::{Absence, TenantDatabase};

/// A tenant was not moved. It goes on where it was.
#[derive(Debug)]
pub struct MoveError {
    kind: MoveErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kept a tenant from being moved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MoveErrorKind {
    /// A database failed.
    Database,
    /// The tenant's config can't be read.
    Config,
    /// There is no such tenant.
    NotFound,
    /// It lives there already, or the two places are the same tables under two names.
    SamePlace,
    /// Somebody else moves it at this moment.
    Busy,
    /// It is on the way to another place, or back can still be gone from the last one: finish that move first.
    OtherMove,
    /// It is not being moved.
    NotMoving,
    /// The grace is not over: some process may still look for the rows where they were.
    TooEarly,
    /// A transaction of the tenant's did not end, so that its writes could not be held up. Try again.
    InUse,
    /// A table is not the same in both places. Migrate them.
    Schema {
        /// The table.
        table: String,
    },
    /// Rows of a table were not the same in both places in the end: something else writes there, as a trigger does.
    Differs {
        /// The table.
        table: String,
    },
    /// Tables refer to each other in a circle: no order is right for their rows.
    Circle {
        /// One of the tables.
        table: String,
    },
}

impl MoveError {
    /// What kept it.
    #[must_use]
    pub const fn kind(&self) -> &MoveErrorKind {
        &self.kind
    }

    /// What was not there.
    pub(super) fn absence<DB: TenantDatabase>(&self) -> Option<Absence> {
        self.database().and_then(DB::absence)
    }

    fn database(&self) -> Option<&sqlx::Error> {
        self.source.as_deref().and_then(|source| source.downcast_ref())
    }

    pub(super) fn in_use(error: sqlx::Error) -> Self {
        Self { kind: MoveErrorKind::InUse, source: Some(error.into()) }
    }

    /// Whether rows were in each other's way.
    pub(super) fn is_constraint(&self) -> bool {
        let error = self.database().and_then(sqlx::Error::as_database_error);
        error.is_some_and(|error| error.is_unique_violation() || error.is_foreign_key_violation())
    }
}

impl From<MoveErrorKind> for MoveError {
    fn from(kind: MoveErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<sqlx::Error> for MoveError {
    fn from(error: sqlx::Error) -> Self {
        Self { kind: MoveErrorKind::Database, source: Some(error.into()) }
    }
}

impl From<StoreError> for MoveError {
    fn from(error: StoreError) -> Self {
        Self { kind: MoveErrorKind::Config, source: Some(error.into()) }
    }
}

impl fmt::Display for MoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            MoveErrorKind::Database => f.write_str("a database failed while a tenant was moved"),
            MoveErrorKind::Config => f.write_str("the config of the tenant to move can't be read"),
            MoveErrorKind::NotFound => f.write_str("the tenant to move does not exist"),
            MoveErrorKind::SamePlace => f.write_str("the tenant lives there already"),
            MoveErrorKind::Busy => f.write_str("somebody else is moving the tenant"),
            MoveErrorKind::OtherMove => f.write_str("another move of the tenant is not finished"),
            MoveErrorKind::NotMoving => f.write_str("the tenant is not being moved"),
            MoveErrorKind::TooEarly => f.write_str("some process may still look for the tenant where it was"),
            MoveErrorKind::InUse => f.write_str("a transaction of the tenant does not come to its end"),
            MoveErrorKind::Schema { table } => write!(f, "table {table} is not the same in both places"),
            MoveErrorKind::Differs { table } => write!(f, "rows of table {table} can't be made the same"),
            MoveErrorKind::Circle { table } => write!(f, "table {table} refers to itself through others"),
        }
    }
}

impl Error for MoveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
