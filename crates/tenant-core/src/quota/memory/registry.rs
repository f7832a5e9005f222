//! Finding a tenant's counts, and letting go of what nobody needs.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::cell::Cell;
use crate::{TenantId, UnixTime, configs::Brought};

// So many that sweeping one of them, with a million tenants in all, takes some 100 microseconds.
const SHARDS: usize = 256;
const FIRST_SWEEP: usize = 64;
// All shards are swept once in about four minutes.
const SWEEP_EVERY: u64 = 1_000_000_000;

/// The counts of all tenants. It is asked once per record and tenant, not once per request.
pub(super) struct Registry {
    shards: Box<[Mutex<Shard>]>,
    /// When a shard was swept last, in nanoseconds.
    swept_at: AtomicU64,
    next: AtomicU64,
}

struct Shard {
    cells: HashMap<TenantId, Arc<Cell>, Brought>,
    sweep_at: usize,
}

impl Default for Registry {
    fn default() -> Self {
        let shard = || Mutex::new(Shard { cells: HashMap::default(), sweep_at: FIRST_SWEEP });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            swept_at: AtomicU64::new(0),
            next: AtomicU64::new(0),
        }
    }
}

impl Registry {
    pub(super) fn cell(&self, id: &TenantId, now: UnixTime) -> Arc<Cell> {
        // By bits that the map inside looks at last.
        let Some(shard) = self.shard(id.hash_code() >> 32) else {
            return Arc::default();
        };
        let mut shard = shard.lock();
        if let Some(cell) = shard.cells.get(id) {
            return Arc::clone(cell);
        }
        if shard.cells.len() >= shard.sweep_at {
            shard.sweep(now);
        }
        Arc::clone(shard.cells.entry(*id).or_default())
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
        self.cells.retain(|_, cell| Arc::strong_count(cell) > 1 || !cell.is_idle(now));
        if self.cells.len() < self.cells.capacity() / 4 {
            self.cells.shrink_to(self.cells.len() * 2);
        }
        self.sweep_at = (self.cells.len() * 2).max(FIRST_SWEEP);
    }
}
