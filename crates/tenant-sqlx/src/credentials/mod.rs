//! What proves who is calling, in the database of the tenants' configs.

mod keys;
mod people;
mod revocations;
mod sessions;

pub use self::{keys::DbApiKeys, people::DbPeople, revocations::DbRevocations, sessions::DbSessions};
