//! The promises of `tenant-sql`, by behaviour.

mod common;
mod errors;
mod limits;
mod oracle;
mod refusals;
mod rewriter;
mod scoped;
mod traps;
