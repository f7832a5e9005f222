//! Signed tokens.

mod cache;
mod claims;
mod compact;
mod header;
mod json;
mod keys;
mod revoked;
mod verifier;

#[cfg(feature = "jwks-url")]
pub use self::keys::KeyUrl;
pub use self::{
    keys::{KeyRefresh, KeySource, LeftOut, TokenKeys, TokenKeysError, TokenKeysErrorKind},
    revoked::{InMemoryRevocationStore, Revocations, RevocationsBuilder},
    verifier::{TokenVerifier, TokenVerifierBuilder},
};
