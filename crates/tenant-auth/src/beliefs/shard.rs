//! A part of what is believed, behind one lock.

use std::{collections::HashMap, hash::Hash, num::NonZeroUsize, sync::Arc, time::Duration};

use lru::LruCache;
use tenant_core::{Monotonic, StoreError};
use tokio::sync::OnceCell;

use super::Found;

pub(super) struct Shard<K, V> {
    found: LruCache<K, Entry<V>>,
    missing: LruCache<K, Monotonic>,
    /// As many as there are who wait, at most.
    flights: HashMap<K, Arc<Flight<V>>>,
}

struct Entry<V> {
    value: V,
    until: Monotonic,
}

/// A question under way. When who drives it goes, the next one who waits asks anew.
pub(super) struct Flight<V> {
    started: Monotonic,
    pub(super) answer: OnceCell<Result<Option<V>, StoreError>>,
    /// Written and read under the shard's lock.
    is_forgotten: std::sync::atomic::AtomicBool,
}

impl<V> Flight<V> {
    fn start(now: Monotonic) -> Arc<Self> {
        Arc::new(Self { started: now, answer: OnceCell::new(), is_forgotten: false.into() })
    }

    fn forget(&self) {
        self.is_forgotten.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    fn is_forgotten(&self) -> bool {
        self.is_forgotten.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl<K: Copy + Eq + Hash, V: Found> Shard<K, V> {
    pub(super) fn new(found: NonZeroUsize, missing: NonZeroUsize) -> Self {
        Self { found: LruCache::new(found), missing: LruCache::new(missing), flights: HashMap::new() }
    }

    pub(super) fn peek(&mut self, key: &K, now: Monotonic) -> Option<Option<V>> {
        if let Some(entry) = self.found.get(key) {
            return (now < entry.until).then(|| Some(entry.value.clone()));
        }
        let until = *self.missing.get(key)?;
        (now < until).then_some(None)
    }

    /// The question under way, unless it was asked too long ago to be believed now; else a new one.
    pub(super) fn board(&mut self, key: &K, now: Monotonic, patience: Duration) -> Arc<Flight<V>> {
        let under_way = self.flights.get(key).filter(|flight| now < flight.started.after(patience));
        if let Some(flight) = under_way {
            return Arc::clone(flight);
        }
        let flight = Flight::start(now);
        self.flights.insert(*key, Arc::clone(&flight));
        flight
    }

    pub(super) fn land(
        &mut self,
        key: &K,
        flight: &Arc<Flight<V>>,
        answer: &Result<Option<V>, StoreError>,
        believed_for: Duration,
    ) -> bool {
        if self.is_current(key, flight) {
            self.flights.remove(key);
            let until = flight.started.after(believed_for);
            match answer {
                Ok(Some(value)) => self.put(key, value, until),
                Ok(None) => self.put_missing(key, until),
                Err(_) => {}
            }
        }
        !flight.is_forgotten()
    }

    fn put(&mut self, key: &K, value: &V, until: Monotonic) {
        if let Some(former) = self.found.peek(key) {
            value.take_over(&former.value);
        }
        self.missing.pop(key);
        self.found.put(*key, Entry { value: value.clone(), until });
    }

    fn put_missing(&mut self, key: &K, until: Monotonic) {
        self.found.pop(key);
        self.missing.put(*key, until);
    }

    /// Drops a question that nobody else waits for: the map holds it, and who goes.
    pub(super) fn abandon(&mut self, key: &K, flight: &Arc<Flight<V>>) {
        if self.is_current(key, flight) && Arc::strong_count(flight) <= 2 {
            self.flights.remove(key);
        }
    }

    pub(super) fn forget(&mut self, key: &K) {
        if let Some(flight) = self.flights.remove(key) {
            flight.forget();
        }
        self.found.pop(key);
        self.missing.pop(key);
    }

    pub(super) fn forget_where(&mut self, condition: &impl Fn(&V) -> bool) {
        // What they bring is not known yet.
        self.flights.drain().for_each(|(_, flight)| flight.forget());
        let of_these = |(key, entry): (&K, &Entry<V>)| condition(&entry.value).then_some(*key);
        let gone: Vec<K> = self.found.iter().filter_map(of_these).collect();
        for key in gone {
            self.found.pop(&key);
        }
    }

    fn is_current(&self, key: &K, flight: &Arc<Flight<V>>) -> bool {
        self.flights.get(key).is_some_and(|current| Arc::ptr_eq(current, flight))
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.found.len(), self.missing.len(), self.flights.len())
    }
}
