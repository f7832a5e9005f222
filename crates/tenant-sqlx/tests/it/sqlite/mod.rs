mod catalog;
mod connection;
pub(crate) mod database;
mod moving;
mod rebuild;
#[path = "../suite/mod.rs"]
mod suite;
mod walls;
mod writers;
