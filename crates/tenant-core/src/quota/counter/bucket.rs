//! A bucket of tokens that fills up evenly: the generic cell rate algorithm in its continuous-state form (ITU-T I.371,
//! annex A; ATM Forum Traffic Management 4.0, section 4.4.2, where it is shown to equal virtual scheduling).
//!
//! What is missing from the bucket is its *debt*. It is kept in units of which a token has as many as the window has
//! nanoseconds, and a nanosecond pays as many as the limit: so that neither rounds, whatever the limit, and a limit that
//! changes finds the same debt. 2^64 tokens in a window of 31 days are below 2^116: nothing overflows.

use std::time::Duration;

use super::super::{Limit, LimitState};
use crate::{UnixTime, Window};

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    debt: u128,
    /// Up to when the debt was paid.
    time: UnixTime,
    /// All tokens that were ever taken; wraps.
    taken: u64,
}

impl Bucket {
    pub(super) const fn at(now: UnixTime) -> Self {
        Self { debt: 0, time: now, taken: 0 }
    }

    /// Pays what has flown in until now. While a clock that stepped back by up to a window's length catches up, nothing
    /// flows: that time has been paid for. After a longer step it flows on at once.
    #[inline]
    pub(super) fn advance(&mut self, window: Window, limit: u64, now: UnixTime) {
        let (now_nanos, time) = (now.as_nanos(), self.time.as_nanos());
        if now_nanos >= time {
            self.debt = self.debt.saturating_sub(u128::from(now_nanos - time) * u128::from(limit));
            self.time = now;
        } else if time - now_nanos > window.nanos() {
            self.time = now;
        }
    }

    #[inline]
    pub(super) fn fits(&self, window: Window, capacity: u64, cost: u64) -> bool {
        self.debt.saturating_add(units(cost, window)) <= units(capacity, window)
    }

    /// Takes tokens, and answers with how many were ever taken.
    #[inline]
    pub(super) fn charge(&mut self, window: Window, cost: u64) -> u64 {
        self.debt = self.debt.saturating_add(units(cost, window));
        self.taken = self.taken.wrapping_add(cost);
        self.taken
    }

    /// Takes a charge of this very moment back.
    pub(super) fn give_back(&mut self, window: Window, cost: u64) {
        self.debt = self.debt.saturating_sub(units(cost, window));
        self.taken = self.taken.wrapping_sub(cost);
    }

    /// When a cost is admitted that is at most the capacity, if nothing else comes.
    pub(super) fn wait(&self, window: Window, limit: &Limit, cost: u64, now: UnixTime) -> Duration {
        let over = self.debt.saturating_add(units(cost, window));
        let over = over.saturating_sub(units(limit.capacity(), window));
        self.paid_at(over, limit.limit).until_from(now)
    }

    /// Gives tokens back, or takes more.
    ///
    /// First taken is first paid. So what is left of a charge is at most what is left of the debt without all that was
    /// taken later, and no more than that is given back: what time has paid is not paid twice, and nobody else's debt is.
    pub(super) fn settle(&mut self, window: Window, charge: &LimitState, used: u64) {
        let Some(back) = charge.charged.checked_sub(used) else {
            self.charge(window, used - charge.charged);
            return;
        };
        let later = units(self.taken.wrapping_sub(charge.mark), window);
        let left = self.debt.saturating_sub(later);
        self.debt -= left.min(units(back, window)).min(self.debt);
    }

    /// How many tokens are missing, rounded up.
    #[inline]
    pub(super) fn used(&self, window: Window) -> u64 {
        divide(self.debt.saturating_add(u128::from(window.nanos() - 1)), window.nanos())
    }

    /// How many whole tokens there are.
    #[inline]
    pub(super) fn left(&self, window: Window, capacity: u64) -> u64 {
        divide(units(capacity, window).saturating_sub(self.debt), window.nanos())
    }

    /// When the bucket is full, if nothing more is taken.
    #[inline]
    pub(super) fn full_at(&self, limit: u64) -> UnixTime {
        self.paid_at(self.debt, limit)
    }

    #[inline]
    fn paid_at(&self, debt: u128, limit: u64) -> UnixTime {
        let wait = match limit {
            0 => 0,
            limit => divide(debt.saturating_add(u128::from(limit - 1)), limit),
        };
        UnixTime::from_nanos(self.time.as_nanos().saturating_add(wait))
    }

    /// Whether it is full by then. One that never fills up again (its limit is 0) counts for as long as a window.
    pub(super) fn is_full_at(&self, limit: u64, window: Window, now: UnixTime) -> bool {
        let never = limit == 0 && self.debt > 0;
        let held_until = if never { self.time.as_nanos().saturating_add(window.nanos()) } else { 0 };
        now >= self.full_at(limit) && now.as_nanos() >= held_until
    }

    pub(super) const fn time(&self) -> UnixTime {
        self.time
    }
}

#[inline]
fn units(tokens: u64, window: Window) -> u128 {
    u128::from(tokens) * u128::from(window.nanos())
}

/// Saturates. Almost all numbers fit into 64 bits, where a division takes a fraction of the time.
#[inline]
fn divide(number: u128, by: u64) -> u64 {
    match u64::try_from(number) {
        Ok(number) => number / by,
        Err(_) => u64::try_from(number / u128::from(by)).unwrap_or(u64::MAX),
    }
}
