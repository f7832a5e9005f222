//! The promises of `tenant-testkit`, by behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod campaign;
mod corpus;
mod oracle;
mod plans;
mod servers;
