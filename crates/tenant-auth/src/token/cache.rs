//! Tokens that were verified, by the SHA-256 of the whole token.

use std::{num::NonZeroUsize, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use lru::LruCache;
use parking_lot::Mutex;
use tenant_core::{UnixTime, auth::Principal};

use super::keys::TokenKey;

/// What finds a token again. Its own text is not kept: who reads this memory learns no token.
pub(super) type Digest = [u8; 32];

pub(super) fn digest_of(token: &str) -> Digest {
    let mut found = [0; 32];
    found.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    found
}

/// A token that was verified.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) principal: Principal,
    pub(super) until: UnixTime,
    pub(super) key: Arc<TokenKey>,
}

/// The tokens that were seen last, in parts, so that requests seldom wait for each other.
pub(super) struct SeenTokens(Vec<Mutex<LruCache<Digest, Seen>>>);

const PARTS: usize = 16;

impl SeenTokens {
    /// As many as this at most; none is kept for zero.
    pub(super) fn new(capacity: usize) -> Self {
        let parts = if capacity < PARTS * PARTS { 1 } else { PARTS };
        let each = NonZeroUsize::new(capacity / parts);
        Self(
            each.into_iter()
                .flat_map(|each| (0..parts).map(move |_| Mutex::new(LruCache::sparse(each))))
                .collect(),
        )
    }

    fn part(&self, digest: &Digest) -> Option<&Mutex<LruCache<Digest, Seen>>> {
        self.0.get(usize::from(digest[0]).checked_rem(self.0.len())?)
    }

    pub(super) fn find(&self, digest: &Digest) -> Option<Seen> {
        self.part(digest)?.lock().get(digest).cloned()
    }

    pub(super) fn keep(&self, digest: Digest, seen: Seen) {
        if let Some(part) = self.part(&digest) {
            part.lock().put(digest, seen);
        }
    }

    pub(super) fn forget(&self, digest: &Digest) {
        if let Some(part) = self.part(digest) {
            part.lock().pop(digest);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|part| part.lock().len()).sum()
    }
}
