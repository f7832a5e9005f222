use std::{fmt, str::FromStr, time::Duration};

use time::{Date, Month, OffsetDateTime};

use super::InvalidLimit;
use crate::UnixTime;

/// The stretch of time a rate counts over, aligned to UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Window {
    /// From second to second.
    Second,
    /// From minute to minute.
    Minute,
    /// From hour to hour.
    Hour,
    /// From 00:00 UTC to 00:00 UTC.
    Day,
    /// From the first of a month to the first of the next.
    Month,
    /// Any whole number of seconds from 1 to 31 days, aligned to 1970-01-01 00:00 UTC.
    Length(Duration),
}

impl Window {
    /// The length in seconds; for a month the longest one, 31 days.
    #[inline]
    #[must_use]
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => 31 * 86_400,
            Self::Length(length) => match length.as_secs() {
                0 => 1,
                seconds => seconds,
            },
        }
    }

    /// The length in nanoseconds; for a month the longest one, 31 days.
    #[inline]
    pub(crate) const fn nanos(self) -> u64 {
        self.seconds().saturating_mul(1_000_000_000)
    }

    /// Start (inclusive) and end (exclusive) of the fixed window around a moment.
    ///
    /// # Example
    /// ```
    /// use tenant_core::{UnixTime, Window};
    ///
    /// let (start, end) = Window::Minute.around(UnixTime::from_secs(90));
    /// assert_eq!((start.as_secs(), end.as_secs()), (60, 120));
    /// ```
    #[must_use]
    pub fn around(self, moment: UnixTime) -> (UnixTime, UnixTime) {
        let (start, end) = self.bounds(moment.as_secs());
        (UnixTime::from_secs(start), UnixTime::from_secs(end))
    }

    /// As [`Window::around`], in seconds.
    pub(crate) fn bounds(self, now: u64) -> (u64, u64) {
        match self {
            Self::Month => month_bounds(now).unwrap_or_else(|| even_bounds(self, now)),
            Self::Second | Self::Minute | Self::Hour | Self::Day | Self::Length(_) => even_bounds(self, now),
        }
    }
}

fn even_bounds(window: Window, now: u64) -> (u64, u64) {
    let length = window.seconds();
    let start = now - now % length;
    (start, start.saturating_add(length))
}

/// `None` beyond the calendar's end, the year 9999.
fn month_bounds(now: u64) -> Option<(u64, u64)> {
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(now).ok()?).ok()?;
    let first = moment.date().replace_day(1).ok()?;
    let is_last = first.month() == Month::December;
    let year = if is_last { first.year().checked_add(1)? } else { first.year() };
    let next = Date::from_calendar_date(year, first.month().next(), 1).ok()?;
    let seconds = |date: Date| u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok();
    Some((seconds(first)?, seconds(next)?))
}

impl FromStr for Window {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        match text {
            "second" => Ok(Self::Second),
            "minute" => Ok(Self::Minute),
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "month" => Ok(Self::Month),
            length => parse_length(length),
        }
    }
}

fn parse_length(text: &str) -> Result<Window, InvalidLimit> {
    const WRONG: InvalidLimit = InvalidLimit(
        "window must be second, minute, hour, day, month, or a length such as \"10s\" of 1 second to 31 days",
    );
    let unit_at = text.len().checked_sub(1).ok_or(WRONG)?;
    let (digits, unit) = text.split_at_checked(unit_at).ok_or(WRONG)?;
    let factor: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(WRONG),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WRONG);
    }
    let count: u64 = digits.parse().map_err(|_| WRONG)?;
    let seconds = count.checked_mul(factor).ok_or(WRONG)?;
    if seconds == 0 || seconds > Window::Month.seconds() {
        return Err(WRONG);
    }
    Ok(Window::Length(Duration::from_secs(seconds)))
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Second => f.write_str("second"),
            Self::Minute => f.write_str("minute"),
            Self::Hour => f.write_str("hour"),
            Self::Day => f.write_str("day"),
            Self::Month => f.write_str("month"),
            Self::Length(_) => write!(f, "{}s", self.seconds()),
        }
    }
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
        Window::Length(Duration::from_secs(10)),
    ];

    #[test]
    fn months_follow_the_calendar() {
        // 2024-02-29T12:00:00Z lies in [2024-02-01, 2024-03-01); 2023-12-31 in [2023-12-01, 2024-01-01).
        assert_eq!(Window::Month.bounds(1_709_208_000), (1_706_745_600, 1_709_251_200));
        assert_eq!(Window::Month.bounds(1_703_980_800), (1_701_388_800, 1_704_067_200));
    }

    #[test]
    fn february_is_a_day_longer_in_leap_years_only() {
        let days_of_february = |year: i32| {
            let noon = Date::from_calendar_date(year, Month::February, 14).unwrap().midnight().assume_utc();
            let (start, end) = Window::Month.bounds(u64::try_from(noon.unix_timestamp()).unwrap());
            (end - start) / 86_400
        };
        let lengths = [1972, 1999, 2000, 2023, 2024, 2100, 2400].map(days_of_february);
        assert_eq!(lengths, [29, 28, 29, 28, 29, 28, 29]);
    }

    proptest! {
        #[test]
        fn a_window_holds_its_moment_and_its_successor_follows(seconds in 0_u64..10_000_000_000, which in 0_usize..6) {
            let window = ALL[which];
            let (start, end) = window.bounds(seconds);
            prop_assert!(start <= seconds && seconds < end);
            prop_assert!(end - start <= window.seconds());
            prop_assert_eq!(window.bounds(end).0, end);
            prop_assert_eq!(window.bounds(start), (start, end));
        }
    }
}
