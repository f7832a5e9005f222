//! A queue in which tenants take turns.

use std::collections::{HashMap, VecDeque};

use tenant_core::TenantId;

/// What waits, tenant by tenant.
///
/// Each tenant has a share of the places and of what is under way at once, so that one that gives no rest fills its own
/// share, and keeps the others waiting for one turn of its.
#[derive(Debug)]
pub(super) struct Turns<T> {
    tenants: HashMap<TenantId, Share<T>>,
    /// Whose turn it is: all who have something that waits and may begin.
    next: VecDeque<TenantId>,
    waiting: usize,
    bounds: Bounds,
}

/// How much there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// What waits, of all.
    pub(super) places: usize,
    /// What waits of a tenant.
    pub(super) share: usize,
    /// What is under way of a tenant.
    pub(super) at_once: usize,
}

#[derive(Debug)]
struct Share<T> {
    waiting: VecDeque<T>,
    under_way: usize,
    has_turn: bool,
}

impl<T> Default for Share<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), under_way: 0, has_turn: false }
    }
}

impl<T> Turns<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { tenants: HashMap::new(), next: VecDeque::new(), waiting: 0, bounds }
    }

    /// Whether there was room.
    pub(super) fn push(&mut self, tenant: TenantId, work: T) -> bool {
        if self.waiting >= self.bounds.places {
            return false;
        }
        let share = self.tenants.entry(tenant).or_default();
        if share.waiting.len() >= self.bounds.share {
            return false;
        }
        share.waiting.push_back(work);
        self.waiting += 1;
        share.queue_up(tenant, self.bounds.at_once, &mut self.next);
        true
    }

    /// The work of the tenant whose turn it is, which is under way from now on.
    pub(super) fn pop(&mut self) -> Option<(TenantId, T)> {
        let tenant = self.next.pop_front()?;
        let share = self.tenants.get_mut(&tenant)?;
        share.has_turn = false;
        let work = share.waiting.pop_front()?;
        share.under_way += 1;
        self.waiting -= 1;
        share.queue_up(tenant, self.bounds.at_once, &mut self.next);
        Some((tenant, work))
    }

    /// Something of a tenant is under way no more.
    pub(super) fn done(&mut self, tenant: TenantId) {
        let Some(share) = self.tenants.get_mut(&tenant) else { return };
        share.under_way = share.under_way.saturating_sub(1);
        if share.under_way == 0 && share.waiting.is_empty() {
            self.tenants.remove(&tenant);
        } else {
            share.queue_up(tenant, self.bounds.at_once, &mut self.next);
        }
    }

    /// How much waits.
    pub(super) const fn len(&self) -> usize {
        self.waiting
    }
}

impl<T> Share<T> {
    fn queue_up(&mut self, tenant: TenantId, at_once: usize, next: &mut VecDeque<TenantId>) {
        if !self.has_turn && !self.waiting.is_empty() && self.under_way < at_once {
            self.has_turn = true;
            next.push_back(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn turns() -> Turns<u32> {
        Turns::new(Bounds { places: 6, share: 4, at_once: 2 })
    }

    #[test]
    fn tenants_take_turns_and_none_has_more_than_its_share() {
        let mut turns = turns();
        let (noisy, quiet) = (id("noisy"), id("quiet"));
        let pushed: Vec<bool> = (0..6).map(|number| turns.push(noisy, number)).collect();
        assert_eq!(pushed, [true, true, true, true, false, false]);
        assert!(turns.push(quiet, 7) && turns.push(quiet, 8) && !turns.push(quiet, 9));
        let order: Vec<u32> = std::iter::from_fn(|| turns.pop()).map(|(_, work)| work).collect();
        assert_eq!(order, [0, 7, 1, 8]);
        turns.done(noisy);
        assert_eq!(turns.pop(), Some((noisy, 2)));
        assert_eq!(turns.pop(), None);
    }

    #[test]
    fn who_is_done_leaves_nothing_behind() {
        let mut turns = turns();
        for number in 0..100 {
            let tenant = id(&format!("t{number}"));
            assert!(turns.push(tenant, number));
            assert_eq!(turns.pop(), Some((tenant, number)));
            turns.done(tenant);
            turns.done(tenant);
        }
        assert!(turns.waiting == 0 && turns.tenants.is_empty() && turns.next.is_empty());
    }
}
