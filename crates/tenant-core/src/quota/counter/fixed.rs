//! One fixed window: where it starts and ends, and what was used in it.

use crate::{UnixTime, Window};

/// A count in a window aligned to UTC.
///
/// It stands in the counts of every tenant: where the window starts is reckoned from its end, to keep it small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FixedWindow {
    end: UnixTime,
    pub(super) used: u64,
}

impl FixedWindow {
    pub(super) fn at(window: Window, now: UnixTime) -> Self {
        Self { end: window.around(now).1, used: 0 }
    }

    /// Moves on to the window that `now` is in.
    ///
    /// A clock that stepped back within reach of the window (by its length from its start) leaves it alone, so that a step
    /// never buys a second budget. One that stepped back further (it had been wrong before) takes the count along into the
    /// window it now shows, so that nobody waits for a far future.
    #[inline]
    pub(super) fn advance(&mut self, window: Window, now: UnixTime) {
        // Once it has ended, this wraps and is out of reach.
        let left = self.end.as_nanos().wrapping_sub(now.as_nanos());
        if left.wrapping_sub(1) >= window.nanos().saturating_mul(2) {
            self.leave(window, now);
        }
    }

    #[cold]
    fn leave(&mut self, window: Window, now: UnixTime) {
        let used = if self.has_ended(now) { 0 } else { self.used };
        *self = Self { used, ..Self::at(window, now) };
    }

    pub(super) fn start(&self, window: Window) -> UnixTime {
        window.around(UnixTime::from_nanos(self.end.as_nanos().saturating_sub(1))).0
    }

    #[inline]
    pub(super) const fn ends(&self) -> UnixTime {
        self.end
    }

    pub(super) fn has_ended(&self, now: UnixTime) -> bool {
        now >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_keeps_the_window() {
        let mut window = FixedWindow::at(Window::Minute, UnixTime::from_secs(600));
        window.used = 5;
        window.advance(Window::Minute, UnixTime::from_secs(590));
        assert_eq!((window.used, window.ends()), (5, UnixTime::from_secs(660)));
    }

    #[test]
    fn a_large_step_back_takes_the_count_along() {
        let mut window = FixedWindow::at(Window::Minute, UnixTime::from_secs(1_000_000_020));
        window.used = 5;
        window.advance(Window::Minute, UnixTime::from_secs(605));
        assert_eq!((window.used, window.ends()), (5, UnixTime::from_secs(660)));
        window.advance(Window::Minute, UnixTime::from_secs(660));
        assert_eq!(window.used, 0);
    }
}
