mod catalog;
mod connection;
pub(crate) mod database;
mod moving;
#[path = "../suite/mod.rs"]
mod suite;
mod walls;
mod writers;
