//! The promises of `tenant-sql`, by behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod around;
mod careful;
mod common;
mod dialects;
mod errors;
mod fields;
mod hostile;
mod joined;
mod limits;
mod members;
mod merge;
mod mysql;
mod mysql_words;
mod oracle;
mod refusals;
mod rewriter;
mod rows;
mod scoped;
mod traps;
