//! What became of a cost, and how its limit stands.

use std::time::Duration;

use crate::UnixTime;

/// What became of a cost.
pub(in crate::quota) enum Taken {
    Charged(Standing),
    /// With how long to wait, or that waiting does not help.
    Denied(Standing, Option<Duration>),
    /// The limit is not counted here.
    Uncounted,
}

/// How a limit stands.
pub(in crate::quota) struct Standing {
    pub(in crate::quota) remaining: u64,
    pub(in crate::quota) resets_at: UnixTime,
    pub(in crate::quota) mark: u64,
}

#[inline]
pub(super) const fn charged(remaining: u64, resets_at: UnixTime, mark: u64) -> Taken {
    Taken::Charged(Standing { remaining, resets_at, mark })
}
