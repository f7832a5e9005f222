//! Who gives way when the cache is full.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    sync::Arc,
    thread,
};

use parking_lot::{Mutex, MutexGuard};
use tenant_core::Monotonic;

use super::{
    budget::{Budget, Share},
    registry::Registry,
    shard::TenantShard,
};
use crate::{CacheError, CacheErrorKind, owner::Owner};

/// How many tenants give way per look at all of them.
const VICTIMS: usize = 64;
/// A look at all tenants frees this part of the budget, so that one is not needed for every write.
const SLACK: usize = 64;
/// How often bytes that are on their way elsewhere are waited for.
const PATIENCE: usize = 1_000;

/// Makes room, one thread at a time.
///
/// A tenant's fair share is the budget divided by the number of tenants that have entries. Whenever the budget does
/// not suffice, the tenants' needs add up to more than the budget, so that somebody is over its fair share: those are
/// the ones who give way, the one that is furthest over first, and nobody else ever does.
#[derive(Default)]
pub(super) struct Pressure {
    one: Mutex<()>,
}

/// Room that was made. Until it is used nobody else makes any: bytes on their way belong to nobody's entries, and whoever
/// looks for a tenant to give way would find none.
pub(super) struct Room<'a> {
    pub(super) share: Share<'a>,
    pub(super) alone: Option<MutexGuard<'a, ()>>,
}

enum Outcome {
    Evicted,
    /// Those over their fair share had nothing to evict: their bytes are about to be used or given back.
    OnTheirWay,
    /// The entry alone is over the fair share of the one that asks, and nobody else is over.
    NoRoom,
}

struct Victim {
    owner: Owner,
    shard: Arc<TenantShard>,
}

/// Furthest over first; among equals the one that was idle the longest.
type Rank = (usize, Reverse<u64>);

struct Ranked(Rank, Victim);

struct Scene<'a> {
    registry: &'a Registry,
    budget: &'a Budget,
    asker: &'a Arc<TenantShard>,
    need: usize,
    now: Monotonic,
}

impl Pressure {
    /// Takes `need` bytes for `asker`, evicting from those over their fair share.
    pub(super) fn relieve<'a>(
        &'a self,
        registry: &Registry,
        budget: &'a Budget,
        asker: &'a Arc<TenantShard>,
        need: usize,
        now: Monotonic,
    ) -> Result<Room<'a>, CacheError> {
        let alone = Some(self.one.lock());
        let scene = Scene { registry, budget, asker, need, now };
        let mut share = asker.open(budget);
        let mut patience = PATIENCE;
        super::expire_due(registry, budget, now);
        while !share.raise_to(need) {
            match scene.evict() {
                Outcome::Evicted => {}
                Outcome::NoRoom => return Err(CacheErrorKind::TooLarge.into()),
                Outcome::OnTheirWay => {
                    patience = patience.checked_sub(1).ok_or(CacheErrorKind::TooLarge)?;
                    thread::yield_now();
                }
            }
        }
        Ok(Room { share, alone })
    }
}

impl Scene<'_> {
    /// Evicts from those over their fair share.
    fn evict(&self) -> Outcome {
        let (fair, victims) = self.victims();
        let goal = self.need.max(self.budget.limit() / SLACK);
        let (mut evicted, mut others) = (false, false);
        for Ranked(_, victim) in victims {
            others |= !self.is_asker(&victim.shard);
            evicted |= self.evict_from(&victim, fair, goal);
            if self.free() >= goal {
                break;
            }
        }
        match (evicted, others || self.need <= fair) {
            (true, _) => Outcome::Evicted,
            (false, true) => Outcome::OnTheirWay,
            (false, false) => Outcome::NoRoom,
        }
    }

    fn free(&self) -> usize {
        self.budget.limit().saturating_sub(self.budget.taken())
    }

    fn evict_from(&self, victim: &Victim, fair: usize, goal: usize) -> bool {
        let Some(mut locked) = victim.shard.lock(victim.shard.open(self.budget)) else {
            return false;
        };
        let (before, need) = (locked.bytes(), self.need_of(&victim.shard));
        let free = self.free();
        while locked.bytes() + need > fair
            && free + (before - locked.bytes()) < goal
            && locked.give_way(self.now)
        {}
        let (evicted, idle) = (locked.bytes() < before, locked.is_idle());
        drop(locked);
        // The one that asks is about to write.
        if idle && !self.is_asker(&victim.shard) {
            self.registry.reclaim(&victim.owner, self.budget);
        }
        evicted
    }

    /// The fair share, and those who are over it, in the order in which they give way.
    fn victims(&self) -> (usize, Vec<Ranked>) {
        let fair = self.budget.limit() / self.active();
        let mut over = BinaryHeap::with_capacity(VICTIMS + 1);
        self.registry.each(|owner, shard| {
            let excess = (shard.taken() + self.need_of(shard)).saturating_sub(fair);
            if excess > 0 {
                let victim = Victim { owner: *owner, shard: Arc::clone(shard) };
                over.push(Reverse(Ranked((excess, Reverse(shard.touched())), victim)));
            }
            if over.len() > VICTIMS {
                over.pop();
            }
        });
        let mut over: Vec<_> = over.into_iter().map(|Reverse(ranked)| ranked).collect();
        over.sort_by(|one, other| other.cmp(one));
        (fair, over)
    }

    /// How many tenants share the budget, the one that asks included.
    fn active(&self) -> usize {
        let mut active = 0;
        self.registry.each(|_, shard| {
            active += usize::from(shard.taken() > 0 || self.is_asker(shard));
        });
        active.max(1)
    }

    fn need_of(&self, shard: &Arc<TenantShard>) -> usize {
        if self.is_asker(shard) { self.need } else { 0 }
    }

    fn is_asker(&self, shard: &Arc<TenantShard>) -> bool {
        Arc::ptr_eq(shard, self.asker)
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
