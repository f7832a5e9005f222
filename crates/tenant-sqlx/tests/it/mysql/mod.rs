mod catalog;
mod connection;
pub(crate) mod database;
mod placeholders;
#[path = "../suite/mod.rs"]
mod suite;
mod transaction;
