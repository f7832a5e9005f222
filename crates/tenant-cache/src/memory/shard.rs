//! One tenant's entries behind one lock.

use std::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::{Mutex, MutexGuard};
use tenant_core::Monotonic;

use super::{
    budget::{Budget, Share},
    entries::{Entries, Read},
};

pub(super) struct TenantShard {
    entries: Mutex<Entries>,
    /// Bytes taken out of the budget on behalf of the tenant, to be read without the lock.
    taken: AtomicUsize,
    /// When the first entry expires; all ones for never.
    soonest: AtomicU64,
    touched: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl TenantShard {
    pub(super) fn new() -> Self {
        Self {
            entries: Mutex::new(Entries::new()),
            taken: AtomicUsize::new(0),
            soonest: AtomicU64::new(NEVER),
            touched: AtomicU64::new(0),
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// When the tenant used its entries last.
    pub(super) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Relaxed)
    }

    /// Whether an entry has expired.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        self.soonest.load(Ordering::Relaxed) <= now.as_nanos()
    }

    /// An empty share of the budget on this tenant's account.
    pub(super) const fn open<'a>(&'a self, budget: &'a Budget) -> Share<'a> {
        budget.open(&self.taken)
    }

    /// Reads an entry, without any accounting of bytes; `None` if the shard is retired.
    pub(super) fn read(&self, key: &[u8], now: Monotonic) -> Option<Read> {
        self.touched.store(now.as_nanos(), Ordering::Relaxed);
        let mut entries = self.entries.lock();
        (!entries.retired).then(|| entries.read(key, now))
    }

    /// Locks the entries; bytes that `share` holds can be spent inside. `None` if the shard is retired.
    pub(super) fn lock<'a>(&'a self, mut share: Share<'a>) -> Option<Locked<'a>> {
        let entries = self.entries.lock();
        if entries.retired {
            return None;
        }
        share.adopt(entries.bytes());
        Some(Locked { soonest: entries.soonest(), shard: self, share, entries })
    }
}

/// The locked entries, and the share of the budget that covers them. Unlocking gives back what is no longer used.
pub(super) struct Locked<'a> {
    shard: &'a TenantShard,
    soonest: Option<Monotonic>,
    // Above the lock, so that the bytes are back before it opens.
    share: Share<'a>,
    entries: MutexGuard<'a, Entries>,
}

impl Locked<'_> {
    /// Makes sure that the entries may take `bytes`; whether that was possible.
    pub(super) fn cover(&mut self, bytes: usize) -> bool {
        self.share.raise_to(bytes)
    }

    /// Remembers when the tenant used its entries.
    pub(super) fn used_at(&self, now: Monotonic) {
        self.shard.touched.store(now.as_nanos(), Ordering::Relaxed);
    }
}

impl Deref for Locked<'_> {
    type Target = Entries;

    fn deref(&self) -> &Entries {
        &self.entries
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Entries {
        &mut self.entries
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        debug_assert!(self.share.bytes() >= self.entries.bytes(), "entries outgrew their share");
        self.share.leave(self.entries.bytes());
        let soonest = self.entries.soonest();
        if soonest != self.soonest {
            let nanos = soonest.map_or(NEVER, Monotonic::as_nanos);
            self.shard.soonest.store(nanos, Ordering::Relaxed);
        }
    }
}
