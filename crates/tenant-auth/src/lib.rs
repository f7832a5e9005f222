//! Proves who is calling.
//!
//! A caller shows a [credential](tenant_core::auth::Credential); an
//! [`Authenticator`](tenant_core::auth::Authenticator) of this crate looks at it and answers with a
//! [`Principal`](tenant_core::auth::Principal), or with nothing but that it is not valid.
//!
//! | what is shown | who looks at it |
//! |---|---|
//! | a signed token (`Authorization: Bearer`) | [`TokenVerifier`], with [`TokenKeys`] and [`Revocations`] |
//! | an API key (`X-API-Key`, or as bearer) | [`ApiKeyVerifier`] |
//! | a session's cookie | [`Sessions`] |
//! | a name and a password | [`People`], with [`Passwords`] |
//! | a code of a second factor | [`Mfa`] |
//! | the operator's token | [`OperatorToken`] |
//!
//! With the feature `domains` it proves too that a tenant holds a host: `HostClaims` hands out tokens, and a `DomainProof`
//! looks for them at a well-known path (`WellKnownProof`) or in the DNS (`TxtProof`).

mod beliefs;
#[cfg(feature = "domains")]
pub mod danger;
#[cfg(feature = "domains")]
mod domains;
#[cfg(any(feature = "domains", feature = "jwks-url"))]
mod fetch;
mod key;
mod mfa;
mod operator;
mod password;
mod random;
mod session;
mod time;
mod token;
#[cfg(any(feature = "domains", feature = "jwks-url"))]
mod trust;

/// How this crate asks a web server, for those crates of the workspace that do so too. It is no part of what is promised.
#[cfg(any(feature = "domains", feature = "jwks-url"))]
#[doc(hidden)]
pub mod wire {
    pub use crate::{
        fetch::exchange,
        trust::{only, system},
    };
}

#[cfg(feature = "domains")]
pub use self::domains::{
    Dns, DnsError, DomainProof, DomainProofs, HostClaimError, HostClaimErrorKind, HostClaims,
    InMemoryHostClaims, NotProved, ProvedHost, TxtProof, WellKnownProof,
};
#[cfg(feature = "jwks-url")]
pub use self::token::KeyUrl;
pub use self::{
    key::{ApiKeyMode, ApiKeyUses, ApiKeyVerifier, InMemoryApiKeys, NewApiKey},
    mfa::{Enrolment, InMemoryMfa, InvalidMfaKey, Mfa, MfaError, MfaErrorKind, MfaKey, MfaStanding},
    operator::OperatorToken,
    password::{
        BasicCredentials, InvalidPassword, PasswordCheck, Passwords, People, SignedIn, normalize_email,
    },
    session::{InMemorySessions, NewSession, Sessions, csrf_matches, csrf_token, session_name},
    token::{
        InMemoryRevocationStore, KeyRefresh, KeySource, LeftOut, Revocations, RevocationsBuilder, TokenKeys,
        TokenKeysError, TokenKeysErrorKind, TokenVerifier, TokenVerifierBuilder,
    },
};
