use std::fmt;

use tenant_core::StoreError;

/// A host can't be claimed. It tells nothing of other tenants.
#[derive(Clone, Debug)]
pub struct HostClaimError {
    kind: HostClaimErrorKind,
    cause: Option<StoreError>,
}

/// The kinds of [`HostClaimError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostClaimErrorKind {
    /// It is no host name of the public DNS; a wildcard or an address is none.
    Invalid,
    /// It is a domain of the deployment's own, or below one.
    Reserved,
    /// The tenant claims it already.
    Exists,
    /// The tenant claims as many as it may.
    TooMany,
    /// The store, or the source of random numbers, failed.
    Unavailable,
}

impl HostClaimError {
    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> HostClaimErrorKind {
        self.kind
    }

    /// The store's error, where it was one.
    #[must_use]
    pub const fn cause(&self) -> Option<&StoreError> {
        self.cause.as_ref()
    }
}

impl From<HostClaimErrorKind> for HostClaimError {
    fn from(kind: HostClaimErrorKind) -> Self {
        Self { kind, cause: None }
    }
}

impl From<StoreError> for HostClaimError {
    fn from(cause: StoreError) -> Self {
        Self { kind: HostClaimErrorKind::Unavailable, cause: Some(cause) }
    }
}

impl fmt::Display for HostClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            HostClaimErrorKind::Invalid => {
                "the host must be a name such as shop.example.com, without wildcard, scheme, port or path"
            }
            HostClaimErrorKind::Reserved => "the host belongs to this service",
            HostClaimErrorKind::Exists => "the host is claimed already",
            HostClaimErrorKind::TooMany => "no more hosts can be claimed before some are proved or withdrawn",
            HostClaimErrorKind::Unavailable => "the claim could not be kept",
        })
    }
}

impl std::error::Error for HostClaimError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
