//! Credentials, and what others try with them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may"
)]

mod keys;
mod passwords;
mod sessions;
mod support;
