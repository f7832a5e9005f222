//! A part of the cache behind one lock.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Weak},
};

use foldhash::HashMap;
use lru::LruCache;

use super::{
    Lookup,
    flight::Flight,
    key::{Brought, Key},
};
use crate::{Monotonic, TenantConfig, TenantId, TenantRecord, record::Liveness};

pub(super) struct Shard {
    tenants: LruCache<Key, Entry, Brought>,
    /// Ids that no tenant has, in a place of their own, so that guessing ids evicts no tenant.
    missing: LruCache<Key, Monotonic, Brought>,
    flights: HashMap<TenantId, Flight>,
    /// Every tenant that somebody still holds a record of, evicted ones included: the way to tell their contexts of
    /// a suspension.
    alive: HashMap<TenantId, Weak<Liveness>>,
    prune_at: usize,
    pub(super) hits: u64,
    pub(super) misses: u64,
}

struct Entry {
    record: Arc<TenantRecord>,
    expires: Monotonic,
}

const FIRST_PRUNE: usize = 64;

impl Shard {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            tenants: LruCache::with_hasher(capacity, Brought),
            missing: LruCache::with_hasher(capacity, Brought),
            flights: HashMap::default(),
            alive: HashMap::default(),
            prune_at: FIRST_PRUNE,
            hits: 0,
            misses: 0,
        }
    }

    pub(super) fn tenants(&self) -> usize {
        self.tenants.len()
    }

    pub(super) fn missing(&self) -> usize {
        self.missing.len()
    }

    #[cfg(test)]
    pub(super) fn flights(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn peek(&mut self, key: &Key, now: Monotonic) -> Option<Lookup> {
        if let Some(entry) = self.tenants.get(key) {
            return (now < entry.expires).then(|| Lookup::Found(Arc::clone(&entry.record)));
        }
        let expires = *self.missing.get(key)?;
        (now < expires).then_some(Lookup::Missing)
    }

    /// The load under way, or the new one that `start` makes.
    pub(super) fn board(&mut self, key: &Key, start: impl FnOnce() -> Flight) -> Flight {
        self.flights.entry(key.id).or_insert_with(start).clone()
    }

    /// Takes a load that is done out of the way; `false` if someone else did, or a write has overtaken it.
    pub(super) fn land(&mut self, key: &Key, number: u64) -> bool {
        let current = self.flights.get(&key.id).is_some_and(|flight| flight.number() == number);
        if current {
            self.flights.remove(&key.id);
        }
        current
    }

    /// Drops a load that nobody waits for any more.
    pub(super) fn abandon(&mut self, key: &Key, number: u64) {
        if self.flights.get(&key.id).is_some_and(|flight| flight.number() == number && flight.is_abandoned())
        {
            self.flights.remove(&key.id);
        }
    }

    pub(super) fn put(&mut self, key: &Key, config: TenantConfig, expires: Monotonic) -> Arc<TenantRecord> {
        let record = self.record_for(key, config);
        self.missing.pop(key);
        self.tenants.put(*key, Entry { record: Arc::clone(&record), expires });
        record
    }

    pub(super) fn put_missing(&mut self, key: &Key, expires: Monotonic) {
        self.retire(key);
        self.missing.put(*key, expires);
    }

    /// Ends the tenant for everyone who holds a context of it.
    pub(super) fn retire(&mut self, key: &Key) {
        if let Some(liveness) = self.alive.remove(&key.id).and_then(|liveness| liveness.upgrade()) {
            liveness.retire();
        }
        self.forget(key);
    }

    /// Makes a load under way a thing of the past: what it brings is not kept.
    pub(super) fn forget_flight(&mut self, key: &Key) {
        self.flights.remove(&key.id);
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.flights.remove(&key.id);
        self.tenants.pop(key);
        self.missing.pop(key);
    }

    /// The record for a config: the one in memory if it is as new, else one that speaks for the same tenant.
    pub(super) fn record_for(&mut self, key: &Key, config: TenantConfig) -> Arc<TenantRecord> {
        if let Some(entry) = self.tenants.peek(key)
            && !is_newer(&config, entry.record.config())
        {
            return Arc::clone(&entry.record);
        }
        let alive = self.alive.get(&config.tenant_id).and_then(Weak::upgrade);
        let record = Arc::new(match alive {
            Some(liveness) => TenantRecord::resume(config, &liveness),
            None => TenantRecord::new(config),
        });
        self.alive.insert(*record.id(), Arc::downgrade(record.liveness()));
        self.prune();
        record
    }

    fn prune(&mut self) {
        if self.alive.len() > self.prune_at {
            self.alive.retain(|_, liveness| liveness.strong_count() > 0);
            self.prune_at = (self.alive.len() * 2).max(FIRST_PRUNE);
        }
    }
}

fn is_newer(config: &TenantConfig, known: &TenantConfig) -> bool {
    config.revision > known.revision || config.created_at != known.created_at
}
