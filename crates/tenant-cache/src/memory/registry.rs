//! Which tenant's entries are where.

use std::{hash::BuildHasher, sync::Arc};

use foldhash::{HashMap, fast::RandomState};
use parking_lot::{Mutex, RwLock};

use super::{budget::Budget, shard::TenantShard, stats::Counters};
use crate::owner::Owner;

const STRIPES: usize = 64;
const SHRINK_ABOVE: usize = 64;

type Stripe = RwLock<HashMap<Owner, Arc<TenantShard>>>;

/// All tenants' shards. It is read on every use and written only when a tenant comes or goes.
///
/// Lock order: a stripe before a shard; nobody asks for a stripe while holding a shard.
pub(super) struct Registry {
    hasher: RandomState,
    stripes: Box<[Stripe]>,
    /// What was counted in shards that are gone.
    past: Mutex<Counters>,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
            past: Mutex::default(),
        }
    }

    pub(super) fn find(&self, owner: &Owner) -> Option<Arc<TenantShard>> {
        self.stripe(owner).read().get(owner).map(Arc::clone)
    }

    pub(super) fn find_or_create(&self, owner: &Owner) -> Arc<TenantShard> {
        if let Some(shard) = self.find(owner) {
            return shard;
        }
        let mut stripe = self.stripe(owner).write();
        let create = || Arc::new(TenantShard::new());
        Arc::clone(stripe.entry(*owner).or_insert_with(create))
    }

    /// Lets go of a shard that has nothing in it any more.
    pub(super) fn reclaim(&self, owner: &Owner, budget: &Budget) {
        let mut stripe = self.stripe(owner).write();
        let Some(shard) = stripe.get(owner).map(Arc::clone) else {
            return;
        };
        let Some(mut locked) = shard.lock(shard.open(budget)) else {
            return;
        };
        if locked.is_idle() {
            locked.retired = true;
            *self.past.lock() += locked.counters;
            stripe.remove(owner);
            if stripe.capacity() > SHRINK_ABOVE && stripe.len() < stripe.capacity() / 8 {
                stripe.shrink_to_fit();
            }
        }
    }

    /// Shows every shard to `look`; a stripe is locked meanwhile.
    pub(super) fn each(&self, mut look: impl FnMut(&Owner, &Arc<TenantShard>)) {
        for stripe in &self.stripes {
            for (owner, shard) in &*stripe.read() {
                look(owner, shard);
            }
        }
    }

    pub(super) fn past(&self) -> Counters {
        *self.past.lock()
    }

    #[expect(clippy::indexing_slicing, reason = "a remainder by their number, which is at least one")]
    fn stripe(&self, owner: &Owner) -> &Stripe {
        // The top bits: the map inside uses the lower ones.
        let hash = self.hasher.hash_one(owner) >> 32;
        &self.stripes[usize::try_from(hash).unwrap_or(0) % STRIPES]
    }
}
