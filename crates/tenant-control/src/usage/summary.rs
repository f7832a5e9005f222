use std::{collections::BTreeMap, ops::Range};

use tenant_core::{
    StoreError, TenantId, Timestamp,
    usage::{Measure, SeriesSum, UsageDate, UsageDay, UsageSeries, UsageStore},
};

use super::level::{Course, course};

/// What a series came to over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeriesUsage {
    /// Of what.
    pub series: UsageSeries,
    /// How many records there were.
    pub records: u64,
    /// Their sum; of a level the peak.
    pub quantity: u128,
    /// Of a level, its quantity times hours until now, rounded; 0 of a sum.
    pub unit_hours: u128,
}

/// What a series came to on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsedOnDay {
    /// When.
    pub date: UsageDate,
    /// What.
    pub used: SeriesUsage,
}

const PAGE: u32 = 1_000;
const HOUR: u128 = 3_600_000_000;

/// What each series of a tenant came to on these days, until now.
///
/// # Errors
/// The store failed, or what is there can't be reckoned with.
pub async fn usage_summary(
    store: &dyn UsageStore,
    tenant: &TenantId,
    dates: Range<UsageDate>,
    now: Timestamp,
) -> Result<Vec<SeriesUsage>, StoreError> {
    let levels = collect(store, tenant, dates.clone(), Wanted::Levels).await?;
    let totals = levels.into_iter().map(|(series, rows)| rows.total(series, &dates, now));
    let mut all = totals.collect::<Option<Vec<_>>>().ok_or_else(beyond)?;
    // In the order of series levels come before sums.
    all.extend(sums(store, tenant, dates).await?);
    Ok(all)
}

async fn sums(
    store: &dyn UsageStore,
    tenant: &TenantId,
    dates: Range<UsageDate>,
) -> Result<Vec<SeriesUsage>, StoreError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.sums(tenant, dates.clone(), after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|sum| sum.series.clone());
        all.extend(page.into_iter().map(|SeriesSum { series, records, amount }| SeriesUsage {
            series,
            records,
            quantity: amount,
            unit_hours: 0,
        }));
        if is_last {
            return Ok(all);
        }
    }
}

/// What each series of a tenant came to on each of these days, until now, in the order of days. At most 366 days are told.
///
/// # Errors
/// The store failed, or what is there can't be reckoned with.
pub async fn usage_history(
    store: &dyn UsageStore,
    tenant: &TenantId,
    mut dates: Range<UsageDate>,
    now: Timestamp,
) -> Result<Vec<UsedOnDay>, StoreError> {
    dates.end = dates.end.min(UsageDate::from_days(dates.start.as_days().saturating_add(366)));
    let all = collect(store, tenant, dates.clone(), Wanted::All).await?;
    let mut days = Vec::new();
    for (series, rows) in all {
        days.extend(rows.each(&series, &dates, now).ok_or_else(beyond)?);
    }
    days.sort_by(|one, other| (one.date, &one.used.series).cmp(&(other.date, &other.used.series)));
    Ok(days)
}

fn beyond() -> StoreError {
    StoreError::unavailable("usage is beyond what can be reckoned with")
}

/// What is known of a series.
#[derive(Default)]
struct Rows {
    carried: u64,
    days: BTreeMap<UsageDate, UsageDay>,
}

/// Which series are read day by day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Levels,
}

async fn collect(
    store: &dyn UsageStore,
    tenant: &TenantId,
    dates: Range<UsageDate>,
    wanted: Wanted,
) -> Result<BTreeMap<UsageSeries, Rows>, StoreError> {
    let mut all = BTreeMap::<UsageSeries, Rows>::new();
    let mut after = None;
    loop {
        let page = store.levels_before(tenant, dates.start, after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|level| level.series.clone());
        for level in page {
            all.entry(level.series).or_default().carried = level.level;
        }
        if is_last {
            break;
        }
    }
    let mut after = None::<(UsageSeries, UsageDate)>;
    loop {
        let behind = after.as_ref().map(|(series, date)| (series, *date));
        let page = store.days(tenant, dates.clone(), behind, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|day| (day.series.clone(), day.date));
        for day in page {
            // In the order of series all levels were there by now.
            if wanted == Wanted::Levels && day.series.measure == Measure::Sum {
                return Ok(all);
            }
            all.entry(day.series.clone()).or_default().days.insert(day.date, day);
        }
        if is_last {
            return Ok(all);
        }
    }
}

impl Rows {
    fn total(&self, series: UsageSeries, dates: &Range<UsageDate>, now: Timestamp) -> Option<SeriesUsage> {
        let records = self.days.values().map(|day| day.records).sum();
        let (quantity, unit_hours) = match series.measure {
            Measure::Sum => (sum(self.days.values())?, 0),
            Measure::Level => {
                let courses = self.courses(dates, now)?;
                let all = courses.into_iter().try_fold(Course::default(), |all, (_, day)| all.and(day))?;
                (u128::from(all.peak), hours(all.area)?)
            }
        };
        Some(SeriesUsage { series, records, quantity, unit_hours })
    }

    fn each(&self, series: &UsageSeries, dates: &Range<UsageDate>, now: Timestamp) -> Option<Vec<UsedOnDay>> {
        let used = |date: UsageDate, quantity, unit_hours| {
            let records = self.days.get(&date).map_or(0, |day| day.records);
            UsedOnDay { date, used: SeriesUsage { series: series.clone(), records, quantity, unit_hours } }
        };
        match series.measure {
            Measure::Sum => Some(self.days.values().map(|day| used(day.date, day.amount, 0)).collect()),
            Measure::Level => {
                let days = self.courses(dates, now)?.into_iter();
                days.map(|(date, day)| Some(used(date, u128::from(day.peak), hours(day.area)?))).collect()
            }
        }
    }

    /// Each day that has begun.
    fn courses(&self, dates: &Range<UsageDate>, now: Timestamp) -> Option<Vec<(UsageDate, Course)>> {
        let (mut date, mut carried, mut days) = (dates.start, self.carried, Vec::new());
        while date < dates.end && (date.start() < now || self.days.contains_key(&date)) {
            let (day, last) = course(carried, date, self.days.get(&date), now)?;
            days.push((date, day));
            (date, carried) = (date.next(), last);
        }
        Some(days)
    }
}

fn sum<'a>(days: impl Iterator<Item = &'a UsageDay>) -> Option<u128> {
    days.map(|day| day.amount).try_fold(0, u128::checked_add)
}

/// Rounded once, to the nearest.
fn hours(area: u128) -> Option<u128> {
    Some(area.checked_add(HOUR / 2)? / HOUR)
}

#[cfg(test)]
mod tests;
