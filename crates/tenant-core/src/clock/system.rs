use super::{Clock, Monotonic, UnixTime};

/// The machine's clocks.
///
/// On Linux the coarse readings are those of its last tick, 1 to 10 ms ago, and take a fraction of the time of the
/// others (`CLOCK_MONOTONIC_COARSE` and `CLOCK_REALTIME_COARSE` of `clock_gettime(2)`). Elsewhere they are the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock(());

impl SystemClock {
    /// The clock.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Monotonic {
        sys::monotonic()
    }

    fn unix(&self) -> UnixTime {
        sys::unix()
    }

    #[inline]
    fn coarse_monotonic(&self) -> Monotonic {
        sys::coarse_monotonic()
    }

    #[inline]
    fn coarse_unix(&self) -> UnixTime {
        sys::coarse_unix()
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use rustix::time::{ClockId, clock_gettime};

    use super::super::{Monotonic, NANOS_PER_SECOND, UnixTime};

    pub(super) fn monotonic() -> Monotonic {
        Monotonic(nanos(ClockId::Monotonic))
    }

    pub(super) fn unix() -> UnixTime {
        UnixTime(nanos(ClockId::Realtime))
    }

    pub(super) fn coarse_monotonic() -> Monotonic {
        Monotonic(nanos(ClockId::MonotonicCoarse))
    }

    pub(super) fn coarse_unix() -> UnixTime {
        UnixTime(nanos(ClockId::RealtimeCoarse))
    }

    /// Nothing before the clock's start, and nothing beyond the year 2554.
    fn nanos(clock: ClockId) -> u64 {
        let reading = clock_gettime(clock);
        let (seconds, nanos) = (u64::try_from(reading.tv_sec), u64::try_from(reading.tv_nsec));
        seconds.unwrap_or(0).saturating_mul(NANOS_PER_SECOND).saturating_add(nanos.unwrap_or(0))
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use std::{
        sync::LazyLock,
        time::{Instant, SystemTime, UNIX_EPOCH},
    };

    pub(super) use self::{monotonic as coarse_monotonic, unix as coarse_unix};
    use super::super::{Monotonic, UnixTime, saturating_nanos};

    pub(super) fn monotonic() -> Monotonic {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        Monotonic(saturating_nanos(START.elapsed()))
    }

    pub(super) fn unix() -> UnixTime {
        UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, saturating_nanos))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn agrees_with_the_system() {
        let clock = SystemClock::new();
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        for ours in [clock.unix(), clock.coarse_unix()] {
            let ours = Duration::from_nanos(ours.as_nanos());
            assert!(ours.abs_diff(system) < Duration::from_secs(1));
        }
    }

    #[test]
    fn readings_never_go_back_and_coarse_ones_never_run_ahead() {
        let clock = SystemClock::new();
        let (mut last, mut last_coarse) = (clock.monotonic(), clock.coarse_monotonic());
        for _ in 0..10_000 {
            let coarse = clock.coarse_monotonic();
            let now = clock.monotonic();
            assert!(now >= last && coarse >= last_coarse && coarse <= now);
            assert!(now.since(coarse) < Duration::from_secs(1));
            (last, last_coarse) = (now, coarse);
        }
    }
}
