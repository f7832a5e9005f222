use std::sync::Arc;

use super::{Clock, Monotonic, SystemClock, UnixTime};

/// The clock of something that reads it on each request: the system's is called directly, any other one through its
/// table of methods.
#[derive(Clone, Debug, Default)]
pub(crate) enum ClockHandle {
    #[default]
    System,
    Other(Arc<dyn Clock>),
}

impl ClockHandle {
    #[inline]
    pub(crate) fn coarse_monotonic(&self) -> Monotonic {
        match self {
            Self::System => SystemClock::new().coarse_monotonic(),
            Self::Other(clock) => clock.coarse_monotonic(),
        }
    }

    #[inline]
    pub(crate) fn coarse_unix(&self) -> UnixTime {
        match self {
            Self::System => SystemClock::new().coarse_unix(),
            Self::Other(clock) => clock.coarse_unix(),
        }
    }

    pub(crate) fn unix(&self) -> UnixTime {
        match self {
            Self::System => SystemClock::new().unix(),
            Self::Other(clock) => clock.unix(),
        }
    }
}
