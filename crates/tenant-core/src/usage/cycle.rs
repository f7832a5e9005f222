use std::{error::Error, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month};

use crate::Timestamp;

/// A day in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageDate(i64);

/// A calendar month in UTC, from 1970 to 9999, written as `2024-01`.
///
/// # Example
/// ```
/// use tenant_core::{Timestamp, usage::BillingCycle};
///
/// let cycle: BillingCycle = "2024-02".parse()?;
/// assert_eq!(cycle.start().to_string(), "2024-02-01T00:00:00Z");
/// assert_eq!(cycle.end().to_string(), "2024-03-01T00:00:00Z");
/// assert!(cycle.next() > cycle && BillingCycle::of(cycle.start()) == cycle);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingCycle {
    year: i32,
    /// 1 to 12.
    month: u8,
}

/// A text is no billing cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCycle;

const MICROS_OF_DAY: i64 = 86_400_000_000;
/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

impl UsageDate {
    /// The day of a moment.
    #[must_use]
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.as_unix_micros().div_euclid(MICROS_OF_DAY))
    }

    /// The day so many days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self(days)
    }

    /// How many days after 1970-01-01 it is.
    #[must_use]
    pub const fn as_days(self) -> i64 {
        self.0
    }

    /// When it begins.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.saturating_mul(MICROS_OF_DAY))
    }

    /// When the next one begins.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether it has a billing cycle: nothing that is kept is of another day.
    #[must_use]
    pub fn is_written(self) -> bool {
        (BillingCycle::FIRST.first_day()..BillingCycle::LAST.end_day()).contains(&self)
    }

    fn date(self) -> Option<Date> {
        Date::from_julian_day(EPOCH.checked_add(i32::try_from(self.0).ok()?)?).ok()
    }
}

impl BillingCycle {
    const FIRST: Self = Self { year: 1970, month: 1 };
    const LAST: Self = Self { year: 9999, month: 12 };

    /// The cycle of a moment; that which is nearest, where there is none.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let nearest = if moment.as_unix_micros() < 0 { Self::FIRST } else { Self::LAST };
        let Some(date) = UsageDate::of(moment).date() else { return nearest };
        let cycle = Self { year: date.year(), month: u8::from(date.month()) };
        cycle.clamp(Self::FIRST, Self::LAST)
    }

    /// The first day.
    #[must_use]
    pub fn first_day(self) -> UsageDate {
        let date =
            Month::try_from(self.month).and_then(|month| Date::from_calendar_date(self.year, month, 1));
        // Neither can fail: all months of all years that there are have a first day.
        UsageDate(date.map_or(0, |date| i64::from(date.to_julian_day()) - i64::from(EPOCH)))
    }

    /// The first day of the next.
    #[must_use]
    pub fn end_day(self) -> UsageDate {
        match self == Self::LAST {
            true => UsageDate(self.first_day().0 + 31),
            false => self.next().first_day(),
        }
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.first_day().start()
    }

    /// When the next one begins.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.end_day().start()
    }

    /// The next one; the last is its own.
    #[must_use]
    pub fn next(self) -> Self {
        let (year, month) = if self.month == 12 { (self.year + 1, 1) } else { (self.year, self.month + 1) };
        Self { year, month }.min(Self::LAST)
    }
}

impl FromStr for BillingCycle {
    type Err = InvalidCycle;

    fn from_str(text: &str) -> Result<Self, InvalidCycle> {
        let (year, month) = text.split_once('-').ok_or(InvalidCycle)?;
        let is_digits =
            |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(year, 4) || !is_digits(month, 2) {
            return Err(InvalidCycle);
        }
        let year = year.parse().map_err(|_| InvalidCycle)?;
        let month = month.parse().map_err(|_| InvalidCycle)?;
        let cycle = Self { year, month };
        match (1..=12).contains(&month) && cycle >= Self::FIRST {
            true => Ok(cycle),
            false => Err(InvalidCycle),
        }
    }
}

impl fmt::Display for UsageDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date().ok_or(fmt::Error)?;
        write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

impl fmt::Display for BillingCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for InvalidCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a billing cycle is a month, written as 2024-01")
    }
}

impl Error for InvalidCycle {}

impl Serialize for UsageDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for BillingCycle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BillingCycle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_follow_each_other_without_a_gap() {
        let mut cycle: BillingCycle = "1970-01".parse().unwrap();
        assert_eq!(cycle.start(), Timestamp::default());
        for _ in 0..2_400 {
            let days = cycle.end_day().as_days() - cycle.first_day().as_days();
            assert!((28..=31).contains(&days), "{cycle}");
            let before = Timestamp::from_unix_micros(cycle.end().as_unix_micros() - 1);
            assert_eq!((BillingCycle::of(before), BillingCycle::of(cycle.end())), (cycle, cycle.next()));
            assert_eq!(cycle.to_string().parse(), Ok(cycle));
            cycle = cycle.next();
        }
        assert_eq!(cycle.to_string(), "2170-01");
    }

    #[test]
    fn what_is_no_month_is_no_cycle() {
        for text in [
            "",
            "2024",
            "2024-00",
            "2024-13",
            "2024-1",
            "24-01",
            "+024-01",
            "2024-01-01",
            "1969-12",
            " 2024-01",
        ] {
            assert_eq!(text.parse::<BillingCycle>(), Err(InvalidCycle), "{text}");
        }
        for far in [i64::MIN, i64::MAX] {
            let cycle = BillingCycle::of(Timestamp::from_unix_micros(far));
            assert!(cycle.end() > cycle.start());
        }
    }
}
