mod catalog;
mod connection;
pub(crate) mod database;
mod moving;
mod placeholders;
mod places;
#[path = "../suite/mod.rs"]
mod suite;
mod transaction;
mod walls;
