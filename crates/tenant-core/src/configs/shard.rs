//! A part of the cache behind one lock.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Weak},
};

use lru::LruCache;

use super::{ConfigVersion, Lookup, brought::Brought, flight::Flight};
use crate::{Monotonic, TenantConfig, TenantId, TenantRecord, quota::Limits, record::Liveness};

pub(super) struct Shard {
    tenants: LruCache<TenantId, Entry, Brought>,
    /// Ids that no tenant has, in a place of their own, so that guessing ids evicts no tenant.
    missing: LruCache<TenantId, Monotonic, Brought>,
    flights: HashMap<TenantId, Flight, Brought>,
    /// Every tenant that somebody still holds a record of, evicted ones included: the way to tell their contexts of
    /// a suspension.
    alive: HashMap<TenantId, Weak<Liveness>, Brought>,
    prune_at: usize,
    /// For how many hits of the shard a tenant that was put in front counts as recent: putting it there again on each
    /// hit would write to the neighbours of all tenants that are asked for in turn.
    recent: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
}

struct Entry {
    record: Arc<TenantRecord>,
    expires: Monotonic,
    /// At which hit of the shard it was last put in front.
    promoted: u64,
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
            recent: capacity.get() as u64 / 8,
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

    #[inline]
    pub(super) fn peek(&mut self, id: &TenantId, now: Monotonic) -> Option<Lookup> {
        let Some(entry) = self.tenants.peek_mut(id) else {
            return self.peek_missing(id, now);
        };
        let found = (now < entry.expires).then(|| Lookup::Found(Arc::clone(&entry.record)));
        if self.hits.wrapping_sub(entry.promoted) >= self.recent {
            entry.promoted = self.hits;
            self.tenants.promote(id);
        }
        found
    }

    #[cold]
    fn peek_missing(&mut self, id: &TenantId, now: Monotonic) -> Option<Lookup> {
        let expires = *self.missing.get(id)?;
        (now < expires).then_some(Lookup::Missing)
    }

    /// The load under way, or the new one that `start` makes.
    pub(super) fn board(&mut self, id: &TenantId, start: impl FnOnce() -> Flight) -> Flight {
        self.flights.entry(*id).or_insert_with(start).clone()
    }

    /// Takes a load that is done out of the way; `false` if someone else did, or a write has overtaken it.
    pub(super) fn land(&mut self, id: &TenantId, number: u64) -> bool {
        let current = self.flights.get(id).is_some_and(|flight| flight.number() == number);
        if current {
            self.flights.remove(id);
        }
        current
    }

    /// Drops a load that nobody waits for any more.
    pub(super) fn abandon(&mut self, id: &TenantId, number: u64) {
        if self.flights.get(id).is_some_and(|flight| flight.number() == number && flight.is_abandoned()) {
            self.flights.remove(id);
        }
    }

    pub(super) fn put(
        &mut self,
        id: &TenantId,
        config: TenantConfig,
        limits: Limits,
        expires: Monotonic,
    ) -> Arc<TenantRecord> {
        let record = self.record_for(id, config, limits);
        self.missing.pop(id);
        self.tenants.put(*id, Entry { record: Arc::clone(&record), expires, promoted: self.hits });
        record
    }

    pub(super) fn put_missing(&mut self, id: &TenantId, expires: Monotonic) {
        self.retire(id);
        self.missing.put(*id, expires);
    }

    /// Ends the tenant for everyone who holds a context of it.
    pub(super) fn retire(&mut self, id: &TenantId) {
        if let Some(liveness) = self.alive.remove(id).and_then(|liveness| liveness.upgrade()) {
            liveness.retire();
        }
        self.forget(id);
    }

    /// Makes a load under way a thing of the past: what it brings is not kept.
    pub(super) fn forget_flight(&mut self, id: &TenantId) {
        self.flights.remove(id);
    }

    pub(super) fn forget(&mut self, id: &TenantId) {
        self.flights.remove(id);
        self.tenants.pop(id);
        self.missing.pop(id);
    }

    /// Forgets a tenant, unless it is known by this very version. Loads under way may be older: they are forgotten anyway.
    pub(super) fn forget_unless(&mut self, id: &TenantId, version: Option<ConfigVersion>) {
        let known = self.tenants.peek(id).map(|entry| ConfigVersion::of(entry.record.config()));
        match version {
            Some(version) if known == Some(version) => self.forget_flight(id),
            _ => self.forget(id),
        }
    }

    /// Forgets all tenants, makes all loads under way things of the past, and answers with the tenants that are held by
    /// somebody else.
    pub(super) fn forget_all(&mut self) -> Vec<TenantId> {
        self.flights.clear();
        self.tenants.clear();
        self.missing.clear();
        self.alive.retain(|_, liveness| liveness.strong_count() > 0);
        self.alive.keys().copied().collect()
    }

    /// Whether somebody has a record of the tenant that is not in memory here (any more).
    pub(super) fn is_held(&self, id: &TenantId) -> bool {
        let held = self.alive.get(id).is_some_and(|liveness| liveness.strong_count() > 0);
        held && !self.tenants.contains(id)
    }

    /// The record for a config: the one in memory if it is as new, else one that speaks for the same tenant.
    pub(super) fn record_for(
        &mut self,
        id: &TenantId,
        config: TenantConfig,
        limits: Limits,
    ) -> Arc<TenantRecord> {
        if let Some(entry) = self.tenants.peek(id)
            && !is_newer(&config, entry.record.config())
        {
            return Arc::clone(&entry.record);
        }
        let alive = self.alive.get(&config.tenant_id).and_then(Weak::upgrade);
        let record = match alive {
            Some(liveness) => TenantRecord::resume(config, &liveness),
            None => TenantRecord::new(config),
        };
        let record = Arc::new(record.with_limits(limits));
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
