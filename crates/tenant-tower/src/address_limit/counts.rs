//! The buckets of the addresses seen last.

use std::{fmt, hash::BuildHasher, net::IpAddr, num::NonZeroUsize, time::Duration};

use foldhash::fast::RandomState;
use lru::LruCache;
use parking_lot::Mutex;
use tenant_core::Monotonic;

use super::bucket::{Bucket, Rate};

const SHARDS: usize = 64;
const PER_SHARD: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// What is counted as one caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    V4(u32),
    /// The network part: who has one address of a /64 has all of them (RFC 4291, section 2.5.4).
    V6(u64),
}

type Shard = Mutex<LruCache<Caller, Bucket, RandomState>>;

/// 65 536 buckets in 64 shards.
pub(super) struct Counts {
    shards: Box<[Shard]>,
    hasher: RandomState,
}

impl Counts {
    pub(super) fn new() -> Self {
        let hasher = RandomState::default();
        let shard = || Mutex::new(LruCache::with_hasher(PER_SHARD, hasher.clone()));
        Self { shards: std::iter::repeat_with(shard).take(SHARDS).collect(), hasher }
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// It has to wait so long.
    pub(super) fn take(&self, address: IpAddr, now: Monotonic, rate: Rate) -> Result<(), Duration> {
        let caller = Caller::of(address);
        let shard = self.shard(&caller).ok_or(Duration::from_secs(60))?;
        shard.lock().get_or_insert_mut(caller, Bucket::default).take(now, rate)
    }

    // By the upper bits: the shard's own table goes by the lower ones.
    fn shard(&self, caller: &Caller) -> Option<&Shard> {
        let hash = self.hasher.hash_one(caller) >> 32;
        self.shards.get(usize::try_from(hash).unwrap_or_default() % SHARDS)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counts")
    }
}

impl Caller {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn no_number_of_addresses_makes_it_grow() {
        let (counts, rate) = (Counts::new(), Rate::per_minute(1.try_into().unwrap()));
        for network in 0..200_000_u128 {
            let address = IpAddr::V6(Ipv6Addr::from_bits(network << 64));
            counts.take(address, Monotonic::from_nanos(0), rate).unwrap();
        }
        assert!(counts.len() <= 65_536);
        let last = IpAddr::V6(Ipv6Addr::from_bits(199_999 << 64));
        assert!(counts.take(last, Monotonic::from_nanos(0), rate).is_err(), "the newest are remembered");
    }
}
