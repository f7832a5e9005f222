//! Finding a tenant's counts, and letting go of what nobody needs.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::{BuildHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use foldhash::fast::RandomState;
use parking_lot::Mutex;

use super::cell::Cell;
use crate::{TenantId, UnixTime};

// So many that sweeping one of them, with a million tenants in all, takes some 100 microseconds.
const SHARDS: usize = 256;
const FIRST_SWEEP: usize = 64;
// All shards are swept once in about four minutes.
const SWEEP_EVERY: u64 = 1_000_000_000;

/// The counts of all tenants. It is asked once per record and tenant, not once per request.
pub(super) struct Registry {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// When a shard was swept last, in nanoseconds.
    swept_at: AtomicU64,
    next: AtomicU64,
}

struct Shard {
    cells: HashSet<Entry, RandomState>,
    sweep_at: usize,
}

/// A tenant's counts, found by the tenant's name. The name stands with them and not in the set, half of which is empty.
struct Entry(Arc<Cell>);

impl Borrow<str> for Entry {
    fn borrow(&self) -> &str {
        self.0.tenant()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.tenant() == other.0.tenant()
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.tenant().hash(state);
    }
}

impl Default for Registry {
    fn default() -> Self {
        let shard = || Mutex::new(Shard { cells: HashSet::default(), sweep_at: FIRST_SWEEP });
        Self {
            hasher: RandomState::default(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            swept_at: AtomicU64::new(0),
            next: AtomicU64::new(0),
        }
    }
}

impl Registry {
    pub(super) fn cell(&self, id: &TenantId, now: UnixTime) -> Arc<Cell> {
        let Some(shard) = self.shard(self.hasher.hash_one(id.as_str())) else {
            return Arc::new(Cell::of(id));
        };
        let mut shard = shard.lock();
        if let Some(Entry(cell)) = shard.cells.get(id.as_str()) {
            return Arc::clone(cell);
        }
        if shard.cells.len() >= shard.sweep_at {
            shard.sweep(now);
        }
        let cell = Arc::new(Cell::of(id));
        shard.cells.insert(Entry(Arc::clone(&cell)));
        cell
    }

    /// Lets go of a tenant's counts.
    pub(super) fn forget(&self, id: &TenantId) {
        if let Some(shard) = self.shard(self.hasher.hash_one(id.as_str())) {
            shard.lock().cells.remove(id.as_str());
        }
    }

    pub(super) fn knows(&self, id: &TenantId) -> bool {
        self.shard(self.hasher.hash_one(id.as_str()))
            .is_some_and(|shard| shard.lock().cells.contains(id.as_str()))
    }

    /// Sweeps a shard where it is time to. Whoever counts lends a hand: no task has to run for it.
    #[inline]
    pub(super) fn tend(&self, now: UnixTime) {
        // Wrapping, so that a clock that stepped back makes it time at once.
        let since = now.as_nanos().wrapping_sub(self.swept_at.load(Ordering::Relaxed));
        if since >= SWEEP_EVERY {
            self.sweep_next(now);
        }
    }

    #[cold]
    fn sweep_next(&self, now: UnixTime) {
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        let is_mine =
            self.swept_at.compare_exchange(swept_at, now.as_nanos(), Ordering::Relaxed, Ordering::Relaxed);
        if is_mine.is_err() || now.as_nanos().wrapping_sub(swept_at) < SWEEP_EVERY {
            return;
        }
        // A shard that somebody works in is left for the next round: nobody waits here.
        let shard = self.shard(self.next.fetch_add(1, Ordering::Relaxed));
        if let Some(mut shard) = shard.and_then(Mutex::try_lock) {
            shard.sweep(now);
        }
    }

    pub(super) fn sweep(&self, now: UnixTime) {
        for shard in &self.shards {
            shard.lock().sweep(now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().cells.len()).sum()
    }

    fn shard(&self, number: u64) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::try_from(number % SHARDS as u64).unwrap_or(0))
    }
}

impl Shard {
    /// Drops what nobody holds and nothing counts in. Handles are cloned under this lock, or from one that exists, so
    /// that a count of one means that no record, request or permit can reach the cell.
    fn sweep(&mut self, now: UnixTime) {
        self.cells.retain(|Entry(cell)| Arc::strong_count(cell) > 1 || !cell.is_idle(now));
        if self.cells.len() < self.cells.capacity() / 4 {
            self.cells.shrink_to(self.cells.len() * 2);
        }
        self.sweep_at = (self.cells.len() * 2).max(FIRST_SWEEP);
    }
}
