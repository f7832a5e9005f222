//! The promises of `tenant-sql`, by behaviour.

mod common;
mod limits;
mod oracle;
mod refusals;
mod scoped;
