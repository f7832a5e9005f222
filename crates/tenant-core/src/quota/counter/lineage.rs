//! Which count goes on when limits change.

use super::super::Limit;
use crate::LimitKind;

/// Whether the count of a limit goes on under another: as long as it is the same name over the same thing and window,
/// counted in the same way.
pub(in crate::quota) fn goes_on(from: &Limit, to: &Limit) -> bool {
    from.name == to.name && from.dimension == to.dimension && same_count(from.kind, to.kind)
}

fn same_count(from: LimitKind, to: LimitKind) -> bool {
    match (from, to) {
        (
            LimitKind::Rate { window: before, algorithm: old },
            LimitKind::Rate { window: after, algorithm: new },
        ) => before == after && old.as_str() == new.as_str(),
        (LimitKind::Concurrency, LimitKind::Concurrency) | (LimitKind::Stock, LimitKind::Stock) => true,
        _ => false,
    }
}
