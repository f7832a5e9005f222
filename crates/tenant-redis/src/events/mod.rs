//! Tenants' events, from instance to instance.
//!
//! Events go into one capped stream per deployment, with the tenant inside; every instance reads it on a connection of its
//! own, and hands them to those who have subscribed with a context of that tenant. A stream of each tenant was rejected: an
//! instance would have to follow as many as it has tenants with somebody who listens.
//!
//! An instance tells what it publishes tenant by tenant in turn. A tenant that publishes more than can be sent loses its own
//! oldest events, and those of it who listen are told how many.

mod queue;
mod reader;
mod relay;

pub use self::{reader::EventReader, relay::RedisEvents};
