//! A window that moves with time, in steps.
//!
//! # What it holds, and the proof
//! The window of length `W` is cut into `k` sub-windows of length `w`, which is `W / k` rounded up to a nanosecond, so that
//! `k w >= W`. Sub-windows are aligned: number `n` is `[n w, (n + 1) w)`. Each of the last `k + 1`, the one that now lies in
//! included, has a count of its own; a cost is admitted if it and the sum of these counts are at most the limit `L`.
//!
//! **Never too much.** *In any stretch of time `(t - W, t]` at most `L` is admitted.* Take the last admission in the
//! stretch, at `s <= t`, in sub-window `n`. Every other admission in the stretch was at some `r` with
//! `s - W < r <= s`, so that `r > s - W >= n w - k w`: it lies in sub-window `n - k` or a later one, none of which has been
//! dropped at `s`. All admissions in the stretch are therefore in the sum that was held against `L` at `s`.
//!
//! **Too little by one sub-window at most.** *What was admitted at `r` counts no longer from `r + W + w + k` nanoseconds
//! on* (the `k` nanoseconds are what rounding `w` up amounts to). It lies in sub-window `n` with `n w <= r`, and that is
//! dropped at `(n + k + 1) w <= r + k w + w`, where `k w < W + k`. So a cost that is denied would be above `L` together with
//! what was admitted in the last `W + w`: the error is one-sided, and it is `1 / k` of the window.
//!
//! A weighted count of the oldest sub-window, as others have it, errs less on average and in both directions: it admits
//! up to `2 L` within a window where all that the oldest sub-window holds came at its end.

use std::time::Duration;

use smallvec::SmallVec;

use super::super::LimitState;
use crate::{UnixTime, Window};

/// Counts by sub-window.
#[derive(Clone, Debug)]
pub(super) struct SlidingWindow {
    /// How long a sub-window is, in nanoseconds.
    step: u64,
    /// When the newest sub-window ends, in nanoseconds.
    ends: u64,
    /// Its number, counted from 1970.
    number: u64,
    sum: u64,
    /// The newest comes first.
    counts: SmallVec<[u64; 7]>,
}

impl SlidingWindow {
    pub(super) fn at(window: Window, sub_windows: u8, now: UnixTime) -> Self {
        let parts = sub_windows.max(1);
        let counts = SmallVec::from_elem(0, usize::from(parts) + 1);
        let step = window.nanos().div_ceil(u64::from(parts));
        let mut sliding = Self { step, ends: 0, number: 0, sum: 0, counts };
        sliding.stand_at(now);
        sliding
    }

    /// Into how many parts the window is cut.
    fn parts(&self) -> u64 {
        u64::try_from(self.counts.len()).unwrap_or(u64::MAX).saturating_sub(1)
    }

    fn stand_at(&mut self, moment: UnixTime) {
        self.number = moment.as_nanos() / self.step;
        self.ends = self.number.saturating_add(1).saturating_mul(self.step);
    }

    /// Moves on to the sub-window that `now` is in. A clock that stepped back by up to the window's length leaves
    /// everything where it is; after a longer step the counts go along.
    #[inline]
    pub(super) fn advance(&mut self, window: Window, now: UnixTime) {
        let nanos = now.as_nanos();
        // Within the newest sub-window, or shortly before it, as almost always.
        if nanos >= self.ends || self.ends - nanos > window.nanos() {
            self.leave(window, now);
        }
    }

    #[cold]
    fn leave(&mut self, window: Window, now: UnixTime) {
        let nanos = now.as_nanos();
        if nanos >= self.ends {
            self.drop_oldest((nanos - self.ends) / self.step + 1);
            self.stand_at(now);
        } else if self.ends - nanos > window.nanos().saturating_add(self.step) {
            self.stand_at(now);
        }
    }

    fn drop_oldest(&mut self, steps: u64) {
        let steps = usize::try_from(steps).unwrap_or(usize::MAX).min(self.counts.len());
        self.counts.rotate_right(steps);
        self.counts.iter_mut().take(steps).for_each(|count| *count = 0);
        self.add_up();
    }

    fn add_up(&mut self) {
        self.sum = self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count));
    }

    /// Cuts the window anew. What was counted counts from now on as if it had just come: longer, never shorter.
    pub(super) fn cut(&mut self, window: Window, sub_windows: u8, now: UnixTime) {
        if self.parts() == u64::from(sub_windows.max(1)) {
            return;
        }
        let newest = UnixTime::from_nanos(self.ends.saturating_sub(self.step));
        let mut anew = Self::at(window, sub_windows, now.max(newest));
        anew.charge(self.sum);
        *self = anew;
    }

    #[inline]
    pub(super) const fn used(&self) -> u64 {
        self.sum
    }

    /// Charges the newest sub-window, and answers with its number.
    #[inline]
    pub(super) fn charge(&mut self, cost: u64) -> u64 {
        if let Some(newest) = self.counts.first_mut() {
            *newest = newest.saturating_add(cost);
        }
        self.sum = self.sum.saturating_add(cost);
        self.number
    }

    /// Takes a charge of this very moment back.
    pub(super) fn give_back(&mut self, cost: u64) {
        if let Some(newest) = self.counts.first_mut() {
            *newest = newest.saturating_sub(cost);
        }
        self.add_up();
    }

    /// When a cost is admitted that is at most the limit, if nothing else comes.
    pub(super) fn wait(&self, limit: u64, cost: u64, now: UnixTime) -> Duration {
        let mut left = self.sum;
        let mut leaves_at = self.ends;
        for count in self.counts.iter().rev() {
            left = left.saturating_sub(*count);
            if left.saturating_add(cost) <= limit {
                break;
            }
            leaves_at = leaves_at.saturating_add(self.step);
        }
        UnixTime::from_nanos(leaves_at).until_from(now)
    }

    pub(super) fn settle(&mut self, charge: &LimitState, used: u64) {
        let age = self.number.checked_sub(charge.mark);
        let age = age.and_then(|age| usize::try_from(age).ok());
        if let Some(count) = age.and_then(|age| self.counts.get_mut(age)) {
            *count = count.saturating_sub(charge.charged).saturating_add(used);
            self.add_up();
        }
    }

    /// When all that is counted now has left.
    #[inline]
    pub(super) fn empty_at(&self) -> UnixTime {
        let rest = self.step.saturating_mul(self.parts());
        UnixTime::from_nanos(self.ends.saturating_add(rest))
    }

    /// A moment in the newest sub-window.
    pub(super) const fn newest(&self) -> UnixTime {
        UnixTime::from_nanos(self.ends.saturating_sub(1))
    }
}
