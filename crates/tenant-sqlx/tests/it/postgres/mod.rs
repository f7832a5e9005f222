mod catalog;
mod changes;
mod connection;
mod crowd;
pub(crate) mod database;
mod fleet;
mod moving;
mod pooler;
mod replicas;
mod rls;
mod schemas;
#[path = "../suite/mod.rs"]
mod suite;
mod transaction;
mod walls;
