//! One load for everybody who waits for the same entry.

use std::{
    hash::BuildHasher,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use foldhash::{HashMap, fast::RandomState};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;

use crate::{CacheError, error::LoaderPanicked, owner::Owner};

const STRIPES: usize = 16;

pub(crate) type Answer = Result<Bytes, CacheError>;
type Load = Shared<BoxFuture<'static, Answer>>;
type Stripe = HashMap<Owner, HashMap<Box<[u8]>, Flight>>;

/// A load under way. Any of those who wait drives it, so that it outlives the one who started it; when all are gone,
/// so is the load.
#[derive(Clone)]
struct Flight {
    number: u64,
    load: Load,
}

/// The loads under way.
pub(crate) struct Flights {
    hasher: RandomState,
    stripes: Box<[Mutex<Stripe>]>,
    next_number: AtomicU64,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            next_number: AtomicU64::new(0),
        }
    }

    /// Waits for the load under way, or for the new one that `start` makes.
    pub(crate) async fn arrive<F>(&self, owner: &Owner, key: &[u8], start: impl FnOnce() -> F) -> Answer
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let Flight { number, load } = self.board(owner, key, start);
        // Dropped after `load` has been: the last one to go is alone with the flight.
        let _waiting = Waiting { flights: self, owner, key, number };
        load.await
    }

    /// Makes a load under way a thing of the past: those who ask from now on don't wait for it.
    pub(crate) fn forget(&self, owner: &Owner, key: &[u8]) {
        self.remove_if(owner, key, |_| true);
    }

    /// Makes all loads of one tenant a thing of the past.
    pub(crate) fn forget_all(&self, owner: &Owner) {
        // The futures are dropped outside of the lock: dropping one runs the caller's code.
        let gone = self.stripe(owner).lock().remove(owner);
        drop(gone);
    }

    fn board<F>(&self, owner: &Owner, key: &[u8], start: impl FnOnce() -> F) -> Flight
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut stripe = self.stripe(owner).lock();
        let flights = stripe.entry(*owner).or_default();
        if let Some(flight) = flights.get(key) {
            return flight.clone();
        }
        let flight = Flight {
            number: self.next_number.fetch_add(1, Ordering::Relaxed),
            load: land(start()).boxed().shared(),
        };
        flights.insert(key.into(), flight.clone());
        flight
    }

    fn remove_if(&self, owner: &Owner, key: &[u8], condition: impl FnOnce(&Flight) -> bool) {
        let mut stripe = self.stripe(owner).lock();
        let Some(flights) = stripe.get_mut(owner) else {
            return;
        };
        if !flights.get(key).is_some_and(condition) {
            return;
        }
        let gone = flights.remove(key);
        if flights.is_empty() {
            stripe.remove(owner);
        }
        drop(stripe);
        drop(gone);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let loads = |stripe: &Mutex<Stripe>| stripe.lock().values().map(HashMap::len).sum::<usize>();
        self.stripes.iter().map(loads).sum()
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder by their number, which is at least one")]
    fn stripe(&self, owner: &Owner) -> &Mutex<Stripe> {
        let hash = self.hasher.hash_one(owner) >> 32;
        &self.stripes[usize::try_from(hash).unwrap_or(0) % STRIPES]
    }
}

/// Turns a panic into an answer: a shared future that has panicked makes everyone panic who still asks it.
async fn land(load: impl Future<Output = Answer>) -> Answer {
    let landed = AssertUnwindSafe(load).catch_unwind().await;
    landed.unwrap_or_else(|_| Err(CacheError::load(LoaderPanicked)))
}

/// Someone who waits for a load; the last one to go, or the first one with an answer, takes the load along.
struct Waiting<'a> {
    flights: &'a Flights,
    owner: &'a Owner,
    key: &'a [u8],
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.flights
            .remove_if(self.owner, self.key, |flight| flight.number == self.number && flight.is_over());
    }
}

impl Flight {
    /// Whether it has landed, or nobody but the map holds it.
    fn is_over(&self) -> bool {
        self.load.peek().is_some() || self.load.strong_count().is_none_or(|holders| holders <= 1)
    }
}

#[cfg(test)]
mod tests {
    use tenant_core::{TenantConfig, TenantId, TenantRecord};

    use super::*;

    fn owner(name: &str) -> Owner {
        let config = TenantConfig::builder(TenantId::parse(name).unwrap()).build().unwrap();
        Owner::of_record(&TenantRecord::new(config))
    }

    #[test]
    fn a_load_leaves_the_map_when_it_lands_and_when_all_have_given_up() {
        let (flights, acme) = (Flights::new(), owner("acme"));
        let value = async || Ok(Bytes::from("value"));
        flights.arrive(&acme, b"key", value).now_or_never().unwrap().unwrap();
        assert_eq!(flights.len(), 0);

        let stuck = || futures_util::future::pending();
        let mut one = Box::pin(flights.arrive(&acme, b"key", stuck));
        let mut other = Box::pin(flights.arrive(&acme, b"key", stuck));
        assert!((&mut one).now_or_never().is_none() && (&mut other).now_or_never().is_none());
        drop(one);
        assert_eq!(flights.len(), 1);
        drop(other);
        assert_eq!((flights.len(), flights.stripe(&acme).lock().len()), (0, 0));
    }

    #[test]
    fn forgetting_one_tenants_loads_leaves_the_others() {
        let (flights, acme, umbrella) = (Flights::new(), owner("acme"), owner("umbrella"));
        let stuck = || futures_util::future::pending();
        let mut ours = Box::pin(flights.arrive(&acme, b"key", stuck));
        let mut theirs = Box::pin(flights.arrive(&umbrella, b"key", stuck));
        assert!((&mut ours).now_or_never().is_none() && (&mut theirs).now_or_never().is_none());
        flights.forget(&acme, b"other");
        assert_eq!(flights.len(), 2);
        flights.forget_all(&acme);
        assert_eq!(flights.len(), 1);
        flights.forget(&umbrella, b"key");
        assert_eq!(flights.len(), 0);
    }
}
