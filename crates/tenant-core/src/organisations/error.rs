use std::{borrow::Cow, error::Error, fmt};

use crate::{
    StoreError, StoreErrorKind,
    auth::{AuthError, AuthErrorKind},
};

/// Something could not be done in an organisation.
#[derive(Clone, Debug)]
pub struct OrganisationError {
    kind: OrganisationErrorKind,
    detail: Cow<'static, str>,
    cause: Option<StoreError>,
}

/// The kinds of [`OrganisationError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrganisationErrorKind {
    /// The tenant has no such thing; another may.
    NotFound,
    /// It is there already.
    Conflict,
    /// Somebody has to own the organisation.
    LastOwner,
    /// The tenant has as many as it may have.
    Full {
        /// How many that are.
        most: u64,
    },
    /// The invitation has expired.
    Expired,
    /// The invitation was accepted before.
    Used,
    /// Who asks is not enough for it.
    Forbidden,
    /// The organisation does not want it.
    PolicyDenied,
    /// A value can't be taken.
    Invalid,
    /// The password is not theirs.
    Unauthenticated,
    /// Too many wait.
    Overloaded,
    /// The store, or what sends mail, failed: nothing is known about the effect.
    Unavailable,
}

impl OrganisationError {
    /// An error of this kind.
    pub fn new(kind: OrganisationErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), cause: None }
    }

    /// The tenant has no such thing.
    #[must_use]
    pub const fn not_found(detail: &'static str) -> Self {
        Self { kind: OrganisationErrorKind::NotFound, detail: Cow::Borrowed(detail), cause: None }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> OrganisationErrorKind {
        self.kind
    }

    /// What the store said, where it failed.
    #[must_use]
    pub const fn cause(&self) -> Option<&StoreError> {
        self.cause.as_ref()
    }
}

impl fmt::Display for OrganisationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for OrganisationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<StoreError> for OrganisationError {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            StoreErrorKind::AlreadyExists => OrganisationErrorKind::Conflict,
            StoreErrorKind::NotFound => OrganisationErrorKind::NotFound,
            StoreErrorKind::Invalid => OrganisationErrorKind::Invalid,
            StoreErrorKind::Unavailable | StoreErrorKind::StaleRevision | StoreErrorKind::HostTaken => {
                OrganisationErrorKind::Unavailable
            }
        };
        Self { kind, detail: error.detail().to_owned().into(), cause: Some(error) }
    }
}

impl From<AuthError> for OrganisationError {
    fn from(error: AuthError) -> Self {
        let kind = match (error.kind(), error.cause()) {
            (AuthErrorKind::Rejected, _) => OrganisationErrorKind::Unauthenticated,
            (AuthErrorKind::Overloaded, _) => OrganisationErrorKind::Overloaded,
            (_, Some(cause)) => return cause.clone().into(),
            (_, None) => OrganisationErrorKind::Unavailable,
        };
        Self { kind, detail: error.to_string().into(), cause: None }
    }
}
