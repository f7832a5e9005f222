//! Moments as they are kept, and as clocks tell them.

use tenant_core::{Timestamp, UnixTime};

/// What was before 1970 is 1970.
pub(crate) fn unix(moment: Timestamp) -> UnixTime {
    UnixTime::from_nanos(u64::try_from(moment.as_unix_micros()).unwrap_or(0).saturating_mul(1_000))
}
