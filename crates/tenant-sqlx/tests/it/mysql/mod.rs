mod catalog;
mod connection;
pub(crate) mod database;
mod placeholders;
mod places;
#[path = "../suite/mod.rs"]
mod suite;
mod transaction;
mod walls;
