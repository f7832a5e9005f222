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
#[cold]
pub(super) fn hold_permit(decision: &mut Decision, cell: &Arc<Cell>) {
    let places: Box<[_]> = cell::places(decision).map(|(limit, count)| (limit.clone(), count)).collect();
    if !places.is_empty() {
        decision.hold(Permit::new(Lease { cell: Arc::clone(cell), places }));
    }
}
