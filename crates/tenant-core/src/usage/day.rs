use super::{Measure, UsageDate, UsageKind};
use crate::Timestamp;

/// What is counted together: a project's usage of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageSeries {
    /// How it comes together.
    pub measure: Measure,
    /// For which project; `None` for none.
    pub project: Option<Box<str>>,
    /// Of what.
    pub kind: UsageKind,
}

/// What a series came to on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// Of what.
    pub series: UsageSeries,
    /// When.
    pub date: UsageDate,
    /// How many records there were.
    pub records: u64,
    /// Their sum. Of a level, its quantity times microseconds from its first change on that day to the day's end, as if
    /// the last held until then.
    pub amount: u128,
    /// Of a level, what it was.
    pub level: Option<LevelOfDay>,
}

/// How a level went on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelOfDay {
    /// When it was told first. What it was before is what it was on the day before.
    pub first_at: Timestamp,
    /// When it was told last.
    pub last_at: Timestamp,
    /// What it was then.
    pub last: u64,
    /// The most that was told.
    pub peak: u64,
}

/// What a level was before a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedLevel {
    /// Of what.
    pub series: UsageSeries,
    /// How much.
    pub level: u64,
}
