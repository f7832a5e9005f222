//! The buckets of those who were seen last.

use std::{
    borrow::Borrow,
    fmt,
    hash::{BuildHasher, Hash},
    num::NonZeroUsize,
    time::Duration,
};

use foldhash::fast::RandomState;
use lru::LruCache;
use parking_lot::Mutex;
use tenant_core::Monotonic;

use super::bucket::{Bucket, Rate};

const SHARDS: usize = 64;
const PER_SHARD: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

type Shard<K> = Mutex<LruCache<K, Bucket, RandomState>>;

/// 65 536 buckets in 64 shards.
pub(crate) struct Counts<K> {
    shards: Box<[Shard<K>]>,
    hasher: RandomState,
}

impl<K: Hash + Eq> Counts<K> {
    pub(crate) fn new() -> Self {
        let hasher = RandomState::default();
        let shard = || Mutex::new(LruCache::with_hasher(PER_SHARD, hasher.clone()));
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect(), hasher }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// It has to wait so long.
    pub(crate) fn take<Q>(&self, key: &Q, now: Monotonic, rate: Rate) -> Result<(), Duration>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut shard = self.shard(key).ok_or(Duration::from_secs(60))?.lock();
        match shard.get_mut(key) {
            Some(bucket) => bucket.take(now, rate),
            None => shard.get_or_insert_mut(key.to_owned(), Bucket::default).take(now, rate),
        }
    }

    // By the upper bits: the shard's own table goes by the lower ones.
    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Shard<K>> {
        let hash = self.hasher.hash_one(key) >> 32;
        self.shards.get(usize::try_from(hash).unwrap_or_default() % SHARDS)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl<K> fmt::Debug for Counts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_callers_makes_it_grow() {
        let (counts, rate) = (Counts::<u64>::new(), Rate::per_minute(1.try_into().unwrap()));
        for caller in 0..200_000 {
            counts.take(&caller, Monotonic::from_nanos(0), rate).unwrap();
        }
        assert!(counts.len() <= 65_536);
        assert!(counts.take(&199_999, Monotonic::from_nanos(0), rate).is_err(), "the newest are remembered");
    }
}
