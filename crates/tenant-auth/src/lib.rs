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
//! | the operator's token | [`OperatorToken`] |

mod beliefs;
mod key;
mod operator;
mod password;
mod random;
mod session;
mod time;
mod token;

pub use self::{
    key::{ApiKeyMode, ApiKeyUses, ApiKeyVerifier, InMemoryApiKeys, NewApiKey},
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
