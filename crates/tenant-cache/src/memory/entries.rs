//! The entries of one tenant: LRU and time to live, without locks and without other tenants.

use std::{collections::BTreeMap, hash::BuildHasher, mem, sync::Arc, time::Duration};

use bytes::Bytes;
use foldhash::{HashMap, fast::RandomState};
use lru::LruCache;
use tenant_core::Monotonic;

use super::stats::Counters;
use crate::Lease;

/// What an entry costs beyond its key and its value: list node, hash slot, place in the order of expiry, allocator.
pub(super) const ENTRY_OVERHEAD: usize = 288;
/// What a tenant costs beyond its entries.
pub(super) const TENANT_OVERHEAD: usize = 640;

const SHRINK_ABOVE: usize = 64;

type Order = LruCache<Arc<[u8]>, Entry, RandomState>;

pub(super) struct Entries {
    order: Order,
    /// When which entry expires; numbers tell those of the same moment apart.
    expiring: BTreeMap<(Monotonic, u64), Arc<[u8]>>,
    /// The lease of a key, by the key's hash: a collision costs a lease and never lets one through.
    leases: HashMap<u64, Lease>,
    next_number: u64,
    bytes: usize,
    peak: usize,
    pub(super) counters: Counters,
    /// Set when the registry lets go of it: whoever still holds it must look again.
    pub(super) retired: bool,
}

struct Entry {
    value: Bytes,
    expires: Option<(Monotonic, u64)>,
}

/// What is found where nothing is dropped.
pub(super) enum Read {
    Found(Bytes),
    Missing,
    Expired,
}

/// A value that is to be written.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) value: Bytes,
    pub(super) expires: Option<Monotonic>,
}

impl Draft {
    pub(super) fn new(value: Bytes, ttl: Option<Duration>, now: Monotonic) -> Self {
        let expires = ttl.map(|ttl| now.after(ttl));
        Self { value, expires }
    }
}

fn new_order() -> Order {
    LruCache::unbounded_with_hasher(RandomState::default())
}

fn cost(key: &[u8], value: &[u8]) -> usize {
    ENTRY_OVERHEAD + key.len() + value.len()
}

/// The bytes of a tenant that has this entry alone.
pub(super) fn bytes_alone(key: &[u8], value: &[u8]) -> usize {
    TENANT_OVERHEAD + cost(key, value)
}

impl Entries {
    pub(super) fn new() -> Self {
        Self {
            order: new_order(),
            expiring: BTreeMap::new(),
            leases: HashMap::default(),
            next_number: 0,
            bytes: 0,
            peak: 0,
            counters: Counters::default(),
            retired: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_idle(&self) -> bool {
        self.order.is_empty() && self.leases.is_empty()
    }

    /// When the first entry expires.
    pub(super) fn soonest(&self) -> Option<Monotonic> {
        self.expiring.keys().next().map(|(moment, _)| *moment)
    }

    /// The bytes it will take once the entry is in.
    pub(super) fn bytes_with(&self, key: &[u8], value: &[u8]) -> usize {
        let rest = match self.order.peek(key) {
            Some(old) => self.bytes - cost(key, &old.value),
            None if self.order.is_empty() => TENANT_OVERHEAD,
            None => self.bytes,
        };
        rest + cost(key, value)
    }

    /// Reads an entry and counts the reading, where nothing has to be dropped for it.
    pub(super) fn read(&mut self, key: &[u8], now: Monotonic) -> Read {
        match self.order.get(key) {
            Some(entry) if entry.is_live(now) => {
                self.counters.hits += 1;
                Read::Found(entry.value.clone())
            }
            Some(_) => Read::Expired,
            None => {
                self.counters.misses += 1;
                Read::Missing
            }
        }
    }

    /// Reads an entry and makes it the most recently used one.
    pub(super) fn touch(&mut self, key: &[u8], now: Monotonic) -> Option<Bytes> {
        let entry = self.order.get(key)?;
        if entry.is_live(now) {
            return Some(entry.value.clone());
        }
        self.counters.expirations += 1;
        self.take(key);
        None
    }

    pub(super) fn contains(&self, key: &[u8], now: Monotonic) -> bool {
        self.order.peek(key).is_some_and(|entry| entry.is_live(now))
    }

    /// The value and the expiry of an entry, as a draft of its successor.
    pub(super) fn draft_of(&self, key: &[u8], now: Monotonic) -> Option<Draft> {
        let entry = self.order.peek(key).filter(|entry| entry.is_live(now))?;
        Some(Draft { value: entry.value.clone(), expires: entry.expires.map(|(moment, _)| moment) })
    }

    pub(super) fn insert(&mut self, key: &[u8], draft: Draft) {
        self.end_lease(key);
        self.bytes = self.bytes_with(key, &draft.value);
        let key: Arc<[u8]> = Arc::from(key);
        let expires = draft.expires.map(|moment| (moment, self.number()));
        if let Some(expires) = expires {
            self.expiring.insert(expires, Arc::clone(&key));
        }
        let entry = Entry { value: draft.value, expires };
        if let Some(old) = self.order.put(key, entry).and_then(|old| old.expires) {
            self.expiring.remove(&old);
        }
        self.peak = self.peak.max(self.order.len());
    }

    /// Drops an entry; whether there was a live one.
    pub(super) fn remove(&mut self, key: &[u8], now: Monotonic) -> bool {
        self.end_lease(key);
        self.take(key).is_some_and(|entry| entry.is_live(now))
    }

    /// Drops up to `most` entries whose time has passed, the oldest first.
    pub(super) fn expire(&mut self, now: Monotonic, most: usize) {
        for _ in 0..most {
            if !self.expire_one(now) {
                return;
            }
        }
    }

    fn expire_one(&mut self, now: Monotonic) -> bool {
        let Some(first) = self.expiring.first_entry().filter(|first| first.key().0 <= now) else {
            return false;
        };
        let key = first.remove();
        self.counters.expirations += 1;
        self.take(&key);
        true
    }

    /// Makes an entry the last one to be evicted.
    pub(super) fn promote(&mut self, key: &[u8]) {
        self.order.promote(key);
    }

    /// Drops an expired entry, or else the least recently used one; `false` if there is none.
    pub(super) fn give_way(&mut self, now: Monotonic) -> bool {
        if self.expire_one(now) {
            return true;
        }
        let Some((key, entry)) = self.order.pop_lru() else {
            return false;
        };
        self.counters.evictions += 1;
        self.account_for_loss(&key, &entry);
        true
    }

    /// Drops everything; what is left to free is answered, to be freed without the lock.
    #[must_use]
    pub(super) fn clear(&mut self) -> impl Sized + use<> {
        self.bytes = 0;
        self.peak = 0;
        self.leases = HashMap::default();
        let order = mem::replace(&mut self.order, new_order());
        (order, mem::take(&mut self.expiring))
    }

    pub(super) fn grant(&mut self, key: &[u8], lease: Lease) {
        let hash = self.hash(key);
        self.leases.insert(hash, lease);
    }

    pub(super) fn holds(&self, key: &[u8], lease: Lease) -> bool {
        self.leases.get(&self.hash(key)) == Some(&lease)
    }

    pub(super) fn release(&mut self, key: &[u8], lease: Lease) {
        if self.holds(key, lease) {
            self.end_lease(key);
        }
    }

    fn end_lease(&mut self, key: &[u8]) {
        if !self.leases.is_empty() {
            let hash = self.hash(key);
            self.leases.remove(&hash);
        }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.leases.hasher().hash_one(key)
    }

    const fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn take(&mut self, key: &[u8]) -> Option<Entry> {
        let entry = self.order.pop(key)?;
        self.account_for_loss(key, &entry);
        Some(entry)
    }

    fn account_for_loss(&mut self, key: &[u8], entry: &Entry) {
        self.bytes -= cost(key, &entry.value);
        if let Some(expires) = entry.expires {
            self.expiring.remove(&expires);
        }
        if self.order.is_empty() {
            self.bytes = 0;
        }
        if self.peak > SHRINK_ABOVE && self.order.len() < self.peak / 4 {
            self.shrink();
        }
    }

    /// Moves to a smaller table: hash tables don't shrink by themselves, and what they keep is not accounted for.
    fn shrink(&mut self) {
        let mut smaller = new_order();
        while let Some((key, entry)) = self.order.pop_lru() {
            smaller.put(key, entry);
        }
        self.peak = smaller.len();
        self.order = smaller;
    }
}

impl Entry {
    fn is_live(&self, now: Monotonic) -> bool {
        self.expires.is_none_or(|(moment, _)| now < moment)
    }
}
