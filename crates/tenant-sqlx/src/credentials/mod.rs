//! What proves who is calling, and whose a host is, in the database of the tenants' configs.

mod claims;
mod keys;
mod mfa;
pub(crate) mod people;
mod revocations;
mod sessions;

pub use self::{
    claims::DbHostClaims, keys::DbApiKeys, mfa::DbMfa, people::DbPeople, revocations::DbRevocations,
    sessions::DbSessions,
};
