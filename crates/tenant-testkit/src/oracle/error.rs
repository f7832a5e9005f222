use std::fmt;

use tenant_sql::Refusal;

use super::difference::Difference;

/// Why the oracle can't say that a statement stays within its tenant.
#[derive(Debug)]
#[non_exhaustive]
pub enum OracleError {
    /// It does not: here is how.
    Differs(Box<Difference>),
    /// The rewriter refused it.
    Refused(Refusal),
    /// It fails on the database of one tenant, too, or can't be judged; the text says why.
    Unproved(String),
    /// The databases could not be set up or reached.
    Setup(String),
    /// The server ended, or the connection to it: under the statement, as it seems. The oracle is of no more use.
    Lost(String),
}

impl OracleError {
    pub(super) fn setup(doing: impl fmt::Display) -> impl FnOnce(sqlx::Error) -> Self {
        move |error| Self::Setup(format!("{doing}: {error}"))
    }
}

impl fmt::Display for OracleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(difference) => difference.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unproved(why) => write!(f, "nothing is proved: {why}"),
            Self::Setup(what) => write!(f, "the oracle's databases: {what}"),
            Self::Lost(why) => write!(f, "the oracle's databases: the connection is gone: {why}"),
        }
    }
}

impl std::error::Error for OracleError {}
