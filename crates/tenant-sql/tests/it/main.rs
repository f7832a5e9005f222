//! The promises of `tenant-sql`, by behaviour.

mod common;
mod dialects;
mod errors;
mod hostile;
mod limits;
mod oracle;
mod refusals;
mod rewriter;
mod scoped;
mod traps;
