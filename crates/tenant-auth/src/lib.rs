//! Proves who is calling.
//!
//! A caller shows a [credential](tenant_core::auth::Credential); an
//! [`Authenticator`](tenant_core::auth::Authenticator) of this crate looks at it and answers with a
//! [`Principal`](tenant_core::auth::Principal), or with nothing but that it is not valid.

mod beliefs;
mod cookie;
mod key;
mod operator;
mod password;
mod random;
mod session;
mod time;

pub use self::{
    cookie::{InvalidCookie, SESSION_COOKIE, cleared_session_cookie, read_session_cookie, session_cookie},
    key::{ApiKeyMode, ApiKeyUses, ApiKeyVerifier, InMemoryApiKeys, NewApiKey},
    operator::OperatorToken,
    password::{
        BasicCredentials, InvalidPassword, PasswordCheck, Passwords, People, SignedIn, normalize_email,
    },
    session::{InMemorySessions, NewSession, Sessions, csrf_matches, csrf_token},
};
