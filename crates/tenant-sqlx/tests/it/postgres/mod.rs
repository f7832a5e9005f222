mod catalog;
mod changes;
mod connection;
pub(crate) mod database;
#[path = "../suite/mod.rs"]
mod suite;
mod walls;
