//! What a caller shows, before anybody has looked at it.

use std::fmt;

/// How a principal was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proof {
    /// A signed token.
    Token,
    /// An API key.
    ApiKey,
    /// A session, which a browser sends by itself: unsafe requests need a proof that they were meant.
    Session,
    /// A name and a password, or a secret of the operator's.
    Password,
    /// A client certificate.
    Certificate,
}

impl Proof {
    /// Its name in logs, metrics and audit records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ApiKey => "api_key",
            Self::Session => "session",
            Self::Password => "password",
            Self::Certificate => "certificate",
        }
    }
}

/// Where a caller shows a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// `Authorization: Bearer` (RFC 6750, section 2.1).
    Bearer,
    /// `Authorization: Basic`, still encoded (RFC 7617).
    Basic,
    /// `X-API-Key`.
    ApiKey,
    /// The session's cookie.
    Session,
    /// The client certificate of the connection.
    Certificate,
}

/// What a caller shows: an unproved secret, which never stands in a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credential<'a> {
    kind: CredentialKind,
    secret: &'a str,
}

impl<'a> Credential<'a> {
    /// What was shown there.
    #[must_use]
    pub const fn new(kind: CredentialKind, secret: &'a str) -> Self {
        Self { kind, secret }
    }

    /// Where it was shown.
    #[must_use]
    pub const fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// What was shown.
    #[must_use]
    pub const fn secret(&self) -> &'a str {
        self.secret
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("kind", &self.kind).finish_non_exhaustive()
    }
}
