use std::{fmt, sync::Arc};

use redis::ErrorKind;

/// Redis can't be reached, is too slow, or was addressed wrongly.
///
/// The text never holds a key, a value or a password.
#[derive(Clone)]
pub struct RedisError {
    kind: RedisErrorKind,
    detail: Arc<str>,
}

/// The kinds of [`RedisError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedisErrorKind {
    /// An address or a setting is wrong.
    Invalid,
    /// The server can't be reached, or refused.
    Unavailable,
    /// The server did not answer in time. Nothing is known about the effect.
    Deadline,
    /// The server was not asked: it did not answer others in time.
    Broken,
    /// The server was not asked: too many questions about the tenant wait already.
    Crowded,
    /// The server does not know the script (any more).
    NoScript,
    /// The server is a replica (by now), and takes no writes.
    Demoted,
    /// The server answered that it will not do this; it may well do something else.
    Refused,
}

impl RedisError {
    pub(crate) fn new(kind: RedisErrorKind, detail: impl Into<Arc<str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(crate) fn invalid(detail: impl Into<Arc<str>>) -> Self {
        Self::new(RedisErrorKind::Invalid, detail)
    }

    pub(crate) fn deadline() -> Self {
        Self::new(RedisErrorKind::Deadline, "redis did not answer in time")
    }

    pub(crate) fn broken() -> Self {
        Self::new(RedisErrorKind::Broken, "redis is not asked while it does not answer")
    }

    pub(crate) fn unexpected() -> Self {
        Self::new(RedisErrorKind::Unavailable, "redis gave an answer that makes no sense")
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> RedisErrorKind {
        self.kind
    }
}

impl From<redis::RedisError> for RedisError {
    /// Of what the server said only its code is kept: the rest may quote what it was sent.
    fn from(error: redis::RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(redis::ServerErrorKind::NoScript) => {
                Self::new(RedisErrorKind::NoScript, "redis does not know the script")
            }
            ErrorKind::Server(
                redis::ServerErrorKind::BusyLoading
                | redis::ServerErrorKind::MasterDown
                | redis::ServerErrorKind::ClusterDown
                | redis::ServerErrorKind::TryAgain,
            ) => Self::new(RedisErrorKind::Unavailable, "redis is not ready"),
            ErrorKind::Server(redis::ServerErrorKind::ReadOnly) => {
                Self::new(RedisErrorKind::Demoted, "redis is a replica")
            }
            ErrorKind::Server(_) | ErrorKind::Extension => {
                Self::new(RedisErrorKind::Refused, format!("redis refused: {}", error.category()))
            }
            ErrorKind::InvalidClientConfig => Self::invalid("the address of redis is wrong"),
            ErrorKind::Io if error.is_timeout() => Self::deadline(),
            _ => Self::new(RedisErrorKind::Unavailable, format!("redis failed: {}", error.category())),
        }
    }
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl fmt::Debug for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisError").field("kind", &self.kind).field("detail", &self.detail).finish()
    }
}

impl std::error::Error for RedisError {}
