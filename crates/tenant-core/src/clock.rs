//! Time, injected: everything that waits, expires or counts a window asks a [`Clock`].

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A point on a clock that never goes back, in nanoseconds from an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(u64);

impl Monotonic {
    /// The point `nanos` nanoseconds after the clock's start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The point `duration` later; saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(duration)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A point in civil time: nanoseconds since 1970-01-01 00:00 UTC. It may step in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The point `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The point `seconds` seconds after the epoch; saturates.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// How long it takes until this point, seen from `now`; zero if it has passed.
    #[must_use]
    pub const fn until_from(self, now: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(now.0))
    }
}

/// The source of time.
///
/// The default is [`SystemClock`]; tests take a [`ManualClock`] and never sleep.
pub trait Clock: Send + Sync + fmt::Debug {
    /// A reading that never goes back: for expiry and durations.
    fn monotonic(&self) -> Monotonic;

    /// Civil time: for windows aligned to UTC and for time stamps.
    fn unix(&self) -> UnixTime;
}

/// The machine's clocks: the processor's time-stamp counter where it is stable, else the system's.
///
/// Civil time is the counter plus an offset that is read anew every 100 ms of the counter's time, so that a
/// reading costs no system call and still follows steps of the system's clock.
pub struct SystemClock {
    counter: quanta::Clock,
    origin: u64,
    offset: AtomicI64,
    synced_at: AtomicU64,
}

impl SystemClock {
    const RESYNC_NANOS: u64 = 100_000_000;

    /// Starts the clock.
    #[must_use]
    pub fn new() -> Self {
        let counter = quanta::Clock::new();
        let origin = counter.raw();
        let clock = Self { counter, origin, offset: AtomicI64::new(0), synced_at: AtomicU64::new(0) };
        clock.resync(0);
        clock
    }

    fn resync(&self, monotonic: u64) -> i64 {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, saturating_nanos);
        let offset = i64::try_from(unix).unwrap_or(i64::MAX).saturating_sub_unsigned(monotonic);
        self.offset.store(offset, Ordering::Relaxed);
        self.synced_at.store(monotonic, Ordering::Relaxed);
        offset
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemClock").finish_non_exhaustive()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Monotonic {
        // The raw counter, so that no duration is taken apart and put together again.
        Monotonic(self.counter.delta_as_nanos(self.origin, self.counter.raw()))
    }

    fn unix(&self) -> UnixTime {
        let now = self.monotonic().as_nanos();
        let fresh = now.saturating_sub(self.synced_at.load(Ordering::Relaxed)) < Self::RESYNC_NANOS;
        let offset = if fresh { self.offset.load(Ordering::Relaxed) } else { self.resync(now) };
        UnixTime(now.saturating_add_signed(offset))
    }
}

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

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_clock_agrees_with_the_system() {
        let clock = SystemClock::new();
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let ours = Duration::from_nanos(clock.unix().as_nanos());
        assert!(ours.abs_diff(system) < Duration::from_secs(1));
    }

    #[test]
    fn monotonic_readings_never_go_back() {
        let clock = SystemClock::new();
        let mut last = clock.monotonic();
        for _ in 0..10_000 {
            let now = clock.monotonic();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn a_step_of_civil_time_leaves_the_monotonic_clock_alone() {
        let clock = ManualClock::starting_at(UnixTime::from_secs(100));
        clock.step_unix_to(UnixTime::from_secs(5));
        assert_eq!((clock.monotonic().as_nanos(), clock.unix().as_secs()), (0, 5));
    }
}
