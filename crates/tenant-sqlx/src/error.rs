//! What travels inside [`sqlx::Error`].

use std::{error::Error as StdError, iter};

use tenant_core::Inactive;
use tenant_sql::Refusal;

use crate::driver;

/// The tenant was suspended or deleted after its context was minted: nothing runs for it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant is no longer active")]
#[non_exhaustive]
pub struct NoLongerActive;

impl NoLongerActive {
    /// Finds it in an error or in what caused it.
    ///
    /// # Example
    /// ```
    /// use tenant_sqlx::NoLongerActive;
    ///
    /// assert!(NoLongerActive::of(&sqlx::Error::RowNotFound).is_none());
    /// ```
    pub fn of<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        found(error)
    }
}

fn found<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.find_map(|error| error.downcast_ref())
}

/// The tenant was moved to another place meanwhile, and nothing was written where it was: whoever runs it again writes where
/// the tenant lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant was moved meanwhile: run it again")]
#[non_exhaustive]
pub struct Moved;

impl Moved {
    /// Finds it in an error or in what caused it.
    pub fn of<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        found(error)
    }
}

impl From<Moved> for sqlx::Error {
    fn from(moved: Moved) -> Self {
        Self::Configuration(Box::new(moved))
    }
}

impl From<Inactive> for NoLongerActive {
    fn from(_: Inactive) -> Self {
        Self
    }
}

/// A transaction within the transaction failed to begin, or was dropped while it did: sqlx then rolls all of it back,
/// and would run what follows outside of any transaction. On MySQL also: a statement in it was dropped before it was
/// answered, and what is answered next may be meant for it. On PostgreSQL, at its commit: a statement in it has failed; on MySQL: one met with a
/// deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction was rolled back, because something in it failed or was dropped half way")]
#[non_exhaustive]
pub struct RolledBack;

impl From<RolledBack> for sqlx::Error {
    fn from(lost: RolledBack) -> Self {
        Self::Configuration(Box::new(lost))
    }
}

/// A mistake in the program, not an answer of the database: it never stands in [`sqlx::Error::Database`].
pub(crate) fn refused(refusal: Refusal) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(refusal))
}

pub(crate) fn inactive(inactive: Inactive) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(NoLongerActive::from(inactive)))
}

/// Whether nothing is wrong with what failed: it came together with others (a deadlock, a serialisation failure, a lock that
/// others held too long), or the tenant was moved meanwhile ([`Moved`]). Whoever rolls back and begins anew may well succeed.
///
/// # Example
/// ```
/// assert!(!tenant_sqlx::is_transient(&sqlx::Error::RowNotFound));
/// ```
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    Moved::of(error).is_some() || driver::is_conflict(error)
}

/// What went wrong, without a value: the message of a database may hold one.
pub(crate) fn told(error: &sqlx::Error) -> String {
    let Some(error) = error.as_database_error() else {
        return match error {
            sqlx::Error::Migrate(_) | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
                "a migration failed".to_owned()
            }
            other => other.to_string(),
        };
    };
    let code = error.code().map_or_else(|| "without a code".to_owned(), |code| format!("code {code}"));
    let table = error.table().map(|table| format!(", table {table}")).unwrap_or_default();
    let constraint = error.constraint().map(|name| format!(", constraint {name}")).unwrap_or_default();
    format!("the database reports an error with {code}{table}{constraint}").replace("with without", "without")
}
