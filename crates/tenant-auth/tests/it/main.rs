//! Credentials: who is proved, who is not, and what others try with them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

#[cfg(feature = "domains")]
mod domains;
mod keys;
mod mfa;
mod passwords;
mod sessions;
mod support;
mod token;
#[cfg(any(feature = "domains", feature = "jwks-url"))]
mod web_server;
