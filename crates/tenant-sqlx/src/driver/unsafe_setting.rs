use std::{error::Error, fmt};

/// A setting of the server, the database or the account under which nothing here can be promised.
#[derive(Debug)]
pub(super) struct Unsafe {
    pub(super) setting: &'static str,
    pub(super) wanted: &'static str,
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, wanted } = self;
        write!(f, "`{setting}` must be {wanted}: set it for the server, the database or the account")
    }
}

impl Error for Unsafe {}

impl From<Unsafe> for sqlx::Error {
    fn from(error: Unsafe) -> Self {
        Self::Configuration(Box::new(error))
    }
}
