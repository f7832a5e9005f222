//! What a level came to, day by day.

use tenant_core::{
    Timestamp,
    usage::{UsageDate, UsageDay},
};

/// A level on one day, or over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) peak: u64,
    /// Times microseconds.
    pub(super) area: u128,
}

impl Course {
    pub(super) fn and(self, next: Self) -> Option<Self> {
        Some(Self { peak: self.peak.max(next.peak), area: self.area.checked_add(next.area)? })
    }
}

/// How a level went on a day until now, where it was `carried` from the day before, and what it is carried on as.
pub(super) fn course(
    carried: u64,
    date: UsageDate,
    told: Option<&UsageDay>,
    now: Timestamp,
) -> Option<(Course, u64)> {
    let until = now.min(date.end());
    let Some((day, level)) = told.and_then(|day| Some((day, day.level?))) else {
        let area = held(carried, date.start(), until)?;
        return Some((Course { peak: carried, area }, carried));
    };
    let before = held(carried, date.start(), level.first_at)?;
    // The roll-up reckons with the last until the day's end.
    let to_come = held(level.last, until.max(level.last_at), date.end())?;
    let area = before.checked_add(day.amount.checked_sub(to_come)?)?;
    let earlier = if level.first_at > date.start() { carried } else { 0 };
    Some((Course { peak: level.peak.max(earlier), area }, level.last))
}

fn held(level: u64, from: Timestamp, until: Timestamp) -> Option<u128> {
    let micros = until.as_unix_micros().checked_sub(from.as_unix_micros())?;
    u128::from(level).checked_mul(u128::try_from(micros).unwrap_or(0))
}
