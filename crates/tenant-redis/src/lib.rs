//! The Redis edge.

mod breaker;
mod caller;
mod changes;
mod connection;
mod error;
mod keys;
mod script;

pub use self::{
    changes::{ChangeReader, RedisAnnouncer},
    connection::Redis,
    error::{RedisError, RedisErrorKind},
    keys::Keyspace,
};
