use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Clock, Monotonic, UnixTime, saturating_nanos};

/// A clock that stands still until it is told otherwise: for tests.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use tenant_core::{Clock, ManualClock, UnixTime};
///
/// let clock = ManualClock::starting_at(UnixTime::from_secs(1_700_000_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.unix(), UnixTime::from_secs(1_700_000_060));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    monotonic: AtomicU64,
    unix: AtomicU64,
}

impl ManualClock {
    /// A clock that shows `start` as civil time.
    #[must_use]
    pub const fn starting_at(start: UnixTime) -> Self {
        Self { monotonic: AtomicU64::new(0), unix: AtomicU64::new(start.0) }
    }

    /// Lets both clocks run on.
    pub fn advance(&self, by: Duration) {
        let nanos = saturating_nanos(by);
        self.monotonic.fetch_add(nanos, Ordering::SeqCst);
        self.unix.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Steps civil time, forwards or backwards, and leaves the monotonic clock alone.
    pub fn step_unix_to(&self, to: UnixTime) {
        self.unix.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn monotonic(&self) -> Monotonic {
        Monotonic(self.monotonic.load(Ordering::SeqCst))
    }

    fn unix(&self) -> UnixTime {
        UnixTime(self.unix.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_civil_time_leaves_the_monotonic_clock_alone() {
        let clock = ManualClock::starting_at(UnixTime::from_secs(100));
        clock.step_unix_to(UnixTime::from_secs(5));
        assert_eq!((clock.monotonic().as_nanos(), clock.unix().as_secs()), (0, 5));
    }
}
