//! Proves who is calling.
//!
//! A caller shows a [credential](tenant_core::auth::Credential); an
//! [`Authenticator`](tenant_core::auth::Authenticator) of this crate looks at it and answers with a
//! [`Principal`](tenant_core::auth::Principal), or with nothing but that it is not valid.
//!
//! | what is shown | who looks at it |
//! |---|---|
//! | a signed token (`Authorization: Bearer`) | [`TokenVerifier`], with [`TokenKeys`] and [`Revocations`] |

mod token;

pub use token::{
    InMemoryRevocationStore, KeyRefresh, KeySource, LeftOut, Revocations, RevocationsBuilder, TokenKeys,
    TokenKeysError, TokenKeysErrorKind, TokenVerifier, TokenVerifierBuilder,
};
