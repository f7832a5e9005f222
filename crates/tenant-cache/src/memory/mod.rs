//! Entries in this process' memory.

mod budget;
mod builder;
mod entries;
mod pressure;
mod registry;
mod residue;
mod shard;
mod stats;
mod write;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tenant_core::{Clock, Monotonic, TenantContext, TenantRecord};

use self::{
    budget::Budget,
    entries::{Entries, Read},
    pressure::Pressure,
    registry::Registry,
    shard::Locked,
};
pub use self::{builder::InMemoryBackendBuilder, stats::MemoryStats};
use crate::{CacheBackend, CacheError, Lease, Leased, Lookup, owner::Owner};

/// How many expired entries are dropped under one lock.
const EXPIRE_STEP: usize = 64;

/// Keeps entries in this process' memory: LRU with time to live, within a budget of bytes that tenants share fairly.
///
/// - Each tenant has a list and a lock of its own. A hit costs a look into a map that is rarely written, and a lock
///   that only the same tenant wants; it waits for no other tenant, boxes no future and copies no value.
/// - What is accounted for is what is kept: values are copied in, so that a short slice of a long request body does not
///   hold all of it, and entries and tenants are charged for their overhead (288 and 640 bytes).
/// - **Fair shares.** While there is room, a tenant may use up to `max_tenant_bytes`; beyond, its own least recently
///   used entries go. Once the budget is used up, those over their fair share (the budget divided by the number of
///   tenants that have entries) give way, the one that is furthest over first. A tenant within its fair share never
///   loses an entry to another tenant. A new tenant makes everybody's fair share smaller.
/// - An entry larger than the tenant's maximum, or than what it may have without touching the shares of others, is
///   refused as [`TooLarge`](crate::CacheErrorKind::TooLarge). The latter shows only once room was sought: entries of its
///   own, and of tenants over their shares, may have gone by then.
/// - Expired entries are gone for every reader at once; their bytes come back when somebody reads them, when their
///   tenant writes, when the budget is used up, or with [`reclaim_expired`](Self::reclaim_expired).
///
/// A write that finds the budget used up looks at every tenant once and then makes room for many writes.
///
/// # Example
/// ```
/// use tenant_cache::InMemoryBackend;
///
/// let backend = InMemoryBackend::builder()
///     .max_bytes(256 << 20)
///     .max_tenant_bytes(32 << 20)
///     .build();
/// assert_eq!(backend.stats().bytes, 0);
/// ```
pub struct InMemoryBackend {
    registry: Registry,
    budget: Budget,
    max_tenant_bytes: usize,
    pressure: Pressure,
    clock: Arc<dyn Clock>,
    next_lease: AtomicU64,
    /// Misses of tenants that have no entries.
    strangers_misses: AtomicU64,
}

impl InMemoryBackend {
    /// Starts to set up a backend.
    pub const fn builder() -> InMemoryBackendBuilder {
        InMemoryBackendBuilder::new()
    }

    fn assemble(max_bytes: usize, max_tenant_bytes: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            registry: Registry::new(),
            budget: Budget::new(max_bytes),
            max_tenant_bytes,
            pressure: Pressure::default(),
            clock,
            next_lease: AtomicU64::new(0),
            strangers_misses: AtomicU64::new(0),
        }
    }

    /// What happened to everybody's entries. It looks at each tenant once.
    #[must_use]
    pub fn stats(&self) -> MemoryStats {
        let mut stats = MemoryStats::default();
        self.registry.each(|_, shard| {
            if let Some(locked) = shard.lock(shard.open(&self.budget)) {
                count(&mut stats, &locked);
            }
        });
        stats += self.registry.past();
        stats.misses += self.strangers_misses.load(Ordering::Relaxed);
        stats
    }

    /// What happened to one tenant's entries since it has some.
    #[must_use]
    pub fn tenant_stats(&self, tenant: &TenantContext) -> MemoryStats {
        let mut stats = MemoryStats::default();
        self.visit(&Owner::of(tenant), |locked| count(&mut stats, locked));
        stats
    }

    /// The bytes that are taken: never more than the budget.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.budget.taken()
    }

    /// Drops every expired entry now, say once a minute. Nothing depends on it but memory.
    pub fn reclaim_expired(&self) {
        expire_due(&self.registry, &self.budget, self.now());
    }

    fn now(&self) -> Monotonic {
        self.clock.coarse_monotonic()
    }

    /// Works on the tenant's entries, without adding any; `None` if it has none.
    fn visit<T>(&self, owner: &Owner, mut work: impl FnMut(&mut Locked<'_>) -> T) -> Option<T> {
        loop {
            let shard = self.registry.find(owner)?;
            // A retired shard has left the registry: look again.
            let Some(mut locked) = shard.lock(shard.open(&self.budget)) else {
                continue;
            };
            let answer = work(&mut locked);
            let idle = locked.is_idle();
            drop(locked);
            if idle {
                self.registry.reclaim(owner, &self.budget);
            }
            return Some(answer);
        }
    }

    fn read(&self, tenant: &TenantContext, key: &[u8]) -> Option<Bytes> {
        let (owner, now) = (Owner::of(tenant), self.now());
        loop {
            let Some(shard) = self.registry.find(&owner) else {
                self.strangers_misses.fetch_add(1, Ordering::Relaxed);
                return None;
            };
            match shard.read(key, now) {
                Some(Read::Found(value)) => return Some(value),
                Some(Read::Missing) => return None,
                Some(Read::Expired) => drop(self.visit(&owner, |locked| locked.touch(key, now))),
                None => {}
            }
        }
    }
}

fn count(stats: &mut MemoryStats, entries: &Entries) {
    stats.tenants += 1;
    stats.entries += entries.len();
    stats.bytes += entries.bytes();
    *stats += entries.counters;
}

/// Drops every expired entry, whoever's it is.
fn expire_due(registry: &Registry, budget: &Budget, now: Monotonic) {
    let mut due = Vec::new();
    registry.each(|owner, shard| {
        if shard.is_due(now) {
            due.push((*owner, Arc::clone(shard)));
        }
    });
    for (owner, shard) in due {
        while shard.is_due(now) {
            // In steps, so that the tenant's requests get in between.
            let Some(mut locked) = shard.lock(shard.open(budget)) else {
                break;
            };
            locked.expire(now, EXPIRE_STEP);
            let idle = locked.is_idle();
            drop(locked);
            if idle {
                registry.reclaim(&owner, budget);
            }
        }
    }
}

impl fmt::Debug for InMemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryBackend")
            .field("bytes", &self.bytes())
            .field("max_bytes", &self.budget.limit())
            .field("max_tenant_bytes", &self.max_tenant_bytes)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl CacheBackend for InMemoryBackend {
    fn peek(&self, tenant: &TenantContext, key: &[u8]) -> Option<Lookup> {
        Some(self.read(tenant, key).map_or(Lookup::Missing, Lookup::Found))
    }

    async fn get(&self, tenant: &TenantContext, key: &[u8]) -> Result<Option<Bytes>, CacheError> {
        Ok(self.read(tenant, key))
    }

    async fn set(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        self.put(tenant, key, &value, ttl)
    }

    async fn delete(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        Ok(self.drop_entry(tenant, key))
    }

    async fn exists(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        let now = self.now();
        let found = self.visit(&Owner::of(tenant), |entries| entries.contains(key, now));
        Ok(found.unwrap_or(false))
    }

    async fn add(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError> {
        self.count_by(tenant, key, delta)
    }

    async fn clear(&self, tenant: &TenantRecord) -> Result<(), CacheError> {
        let garbage = self.visit(&Owner::of_record(tenant), |locked| locked.clear());
        drop(garbage);
        Ok(())
    }

    async fn lease(&self, tenant: &TenantContext, key: &[u8]) -> Result<Leased, CacheError> {
        Ok(self.find_or_grant(tenant, key))
    }

    async fn fill(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        self.put_leased(tenant, key, lease, &value, ttl)
    }

    fn release(&self, tenant: &TenantContext, key: &[u8], lease: Lease) {
        self.visit(&Owner::of(tenant), |entries| entries.release(key, lease));
    }
}
