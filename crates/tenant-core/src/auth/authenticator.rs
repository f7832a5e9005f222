//! Who looks at credentials.

use std::{error::Error as StdError, fmt, sync::Arc};

use async_trait::async_trait;

use super::{Credential, Principal};
use crate::StoreError;

/// Proves who somebody is by what they show.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Whether this credential is of the kind that is looked at here. One that nobody looks at is refused.
    fn judges(&self, credential: &Credential<'_>) -> bool;

    /// The answer that is in memory; `None` if it takes [`verify`](Self::verify). This is the hot path: it must not block.
    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        let _ = credential;
        None
    }

    /// Who shows this.
    ///
    /// # Errors
    /// The credential is not valid, or that can't be found out now.
    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError>;

    /// Whether what proved a principal still holds: it was not revoked, and has not expired. For connections that stay open;
    /// a principal that was proved elsewhere holds.
    ///
    /// # Errors
    /// That can't be found out now.
    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError>;
}

#[async_trait]
impl<A: Authenticator + ?Sized> Authenticator for Arc<A> {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        (**self).judges(credential)
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        (**self).peek(credential)
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        (**self).verify(credential).await
    }

    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError> {
        (**self).holds(principal).await
    }
}

/// Several, each for credentials of its own kind: the first that judges a credential decides, and no other is asked.
#[derive(Clone, Default)]
pub struct Authenticators(Vec<Arc<dyn Authenticator>>);

impl Authenticators {
    /// Nobody, who refuses all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, behind those before.
    #[must_use]
    pub fn with(mut self, authenticator: impl Authenticator + 'static) -> Self {
        self.0.push(Arc::new(authenticator));
        self
    }

    fn judge(&self, credential: &Credential<'_>) -> Option<&Arc<dyn Authenticator>> {
        self.0.iter().find(|authenticator| authenticator.judges(credential))
    }
}

const NOBODY: AuthError = AuthError::rejected("credentials of this kind are not taken");

#[async_trait]
impl Authenticator for Authenticators {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        self.judge(credential).is_some()
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        self.judge(credential).map_or(Some(Err(NOBODY)), |judge| judge.peek(credential))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        match self.judge(credential) {
            Some(judge) => judge.verify(credential).await,
            None => Err(NOBODY),
        }
    }

    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError> {
        for authenticator in &self.0 {
            if !authenticator.holds(principal).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl fmt::Debug for Authenticators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticators({})", self.0.len())
    }
}

/// A credential did not prove anybody. Why is for the log: a caller learns only that it is not valid.
#[derive(Clone, Debug)]
pub struct AuthError {
    kind: AuthErrorKind,
    reason: &'static str,
    cause: Option<StoreError>,
}

/// The kinds of [`AuthError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// It is not valid: wrong, expired, revoked.
    Rejected,
    /// It can't be found out: a store or a key set is out of reach.
    Unavailable,
    /// Too many are being looked at.
    Overloaded,
}

impl AuthError {
    /// It is not valid, for this reason.
    #[must_use]
    pub const fn rejected(reason: &'static str) -> Self {
        Self { kind: AuthErrorKind::Rejected, reason, cause: None }
    }

    /// Too many are being looked at.
    #[must_use]
    pub const fn overloaded() -> Self {
        Self {
            kind: AuthErrorKind::Overloaded,
            reason: "too many credentials wait to be verified",
            cause: None,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> AuthErrorKind {
        self.kind
    }

    /// Why, for the log.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// The store that failed.
    #[must_use]
    pub const fn cause(&self) -> Option<&StoreError> {
        self.cause.as_ref()
    }
}

impl From<StoreError> for AuthError {
    fn from(cause: StoreError) -> Self {
        Self {
            kind: AuthErrorKind::Unavailable,
            reason: "the credential can't be looked up",
            cause: Some(cause),
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl StdError for AuthError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
