use std::sync::Arc;

use smallvec::SmallVec;

use super::Cell;
use crate::{
    LimitKind,
    quota::{Decision, Limits, Permit, PermitLease},
};

/// What is given back when a permit is dropped. It holds on to the tenant's counts, so that they are there by then, and to
/// the limits that it was given under: the tenant's may be others by then.
struct Lease {
    cell: Arc<Cell>,
    limits: Arc<Limits>,
    /// By position in the limits, how many places.
    places: SmallVec<[(usize, u64); 2]>,
}

impl PermitLease for Lease {
    fn release(&self) {
        for (index, count) in &self.places {
            if let Some(limit) = self.limits.get(*index) {
                self.cell.release(limit, *count);
            }
        }
    }
}

/// Lets an admitted decision hold the permit for the places that it took under concurrency limits.
pub(super) fn hold_permit(decision: &mut Decision, cell: &Arc<Cell>) {
    let taken = decision.states().filter(|(limit, state)| {
        let is_concurrency = limit.kind == LimitKind::Concurrency;
        is_concurrency && state.charged > 0
    });
    let places: SmallVec<_> = taken.map(|(_, state)| (state.index, state.charged)).collect();
    if !places.is_empty() {
        let limits = Arc::clone(decision.limits());
        decision.hold(Permit::new(Lease { cell: Arc::clone(cell), limits, places }));
    }
}
