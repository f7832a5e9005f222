//! What a store said a moment ago, believed for a short while.
//!
//! A credential that was revoked on another instance is still in the memory of this one. So an answer counts from the
//! moment when the store was *asked*, and nobody is answered by a question that is older than what is believed.

mod shard;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};
use tenant_core::{Clock, StoreError, SystemClock};

use self::shard::{Flight, Shard};

/// What is remembered of something found in a store.
pub(crate) trait Found: Clone {
    /// Takes over what only memory knows of it from what was remembered before.
    fn take_over(&self, former: &Self);
}

/// How much is remembered, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    /// How many that are there.
    pub(crate) found: usize,
    /// How many that are not, in a place of their own, so that guesses evict nothing that is there.
    pub(crate) missing: usize,
    /// Of what is not there as of what is: how often the store is asked tells nothing.
    pub(crate) believed_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            found: 10_000,
            missing: 10_000,
            believed_for: Duration::from_millis(500),
        }
    }
}

const SHARDS: usize = 16;

/// What is believed to be in a store, and not to be.
pub(crate) struct Beliefs<K, V> {
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
    pub(crate) settings: Settings,
}

impl<K: Copy + Eq + Hash, V: Found> Beliefs<K, V> {
    pub(crate) fn new(settings: Settings) -> Self {
        let part = |all: usize| NonZeroUsize::new(all.div_ceil(SHARDS)).unwrap_or(NonZeroUsize::MIN);
        let (found, missing) = (part(settings.found), part(settings.missing));
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new(found, missing))).collect();
        Self { shards, hasher: RandomState::new(), settings }
    }

    /// What is believed: that it is there, or that it is not. Nothing where the store has to be asked.
    pub(crate) fn peek(&self, key: &K) -> Option<Option<V>> {
        self.shard(key).peek(key, self.settings.clock.monotonic())
    }

    /// What is believed, or what the store says, which is asked once for all who want to know the same.
    pub(crate) async fn get<F>(&self, key: &K, load: impl Fn() -> F) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Option<V>, StoreError>>,
    {
        loop {
            if let Some(known) = self.peek(key) {
                return Ok(known);
            }
            let waiting = Waiting { beliefs: self, key, flight: self.board(key) };
            let answer = waiting.flight.answer.get_or_init(&load).await.clone();
            if self.land(key, &waiting.flight, &answer) {
                return answer;
            }
        }
    }

    /// Believes nothing of this any more, nor what a question under way will bring.
    pub(crate) fn forget(&self, key: &K) {
        self.shard(key).forget(key);
    }

    /// Believes nothing of these any more, nor what any question under way will bring.
    pub(crate) fn forget_where(&self, condition: impl Fn(&V) -> bool) {
        for shard in &self.shards {
            shard.lock().forget_where(&condition);
        }
    }

    fn board(&self, key: &K) -> Arc<Flight<V>> {
        let now = self.settings.clock.monotonic();
        self.shard(key).board(key, now, self.settings.believed_for)
    }

    /// `false` where it was forgotten meanwhile: what was brought may be what was there before.
    fn land(&self, key: &K, flight: &Arc<Flight<V>>, answer: &Result<Option<V>, StoreError>) -> bool {
        self.shard(key).land(key, flight, answer, self.settings.believed_for)
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder by their number, which is at least one")]
    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 40).unwrap_or(0);
        self.shards[hash % SHARDS].lock()
    }
}

/// Somebody who waits for the store. The last one to go takes the question along.
struct Waiting<'a, K: Copy + Eq + Hash, V: Found> {
    beliefs: &'a Beliefs<K, V>,
    key: &'a K,
    flight: Arc<Flight<V>>,
}

impl<K: Copy + Eq + Hash, V: Found> Drop for Waiting<'_, K, V> {
    fn drop(&mut self) {
        self.beliefs.shard(self.key).abandon(self.key, &self.flight);
    }
}
