//! One fixed window: where it starts and ends, and what was used in it.

use time::{Month, OffsetDateTime};

use crate::{UnixTime, Window};

/// A count in a window aligned to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FixedWindow {
    start: u64,
    end: u64,
    pub(super) used: u64,
    /// How many warning thresholds were crossed in this window.
    pub(super) warned: u8,
}

impl FixedWindow {
    pub(super) fn at(window: Window, now: UnixTime) -> Self {
        let (start, end) = bounds(window, now.as_secs());
        Self { start, end, used: 0, warned: 0 }
    }

    /// Moves on to the window that `now` is in.
    ///
    /// A clock that stepped back within reach of the window leaves it alone, so that a step never buys a second
    /// budget. One that stepped back further (it had been wrong before) takes the count along into the window
    /// it now shows, so that nobody waits for a far future.
    #[inline]
    pub(super) fn advance(&mut self, window: Window, now: UnixTime) {
        let seconds = now.as_secs();
        if !(self.start..self.end).contains(&seconds) {
            self.leave(window, now, seconds);
        }
    }

    #[cold]
    fn leave(&mut self, window: Window, now: UnixTime, seconds: u64) {
        if seconds >= self.end {
            *self = Self::at(window, now);
        } else if seconds.saturating_add(window.seconds()) < self.start {
            (self.start, self.end) = bounds(window, seconds);
        }
    }

    pub(super) const fn ends(&self) -> UnixTime {
        UnixTime::from_secs(self.end)
    }

    pub(super) const fn has_ended(&self, now: UnixTime) -> bool {
        now.as_secs() >= self.end
    }
}

/// Start (inclusive) and end (exclusive) of the window around a second.
fn bounds(window: Window, now: u64) -> (u64, u64) {
    match window {
        Window::Month => month_bounds(now),
        Window::Second | Window::Minute | Window::Hour | Window::Day | Window::Length(_) => {
            let length = window.seconds().max(1);
            let start = now - now % length;
            (start, start.saturating_add(length))
        }
    }
}

fn month_bounds(now: u64) -> (u64, u64) {
    let fallback = || {
        let length = Window::Month.seconds();
        let start = now - now % length;
        (start, start.saturating_add(length))
    };
    let calendar = || {
        let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(now).ok()?).ok()?;
        let first = moment.date().replace_day(1).ok()?;
        let next_year =
            if first.month() == Month::December { first.year().checked_add(1)? } else { first.year() };
        let next = first.replace_year(next_year).ok()?.replace_month(first.month().next()).ok()?;
        let seconds = |date: time::Date| u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok();
        Some((seconds(first)?, seconds(next)?))
    };
    calendar().unwrap_or_else(fallback)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Window; 6] = [
        Window::Second,
        Window::Minute,
        Window::Hour,
        Window::Day,
        Window::Month,
        Window::Length(std::time::Duration::from_secs(10)),
    ];

    #[test]
    fn months_follow_the_calendar() {
        // 2024-02-29T12:00:00Z lies in [2024-02-01, 2024-03-01); 2023-12-31 in [2023-12-01, 2024-01-01).
        assert_eq!(bounds(Window::Month, 1_709_208_000), (1_706_745_600, 1_709_251_200));
        assert_eq!(bounds(Window::Month, 1_703_980_800), (1_701_388_800, 1_704_067_200));
    }

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

    proptest! {
        #[test]
        fn a_window_holds_its_moment_and_its_successor_follows(seconds in 0_u64..10_000_000_000, which in 0_usize..6) {
            let window = ALL[which];
            let (start, end) = bounds(window, seconds);
            prop_assert!(start <= seconds && seconds < end);
            prop_assert_eq!(bounds(window, end).0, end);
            prop_assert_eq!(bounds(window, start), (start, end));
        }
    }
}
