//! The count of one limit, whatever its kind.

mod bucket;
mod fixed;
mod sliding;

use std::time::Duration;

use self::{bucket::Bucket, fixed::FixedWindow, sliding::SlidingWindow};
use super::{Limit, LimitState};
use crate::{Algorithm, LimitKind, UnixTime, Window};

/// How long one waits where nobody knows when a permit comes back.
const UNKNOWN: Duration = Duration::from_secs(1);

/// The count of one limit. It does not know its limit: a limit that changes keeps its count.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    state: State,
    warned: Warned,
}

#[derive(Clone, Debug)]
enum State {
    Fixed(FixedWindow),
    Sliding(Box<SlidingWindow>),
    Bucket(Box<Bucket>),
    /// How many permits are out.
    Held(u64),
    /// A stock: not counted here.
    Uncounted,
}

/// How many thresholds were told of, and in which window. Of the window's start only the lower half is kept: it is asked
/// for equality alone.
#[derive(Clone, Copy, Debug, Default)]
struct Warned {
    window: u32,
    count: u8,
}

impl Counter {
    pub(super) fn new(limit: &Limit, now: UnixTime) -> Self {
        let state = match limit.kind {
            LimitKind::Rate { window, algorithm: Algorithm::Fixed } => {
                State::Fixed(FixedWindow::at(window, now))
            }
            LimitKind::Rate { window, algorithm: Algorithm::Sliding { sub_windows } } => {
                State::Sliding(Box::new(SlidingWindow::at(window, sub_windows, now)))
            }
            LimitKind::Rate { algorithm: Algorithm::TokenBucket { .. }, .. } => {
                State::Bucket(Box::new(Bucket::at(now)))
            }
            LimitKind::Concurrency => State::Held(0),
            LimitKind::Stock => State::Uncounted,
        };
        Self { state, warned: Warned::default() }
    }

    /// Whether the count of a limit goes on under another: as long as it is the same name over the same thing and window,
    /// counted in the same way.
    pub(super) fn goes_on(from: &Limit, to: &Limit) -> bool {
        from.name == to.name && from.dimension == to.dimension && same_count(from.kind, to.kind)
    }

    /// Takes over what the limit says of the count's shape: into how many parts a window is cut.
    pub(super) fn reshape(&mut self, limit: &Limit, now: UnixTime) {
        if let (
            State::Sliding(sliding),
            LimitKind::Rate { window, algorithm: Algorithm::Sliding { sub_windows } },
        ) = (&mut self.state, limit.kind)
        {
            sliding.advance(window, now);
            sliding.cut(window, sub_windows, now);
        }
    }

    /// Moves on to now. `false` where the limit is not counted here.
    #[inline]
    pub(super) fn advance(&mut self, limit: &Limit, now: UnixTime) -> bool {
        match (&mut self.state, limit.kind) {
            (State::Fixed(fixed), LimitKind::Rate { window, .. }) => fixed.advance(window, now),
            (State::Sliding(sliding), LimitKind::Rate { window, .. }) => sliding.advance(window, now),
            (State::Bucket(bucket), LimitKind::Rate { window, .. }) => {
                bucket.advance(window, limit.limit, now);
            }
            (State::Held(_), LimitKind::Concurrency) => {}
            _ => return false,
        }
        true
    }

    /// `None` admits; otherwise how long to wait, or that waiting does not help. A cost of 0 is always admitted.
    #[inline]
    pub(super) fn deny(&self, limit: &Limit, cost: u64, now: UnixTime) -> Option<Option<Duration>> {
        let fits = match &self.state {
            State::Fixed(fixed) => fixed.used.saturating_add(cost) <= limit.limit,
            State::Sliding(sliding) => sliding.used().saturating_add(cost) <= limit.limit,
            State::Bucket(bucket) => bucket.fits(window_of(limit), limit.capacity(), cost),
            State::Held(held) => held.saturating_add(cost) <= limit.limit,
            State::Uncounted => true,
        };
        if fits || cost == 0 || limit.shadow {
            return None;
        }
        Some((cost <= limit.capacity()).then(|| self.wait(limit, cost, now)))
    }

    #[cold]
    fn wait(&self, limit: &Limit, cost: u64, now: UnixTime) -> Duration {
        match &self.state {
            State::Fixed(fixed) => fixed.ends().until_from(now),
            State::Sliding(sliding) => sliding.wait(window_of(limit), limit.limit, cost, now),
            State::Bucket(bucket) => bucket.wait(window_of(limit), limit, cost, now),
            State::Held(_) | State::Uncounted => UNKNOWN,
        }
    }

    /// Charges what was weighed, and fills in how the limit stands then.
    #[inline]
    pub(super) fn charge(&mut self, limit: &Limit, state: &mut LimitState, now: UnixTime) {
        match &mut self.state {
            State::Fixed(fixed) => {
                fixed.used = fixed.used.saturating_add(state.charged);
                state.remaining = limit.limit.saturating_sub(fixed.used);
                state.resets_at = fixed.ends();
            }
            State::Sliding(sliding) => {
                state.mark = sliding.charge(window_of(limit), state.charged);
                state.remaining = limit.limit.saturating_sub(sliding.used());
                state.resets_at = sliding.empty_at(window_of(limit));
            }
            State::Bucket(bucket) => {
                state.mark = bucket.charge(window_of(limit), state.charged);
                state.remaining = bucket.left(window_of(limit), limit.capacity());
                state.resets_at = bucket.full_at(limit.limit);
            }
            State::Held(held) => {
                *held = held.saturating_add(state.charged);
                state.remaining = limit.limit.saturating_sub(*held);
                state.resets_at = UnixTime::from_nanos(now.as_nanos().saturating_add(NANOS_UNKNOWN));
            }
            State::Uncounted => {}
        }
    }

    /// Replaces what was charged by what was used, so far as the charge still counts.
    pub(super) fn settle(&mut self, limit: &Limit, charge: &LimitState, used: u64, now: UnixTime) {
        self.advance(limit, now);
        match &mut self.state {
            State::Fixed(fixed) if !fixed.has_ended(now) && fixed.ends() == charge.resets_at => {
                fixed.used = fixed.used.saturating_sub(charge.charged).saturating_add(used);
            }
            State::Sliding(sliding) => sliding.settle(window_of(limit), charge, used),
            State::Bucket(bucket) => bucket.settle(window_of(limit), charge, used),
            // A permit is given back by dropping it.
            State::Fixed(_) | State::Held(_) | State::Uncounted => {}
        }
    }

    /// Gives permits back.
    pub(super) const fn release(&mut self, count: u64) {
        if let State::Held(held) = &mut self.state {
            *held = held.saturating_sub(count);
        }
    }

    /// How much is used, in whole units rounded up.
    #[inline]
    pub(super) fn used(&self, limit: &Limit) -> u64 {
        match &self.state {
            State::Fixed(fixed) => fixed.used,
            State::Sliding(sliding) => sliding.used(),
            State::Bucket(bucket) => bucket.used(window_of(limit)),
            State::Held(held) => *held,
            State::Uncounted => 0,
        }
    }

    /// When all of it is there again if nothing more is used.
    pub(super) fn resets_at(&self, limit: &Limit, now: UnixTime) -> UnixTime {
        match &self.state {
            State::Fixed(fixed) => fixed.ends(),
            State::Sliding(sliding) => sliding.empty_at(window_of(limit)),
            State::Bucket(bucket) => bucket.full_at(limit.limit),
            State::Held(_) | State::Uncounted => {
                UnixTime::from_nanos(now.as_nanos().saturating_add(NANOS_UNKNOWN))
            }
        }
    }

    /// Whether nothing is counted that still matters.
    pub(super) fn is_idle(&self, limit: &Limit, now: UnixTime) -> bool {
        match &self.state {
            State::Fixed(fixed) => fixed.used == 0 || fixed.has_ended(now),
            State::Sliding(sliding) => sliding.used() == 0 || now >= sliding.empty_at(window_of(limit)),
            State::Bucket(bucket) => bucket.is_full_at(limit.limit, window_of(limit), now),
            State::Held(held) => *held == 0,
            State::Uncounted => true,
        }
    }

    /// Of ascending thresholds in percent, the highest that is reached and was not told of in this window.
    #[inline]
    pub(super) fn crosses(&mut self, limit: &Limit, thresholds: &[u8], now: UnixTime) -> Option<u8> {
        // Below the first threshold, as almost always.
        if !reaches(self.used(limit), limit.capacity(), *thresholds.first()?) {
            return None;
        }
        self.warn(limit, thresholds, now)
    }

    #[cold]
    fn warn(&mut self, limit: &Limit, thresholds: &[u8], now: UnixTime) -> Option<u8> {
        let (used, capacity) = (self.used(limit), limit.capacity());
        let reached = |percent: &&u8| capacity > 0 && reaches(used, capacity, **percent);
        let count = thresholds.iter().take_while(reached).count();
        let window = self.warning_window(limit, now);
        if self.warned.window != window {
            self.warned = Warned { window, count: 0 };
        }
        if count <= usize::from(self.warned.count) {
            return None;
        }
        self.warned.count = u8::try_from(count).unwrap_or(u8::MAX);
        thresholds.get(count.checked_sub(1)?).copied()
    }

    /// The window in which each threshold is told of once: a fixed window's own; for what slides or flows the one that a
    /// fixed window would have, by the count's own time, which never goes back by a little; a minute for permits.
    fn warning_window(&self, limit: &Limit, now: UnixTime) -> u32 {
        let start = match &self.state {
            State::Fixed(fixed) => fixed.start(),
            State::Sliding(sliding) => window_of(limit).bounds(sliding.newest().as_secs()).0,
            State::Bucket(bucket) => window_of(limit).bounds(bucket.time().as_secs()).0,
            State::Held(_) | State::Uncounted => Window::Minute.bounds(now.as_secs()).0,
        };
        u32::try_from(start & u64::from(u32::MAX)).unwrap_or(0)
    }
}

const NANOS_UNKNOWN: u64 = 1_000_000_000;

/// Whether `used` is at least so many percent of `capacity`.
#[inline]
fn reaches(used: u64, capacity: u64, percent: u8) -> bool {
    u128::from(used) * 100 >= u128::from(capacity) * u128::from(percent)
}

#[inline]
fn window_of(limit: &Limit) -> Window {
    // A count of a rate stands beside a limit of a rate; what else there could be is counted as briefly as possible.
    limit.window().unwrap_or(Window::Second)
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
