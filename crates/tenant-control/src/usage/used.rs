use std::{error::Error, fmt};

use tenant_core::{
    StoreError, StoreErrorKind, Timestamp,
    usage::{InvalidUsage, Metadata, UsageKind},
};

/// Something that is used, to be recorded.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it counts when it is recorded"]
pub struct Used {
    pub(crate) kind: UsageKind,
    pub(crate) quantity: u64,
    pub(crate) project: Option<Box<str>>,
    pub(super) metadata: Metadata,
    pub(super) key: Option<Box<str>>,
    pub(super) time: Option<Timestamp>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The record's id: the first's, where it was recorded before.
    pub id: Box<str>,
    /// Whether it was recorded before, and does not count again.
    pub is_repeated: bool,
}

/// Usage was not recorded, or nobody knows whether it was.
#[derive(Clone, Debug)]
pub struct UsageError(Cause);

/// The kinds of [`UsageError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageErrorKind {
    /// It can't be recorded as it is.
    Invalid,
    /// The idempotency key was used for something else.
    Conflict,
    /// The tenant is no longer active.
    Inactive,
    /// The store failed: nobody knows whether it is recorded. With a key it can be said again.
    Unavailable,
}

#[derive(Clone, Debug)]
enum Cause {
    Invalid(InvalidUsage),
    Untimely,
    Conflict,
    Inactive,
    Store(StoreError),
}

impl Used {
    /// So much of a kind: calls, minutes, bytes; of a level, how much there is now.
    pub fn new(kind: UsageKind, quantity: u64) -> Self {
        Self { kind, quantity, project: None, metadata: Metadata::new(), key: None, time: None }
    }

    /// For a project.
    pub fn project(mut self, project: &str) -> Self {
        self.project = Some(project.into());
        self
    }

    /// With something else that is told of it, and no secret.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// To be counted once, however often it is recorded with this key by its tenant.
    pub fn once(mut self, idempotency_key: &str) -> Self {
        self.key = Some(idempotency_key.into());
        self
    }

    /// At another time than now.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }
}

impl UsageError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> UsageErrorKind {
        match &self.0 {
            Cause::Invalid(_) | Cause::Untimely => UsageErrorKind::Invalid,
            Cause::Conflict => UsageErrorKind::Conflict,
            Cause::Inactive => UsageErrorKind::Inactive,
            Cause::Store(error) if error.kind() == StoreErrorKind::Invalid => UsageErrorKind::Invalid,
            Cause::Store(_) => UsageErrorKind::Unavailable,
        }
    }

    pub(super) const UNTIMELY: Self = Self(Cause::Untimely);
    pub(super) const CONFLICT: Self = Self(Cause::Conflict);
    pub(super) const INACTIVE: Self = Self(Cause::Inactive);
}

impl From<InvalidUsage> for UsageError {
    fn from(problem: InvalidUsage) -> Self {
        Self(Cause::Invalid(problem))
    }
}

impl From<StoreError> for UsageError {
    fn from(error: StoreError) -> Self {
        Self(Cause::Store(error))
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Invalid(problem) => problem.fmt(f),
            Cause::Untimely => f.write_str("the time is too long ago, or to come"),
            Cause::Conflict => f.write_str("the idempotency key was used for something else"),
            Cause::Inactive => f.write_str("the tenant is no longer active"),
            Cause::Store(_) => f.write_str("the usage could not be recorded"),
        }
    }
}

impl Error for UsageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Store(error) => Some(error),
            Cause::Invalid(_) | Cause::Untimely | Cause::Conflict | Cause::Inactive => None,
        }
    }
}
