use std::{error::Error, fmt};

/// There is no such account.
#[derive(Debug)]
pub(super) struct NoSuchRole(pub(super) String);

impl fmt::Display for NoSuchRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no role `{}`, or it is not shown", self.0)
    }
}

impl Error for NoSuchRole {}

impl From<NoSuchRole> for sqlx::Error {
    fn from(error: NoSuchRole) -> Self {
        Self::Configuration(Box::new(error))
    }
}

pub(super) fn is(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Configuration(cause) if cause.is::<NoSuchRole>())
}
