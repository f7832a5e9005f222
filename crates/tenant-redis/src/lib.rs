//! The Redis edge.

mod breaker;
mod cache;
mod caller;
mod changes;
mod connection;
mod error;
mod keys;
mod quota;
mod script;

pub use self::{
    cache::RedisCache,
    changes::{ChangeReader, RedisAnnouncer},
    connection::Redis,
    error::{RedisError, RedisErrorKind},
    keys::Keyspace,
    quota::{RedisQuotaManager, RedisQuotaManagerBuilder},
};
