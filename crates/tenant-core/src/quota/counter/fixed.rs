//! One fixed window: where it starts and ends, and what was used in it.

use crate::{UnixTime, Window};

/// A count in a window aligned to UTC. Its borders are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FixedWindow {
    start: u64,
    end: u64,
    pub(super) used: u64,
}

impl FixedWindow {
    pub(super) fn at(window: Window, now: UnixTime) -> Self {
        let (start, end) = window.around(now);
        Self { start: start.as_nanos(), end: end.as_nanos(), used: 0 }
    }

    /// Moves on to the window that `now` is in.
    ///
    /// A clock that stepped back within reach of the window leaves it alone, so that a step never buys a second
    /// budget. One that stepped back further (it had been wrong before) takes the count along into the window
    /// it now shows, so that nobody waits for a far future.
    #[inline]
    pub(super) fn advance(&mut self, window: impl FnOnce() -> Window, now: UnixTime) {
        let nanos = now.as_nanos();
        if nanos < self.start || nanos >= self.end {
            self.leave(window(), now);
        }
    }

    #[cold]
    fn leave(&mut self, window: Window, now: UnixTime) {
        let used = self.used;
        if self.has_ended(now) {
            *self = Self::at(window, now);
        } else if now.as_nanos().saturating_add(window.nanos()) < self.start {
            *self = Self { used, ..Self::at(window, now) };
        }
    }

    pub(super) const fn start(&self) -> UnixTime {
        UnixTime::from_nanos(self.start)
    }

    #[inline]
    pub(super) const fn ends(&self) -> UnixTime {
        UnixTime::from_nanos(self.end)
    }

    pub(super) const fn has_ended(&self, now: UnixTime) -> bool {
        now.as_nanos() >= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_keeps_the_window() {
        let mut window = FixedWindow::at(Window::Minute, UnixTime::from_secs(600));
        window.used = 5;
        window.advance(|| Window::Minute, UnixTime::from_secs(590));
        assert_eq!((window.used, window.ends()), (5, UnixTime::from_secs(660)));
    }

    #[test]
    fn a_large_step_back_takes_the_count_along() {
        let mut window = FixedWindow::at(Window::Minute, UnixTime::from_secs(1_000_000_020));
        window.used = 5;
        window.advance(|| Window::Minute, UnixTime::from_secs(605));
        assert_eq!((window.used, window.ends()), (5, UnixTime::from_secs(660)));
        window.advance(|| Window::Minute, UnixTime::from_secs(660));
        assert_eq!(window.used, 0);
    }
}
