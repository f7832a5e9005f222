mod catalog;
mod connection;
pub(crate) mod database;
mod moving;
mod placeholders;
#[path = "../suite/mod.rs"]
mod suite;
