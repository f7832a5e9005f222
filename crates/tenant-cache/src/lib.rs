//! The key edge: keys and cache entries that belong to one tenant.
//!
//! | noun | what it is |
//! |---|---|
//! | [`KeyPrefixer`] | writes and reads `tenant:{id}:{key}`, for stores of your own that tenants share |
//! | [`TenantCache`], [`ScopedCache`] | the cache that the application uses |
//! | [`CacheBackend`] | where entries are kept |
//! | [`InMemoryBackend`] | entries in this process' memory, shared fairly |
//! | [`CacheError`] | what can go wrong |
//!
//! Everything takes a [`TenantContext`](tenant_core::TenantContext), the proof of an active tenant; nothing takes a bare
//! id. A context whose tenant was suspended is refused at its next use of the cache, as soon as this process knows.
//!
//! # Cookbook
//! - **Read through**: [`TenantCache::get_or_load`]. One load per tenant and key, however many ask, and no load overwrites
//!   what was written while it ran.
//! - **After a change in the database**: [`TenantCache::delete`] once the transaction is committed. A load that started
//!   before it is not kept.
//! - **Count**: [`TenantCache::incr`]. It is exact, but it is a cache: a counter may be evicted. What must not be lost is
//!   counted by a [`QuotaManager`](tenant_core::QuotaManager) or in the database.
//! - **Offboarding**: [`TenantCache::purge`] drops what a tenant left behind, whether it is still served or not. A tenant
//!   that is created anew under the same id never finds it in any case.
//! - **A store of your own**: [`KeyPrefixer::key`] where it takes bytes, [`KeyPrefixer::text_key`] where it takes text,
//!   [`KeyPrefixer::parts`] where it takes slices.
//!
//! # What it does not protect against
//! - **Differences within a tenant.** Two users of one tenant share its entries: put what an answer depends on (user,
//!   role, language) into the key.
//! - **A loader that reads another tenant's data.** What it answers is kept for the tenant of the context. Loaders that
//!   query through `tenant-sqlx` can't do that.
//! - **Timing inside a tenant.** A hit is faster than a load. Other tenants' entries don't show: their keys are elsewhere.
//! - **Load on the processor and on the backend.** Fair shares are shares of memory; rates are the business of quotas.
//! - **A store that is no byte-exact map.** One that folds case, cuts long keys off (memcached: 250 bytes) or lets others
//!   write past the prefixer can mix tenants up, whatever the key says. Keys are not secret and not encrypted.
//! - **Recreated tenants in stores of your own.** A prefixed key holds the id alone: drop a deleted tenant's keys before
//!   its id is given away again.
//! - **Other processes.** [`InMemoryBackend`] is this process' memory: a delete here is not heard elsewhere, and what is
//!   read there may be as old as its time to live.

mod backend;
mod cache;
mod error;
mod flight;
mod key;
mod memory;
mod owner;
mod scoped;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use self::{
    backend::{CacheBackend, Lease, Leased, Lookup},
    cache::TenantCache,
    error::{CacheError, CacheErrorKind},
    key::{KeyParts, KeyPrefixer},
    memory::{InMemoryBackend, InMemoryBackendBuilder, MemoryStats},
    scoped::ScopedCache,
};
