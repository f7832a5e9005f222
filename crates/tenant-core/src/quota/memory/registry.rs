//! Which tenant counts where.

use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

use foldhash::fast::RandomState;
use parking_lot::Mutex;

use super::cell::Cell;
use crate::{TenantId, UnixTime};

const SHARDS: usize = 64;
const FIRST_SWEEP: usize = 64;

/// The counts of all tenants. It is asked once per record and tenant, not once per request.
pub(super) struct Registry {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    cells: HashMap<TenantId, Arc<Cell>, RandomState>,
    sweep_at: usize,
}

impl Default for Registry {
    fn default() -> Self {
        let shard = || Mutex::new(Shard { cells: HashMap::default(), sweep_at: FIRST_SWEEP });
        Self { hasher: RandomState::default(), shards: (0..SHARDS).map(|_| shard()).collect() }
    }
}

impl Registry {
    pub(super) fn cell(&self, id: &TenantId, now: UnixTime) -> Arc<Cell> {
        let Some(shard) = self.shard(id) else {
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

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().cells.len()).sum()
    }

    fn shard(&self, id: &TenantId) -> Option<&Mutex<Shard>> {
        // The top bits: the map inside uses the lower ones.
        let hash = self.hasher.hash_one(id) >> 32;
        self.shards.get(usize::try_from(hash).unwrap_or(0) % SHARDS)
    }
}

impl Shard {
    /// Drops what nobody holds and nothing counts in. Handles are cloned under this lock alone, so that a count
    /// of one means that no record and no request can reach the cell.
    fn sweep(&mut self, now: UnixTime) {
        self.cells.retain(|_, cell| Arc::strong_count(cell) > 1 || !cell.is_idle(now));
        self.sweep_at = (self.cells.len() * 2).max(FIRST_SWEEP);
    }
}
