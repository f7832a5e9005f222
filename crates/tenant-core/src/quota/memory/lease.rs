use std::sync::Arc;

use super::{Cell, cell};
use crate::quota::{Decision, Limit, Permit, PermitLease};

/// What is given back when a permit is dropped. It holds on to the tenant's counts, so that they are there by then.
struct Lease {
    cell: Arc<Cell>,
    places: Box<[(Limit, u64)]>,
}

impl PermitLease for Lease {
    fn release(&self) {
        for (limit, count) in &self.places {
            self.cell.release(limit, *count);
        }
    }
}

/// Lets an admitted decision hold the permit for the places that it took.
pub(super) fn with_permit(decision: Decision, cell: &Arc<Cell>) -> Decision {
    let places: Box<[_]> = cell::places(&decision).map(|(limit, count)| (limit.clone(), count)).collect();
    if places.is_empty() {
        return decision;
    }
    decision.with_permit(Permit::new(Lease { cell: Arc::clone(cell), places }))
}
