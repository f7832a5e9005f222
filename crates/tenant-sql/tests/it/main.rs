//! The promises of `tenant-sql`, by behaviour.

mod common;
mod oracle;
