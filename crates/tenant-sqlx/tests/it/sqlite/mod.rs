mod catalog;
mod connection;
pub(crate) mod database;
#[path = "../suite/mod.rs"]
mod suite;
mod walls;
mod writers;
