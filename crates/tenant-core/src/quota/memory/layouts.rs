//! One copy of limits that many tenants have.

use std::{collections::HashSet, sync::Arc};

use foldhash::fast::RandomState;
use parking_lot::Mutex;

use super::super::Limits;

const FIRST_SWEEP: usize = 64;

/// The limits that counters stand for, each once: most tenants have those of a plan, and a tenant's counts outlive its
/// config. It is asked once per record, not once per request.
pub(super) struct Layouts(Mutex<Known>);

struct Known {
    limits: HashSet<Arc<Limits>, RandomState>,
    sweep_at: usize,
}

impl Default for Layouts {
    fn default() -> Self {
        Self(Mutex::new(Known { limits: HashSet::default(), sweep_at: FIRST_SWEEP }))
    }
}

impl Layouts {
    /// The one copy of limits like these. As long as somebody holds it, there is no other.
    pub(super) fn of(&self, limits: &Arc<Limits>) -> Arc<Limits> {
        let mut known = self.0.lock();
        if let Some(known) = known.limits.get(limits) {
            return Arc::clone(known);
        }
        if known.limits.len() >= known.sweep_at {
            known.sweep();
        }
        known.limits.insert(Arc::clone(limits));
        Arc::clone(limits)
    }
}

impl Known {
    /// Drops what nobody counts by.
    fn sweep(&mut self) {
        self.limits.retain(|limits| Arc::strong_count(limits) > 1);
        self.limits.shrink_to(self.limits.len() * 2);
        self.sweep_at = (self.limits.len() * 2).max(FIRST_SWEEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TenantConfig, TenantId};

    fn limits(requests: u64) -> Arc<Limits> {
        let acme = TenantId::parse("acme").unwrap();
        Arc::new(Limits::of(&TenantConfig::builder(acme).requests_per_minute(requests).build().unwrap()))
    }

    #[test]
    fn who_has_the_same_limits_shares_them() {
        let layouts = Layouts::default();
        let (first, second, other) = (layouts.of(&limits(5)), layouts.of(&limits(5)), layouts.of(&limits(6)));
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn limits_that_nobody_counts_by_are_let_go_and_others_stay() {
        let layouts = Layouts::default();
        let staying = layouts.of(&limits(1));
        for requests in 2..10_000 {
            layouts.of(&limits(requests));
        }
        assert!(layouts.0.lock().limits.len() <= FIRST_SWEEP);
        assert!(Arc::ptr_eq(&staying, &layouts.of(&limits(1))));
    }
}
