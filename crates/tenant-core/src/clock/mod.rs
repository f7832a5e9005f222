//! Time, injected: everything that waits, expires or counts a window asks a [`Clock`].

mod handle;
mod manual;
mod system;

use std::{fmt, time::Duration};

pub(crate) use self::handle::ClockHandle;
pub use self::{manual::ManualClock, system::SystemClock};

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
    #[inline]
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
    #[inline]
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// How long it takes until this point, seen from `now`; zero if it has passed.
    #[inline]
    #[must_use]
    pub const fn until_from(self, now: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(now.0))
    }
}

/// The source of time.
///
/// The default is [`SystemClock`]; tests take a [`ManualClock`] and never sleep. The coarse readings may lag behind the
/// others by some milliseconds, where that makes them cheaper; they never run ahead.
pub trait Clock: Send + Sync + fmt::Debug {
    /// A reading that never goes back: for durations.
    fn monotonic(&self) -> Monotonic;

    /// Civil time: for time stamps.
    fn unix(&self) -> UnixTime;

    /// The monotonic clock, read where milliseconds don't matter: for expiry.
    fn coarse_monotonic(&self) -> Monotonic {
        self.monotonic()
    }

    /// Civil time, read where milliseconds don't matter: for windows aligned to UTC.
    fn coarse_unix(&self) -> UnixTime {
        self.unix()
    }
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
