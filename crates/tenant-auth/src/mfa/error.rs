use std::{error::Error as StdError, fmt, time::Duration};

use tenant_core::{StoreError, auth::AuthError};

/// A second factor was not proved, or can't be changed.
#[derive(Clone, Debug)]
pub struct MfaError {
    kind: MfaErrorKind,
    retry_after: Option<Duration>,
    cause: Option<StoreError>,
}

/// The kinds of [`MfaError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MfaErrorKind {
    /// Nobody who signs in has the id.
    Nobody,
    /// There is no factor: none is active, or none is to be proved (any more).
    NotEnrolled,
    /// A factor is active, and no code was given.
    Required,
    /// The code is wrong, or was used before.
    Wrong,
    /// Too many codes were wrong: there is another try [later](MfaError::retry_after). Recovery codes are taken all the same.
    TooMany,
    /// It can't be found out: the store failed, or the secret can't be opened.
    Unavailable,
}

impl MfaError {
    pub(super) const fn new(kind: MfaErrorKind) -> Self {
        Self { kind, retry_after: None, cause: None }
    }

    pub(super) const fn too_many(retry_after: Duration) -> Self {
        Self { kind: MfaErrorKind::TooMany, retry_after: Some(retry_after), cause: None }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> MfaErrorKind {
        self.kind
    }

    /// When there is another try, where there were too many.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The store that failed.
    #[must_use]
    pub const fn cause(&self) -> Option<&StoreError> {
        self.cause.as_ref()
    }
}

impl From<StoreError> for MfaError {
    fn from(cause: StoreError) -> Self {
        Self { kind: MfaErrorKind::Unavailable, retry_after: None, cause: Some(cause) }
    }
}

impl From<AuthError> for MfaError {
    fn from(error: AuthError) -> Self {
        let cause = error.cause().cloned();
        cause.unwrap_or_else(|| StoreError::unavailable(error.reason())).into()
    }
}

impl fmt::Display for MfaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            MfaErrorKind::Nobody => "nobody who signs in has this id",
            MfaErrorKind::NotEnrolled => "there is no second factor",
            MfaErrorKind::Required => "a code of the second factor is required",
            MfaErrorKind::Wrong => "the code is not valid",
            MfaErrorKind::TooMany => "too many codes were wrong",
            MfaErrorKind::Unavailable => "the second factor can't be looked at",
        })
    }
}

impl StdError for MfaError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
