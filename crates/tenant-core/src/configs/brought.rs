//! The hash that ids bring along, used as it is.

use std::hash::{BuildHasher, Hasher};

/// Hands on the hash that an id brings along.
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
