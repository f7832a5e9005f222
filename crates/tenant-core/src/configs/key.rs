//! Ids with their hash: reckoned once per lookup, for the shard and for the map in it.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;

use crate::TenantId;

/// An id with its hash by the cache's own random state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    hash: u64,
    pub(super) id: TenantId,
}

impl Key {
    pub(super) fn of(id: &TenantId, state: &RandomState) -> Self {
        Self { hash: state.hash_one(id), id: *id }
    }

    /// Which of so many shards it belongs to: by bits that the maps look at last.
    pub(super) fn shard(&self, shards: usize) -> usize {
        usize::try_from(self.hash >> 32).unwrap_or(0) % shards.max(1)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.id == other.id
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Hands on the hash that a key brings along.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought;

/// The hasher of [`Brought`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BroughtHasher(u64);

impl BuildHasher for Brought {
    type Hasher = BroughtHasher;

    fn build_hasher(&self) -> BroughtHasher {
        BroughtHasher::default()
    }
}

impl Hasher for BroughtHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    // No key here writes anything else; if one ever did, it would still be hashed.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
