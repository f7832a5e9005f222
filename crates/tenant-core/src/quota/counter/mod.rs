//! The count of one limit, whatever its kind.

mod bucket;
mod fixed;
mod lineage;
mod sliding;
mod taken;
mod warned;

use std::time::Duration;

use self::{
    bucket::Bucket,
    fixed::FixedWindow,
    sliding::SlidingWindow,
    taken::charged,
    warned::{Warned, reaches},
};
pub(super) use self::{
    lineage::goes_on,
    taken::{Standing, Taken},
};
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

    /// Moves on to now, charges the cost if the limit admits it, and tells how the limit stands then.
    // One match on the way that almost every count takes, and the fixed window first.
    #[inline]
    pub(super) fn take(&mut self, limit: &Limit, cost: u64, now: UnixTime) -> Taken {
        let State::Fixed(fixed) = &mut self.state else {
            return self.take_otherwise(limit, cost, now);
        };
        fixed.advance(window_of(limit), now);
        let used = fixed.used.saturating_add(cost);
        if used > limit.limit && can_deny(limit, cost) {
            return self.deny(limit, cost, now);
        }
        fixed.used = used;
        charged(limit.limit.saturating_sub(used), fixed.ends(), 0)
    }

    #[inline(never)]
    fn take_otherwise(&mut self, limit: &Limit, cost: u64, now: UnixTime) -> Taken {
        match &mut self.state {
            State::Sliding(sliding) => {
                sliding.advance(window_of(limit), now);
                if sliding.used().saturating_add(cost) <= limit.limit || !can_deny(limit, cost) {
                    let mark = sliding.charge(cost);
                    return charged(limit.limit.saturating_sub(sliding.used()), sliding.empty_at(), mark);
                }
            }
            State::Bucket(bucket) => {
                let (window, capacity) = (window_of(limit), limit.capacity());
                bucket.advance(window, limit.limit, now);
                if bucket.fits(window, capacity, cost) || !can_deny(limit, cost) {
                    let mark = bucket.charge(window, cost);
                    return charged(bucket.left(window, capacity), bucket.full_at(limit.limit), mark);
                }
            }
            State::Held(held) => {
                let count = held.saturating_add(cost);
                if count <= limit.limit || !can_deny(limit, cost) {
                    *held = count;
                    return charged(limit.limit.saturating_sub(count), unknown(now), 0);
                }
            }
            State::Fixed(_) | State::Uncounted => return Taken::Uncounted,
        }
        self.deny(limit, cost, now)
    }

    #[cold]
    fn deny(&self, limit: &Limit, cost: u64, now: UnixTime) -> Taken {
        let wait = (cost <= limit.capacity()).then(|| self.wait(limit, cost, now));
        Taken::Denied(self.standing(limit, now), wait)
    }

    fn advance(&mut self, limit: &Limit, now: UnixTime) {
        let window = window_of(limit);
        match &mut self.state {
            State::Fixed(fixed) => fixed.advance(window, now),
            State::Sliding(sliding) => sliding.advance(window, now),
            State::Bucket(bucket) => bucket.advance(window, limit.limit, now),
            State::Held(_) | State::Uncounted => {}
        }
    }

    fn wait(&self, limit: &Limit, cost: u64, now: UnixTime) -> Duration {
        match &self.state {
            State::Fixed(fixed) => fixed.ends().until_from(now),
            State::Sliding(sliding) => sliding.wait(limit.limit, cost, now),
            State::Bucket(bucket) => bucket.wait(window_of(limit), limit, cost, now),
            State::Held(_) | State::Uncounted => UNKNOWN,
        }
    }

    /// Takes a charge of this very moment back: another limit has denied.
    pub(super) fn give_back(&mut self, limit: &Limit, cost: u64, now: UnixTime) -> Standing {
        match &mut self.state {
            State::Fixed(fixed) => fixed.used = fixed.used.saturating_sub(cost),
            State::Sliding(sliding) => sliding.give_back(cost),
            State::Bucket(bucket) => bucket.give_back(window_of(limit), cost),
            State::Held(held) => *held = held.saturating_sub(cost),
            State::Uncounted => {}
        }
        self.standing(limit, now)
    }

    fn standing(&self, limit: &Limit, now: UnixTime) -> Standing {
        let remaining = match &self.state {
            State::Bucket(bucket) => bucket.left(window_of(limit), limit.capacity()),
            State::Fixed(_) | State::Sliding(_) | State::Held(_) | State::Uncounted => {
                limit.limit.saturating_sub(self.used(limit))
            }
        };
        Standing { remaining, resets_at: self.resets_at(limit, now), mark: 0 }
    }

    /// Replaces what was charged by what was used, so far as the charge still counts.
    pub(super) fn settle(&mut self, limit: &Limit, charge: &LimitState, used: u64, now: UnixTime) {
        self.advance(limit, now);
        match &mut self.state {
            State::Fixed(fixed) if !fixed.has_ended(now) && fixed.ends() == charge.resets_at => {
                fixed.used = fixed.used.saturating_sub(charge.charged).saturating_add(used);
            }
            State::Sliding(sliding) => sliding.settle(charge, used),
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

    /// How the limit stands now: how much is used, in whole units rounded up, and when all of it is there again. `None`
    /// where it is not counted here.
    pub(super) fn usage(&mut self, limit: &Limit, now: UnixTime) -> Option<(u64, UnixTime)> {
        self.advance(limit, now);
        let is_counted = !matches!(self.state, State::Uncounted);
        is_counted.then(|| (self.used(limit), self.resets_at(limit, now)))
    }

    #[inline]
    fn used(&self, limit: &Limit) -> u64 {
        match &self.state {
            State::Fixed(fixed) => fixed.used,
            State::Sliding(sliding) => sliding.used(),
            State::Bucket(bucket) => bucket.used(window_of(limit)),
            State::Held(held) => *held,
            State::Uncounted => 0,
        }
    }

    #[inline]
    fn resets_at(&self, limit: &Limit, now: UnixTime) -> UnixTime {
        match &self.state {
            State::Fixed(fixed) => fixed.ends(),
            State::Sliding(sliding) => sliding.empty_at(),
            State::Bucket(bucket) => bucket.full_at(limit.limit),
            State::Held(_) | State::Uncounted => unknown(now),
        }
    }

    /// Whether nothing is counted that still matters.
    pub(super) fn is_idle(&self, limit: &Limit, now: UnixTime) -> bool {
        match &self.state {
            State::Fixed(fixed) => fixed.used == 0 || fixed.has_ended(now),
            State::Sliding(sliding) => sliding.used() == 0 || now >= sliding.empty_at(),
            State::Bucket(bucket) => bucket.is_full_at(limit.limit, window_of(limit), now),
            State::Held(held) => *held == 0,
            State::Uncounted => true,
        }
    }

    /// Whether so many percent are reached.
    #[inline]
    pub(super) fn reaches(&self, limit: &Limit, percent: u8) -> bool {
        reaches(self.used(limit), limit.capacity(), percent)
    }

    /// Of ascending thresholds in percent, the highest that is reached and was not told of in this window.
    #[cold]
    pub(super) fn warn(&mut self, limit: &Limit, thresholds: &[u8], now: UnixTime) -> Option<u8> {
        let start = self.warning_window(limit, now);
        self.warned.next(start, self.used(limit), limit.capacity(), thresholds)
    }

    /// The window in which each threshold is told of once: a fixed window's own; for what slides or flows the one that a
    /// fixed window would have, by the count's own time, which never goes back by a little; a minute for permits.
    fn warning_window(&self, limit: &Limit, now: UnixTime) -> u64 {
        match &self.state {
            State::Fixed(fixed) => fixed.start(window_of(limit)).as_secs(),
            State::Sliding(sliding) => window_of(limit).bounds(sliding.newest().as_secs()).0,
            State::Bucket(bucket) => window_of(limit).bounds(bucket.time().as_secs()).0,
            State::Held(_) | State::Uncounted => Window::Minute.bounds(now.as_secs()).0,
        }
    }
}

/// A cost of 0 is always admitted.
#[inline]
const fn can_deny(limit: &Limit, cost: u64) -> bool {
    cost > 0 && !limit.shadow
}

fn unknown(now: UnixTime) -> UnixTime {
    let nanos = u64::try_from(UNKNOWN.as_nanos()).unwrap_or(0);
    UnixTime::from_nanos(now.as_nanos().saturating_add(nanos))
}

#[inline]
fn window_of(limit: &Limit) -> Window {
    // A count of a rate stands beside a limit of a rate; what else there could be is counted as briefly as possible.
    limit.window().unwrap_or(Window::Second)
}
