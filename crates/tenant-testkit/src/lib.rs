//! What tests of a service on `tenant` need: real databases of their own, and proof that statements stay within their
//! tenant.
//!
//! - `servers`: private PostgreSQL, MariaDB and Redis servers (feature `servers`).
//! - `oracle`: the isolation oracle; `generate`: statements for it; `campaign`: many of them; `fuzz`: broken ones (feature
//!   `oracle`).

#[cfg(feature = "oracle")]
pub mod campaign;
#[cfg(feature = "oracle")]
pub mod fuzz;
#[cfg(feature = "oracle")]
pub mod generate;
#[cfg(feature = "oracle")]
pub mod oracle;
#[cfg(feature = "servers")]
pub mod servers;

/// The chapter of the book, compiled.
#[cfg(all(doctest, feature = "oracle", feature = "servers"))]
mod book {
    #[doc = include_str!("../../../docs/src/testing.md")]
    mod testing {}
}
