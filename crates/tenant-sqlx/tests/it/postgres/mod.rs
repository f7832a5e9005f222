mod catalog;
mod changes;
mod connection;
pub(crate) mod database;
mod rls;
#[path = "../suite/mod.rs"]
mod suite;
