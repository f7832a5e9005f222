//! Rows of usage, read.

use tenant_core::{
    StoreError,
    usage::{
        CarriedLevel, LevelOfDay, Measure, SeriesSum, UsageDate, UsageDay, UsageKind, UsageRecord,
        UsageSeries,
    },
};

use crate::{
    driver::Cell,
    own::row::{Row, corrupt},
};

/// What an amount's high part counts.
pub(super) const HIGH: u128 = 1_000_000_000_000_000_000;

/// An amount, as two columns hold it.
pub(super) fn split(amount: u128) -> Result<(i64, i64), StoreError> {
    let part = |part: u128| i64::try_from(part).map_err(|_| corrupt());
    Ok((part(amount / HIGH)?, part(amount % HIGH)?))
}

/// An integer that was checked to have room for a sign.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Where a page begins: an empty measure is before all.
pub(super) fn behind(series: Option<&UsageSeries>) -> [Cell; 3] {
    match series {
        Some(series) => cells_of(series),
        None => ["".into(), "".into(), "".into()],
    }
}

pub(super) fn cells_of(series: &UsageSeries) -> [Cell; 3] {
    let UsageSeries { measure, project, kind } = series;
    [measure.as_str().into(), project.as_deref().unwrap_or("").into(), kind.as_str().into()]
}

pub(super) fn day(row: &mut Row) -> Result<UsageDay, StoreError> {
    let series = series(row)?;
    let date = UsageDate::from_days(row.integer()?);
    if !date.is_written() {
        return Err(corrupt());
    }
    let records = natural(row)?;
    let (high, low) = (natural(row)?, natural(row)?);
    let amount = u128::from(high) * HIGH + u128::from(low);
    Ok(UsageDay { series, date, records, amount, level: level(row)? })
}

pub(super) fn sum(row: &mut Row) -> Result<SeriesSum, StoreError> {
    Ok(SeriesSum { series: series(row)?, records: natural(row)?, amount: summed(row)? })
}

/// What a part of an amount's lower half counts: so many of each add up without going beyond what an integer holds.
const MIDDLE: u128 = 1_000_000_000;

/// An amount that was added up in its parts.
pub(super) fn summed(row: &mut Row) -> Result<u128, StoreError> {
    let (high, middle, low) = (natural(row)?, natural(row)?, natural(row)?);
    Ok(u128::from(high) * HIGH + u128::from(middle) * MIDDLE + u128::from(low))
}

pub(super) fn carried(row: &mut Row) -> Result<CarriedLevel, StoreError> {
    Ok(CarriedLevel { series: series(row)?, level: natural(row)? })
}

pub(super) fn record(row: &mut Row) -> Result<UsageRecord, StoreError> {
    let (tenant, time, record_id, key) = (row.tenant()?, row.moment()?, row.text()?, row.text()?);
    let (project, kind, measure) = (project(row)?, kind(row)?, measure(row)?);
    let mut record = UsageRecord::new(record_id, tenant, kind, natural(row)?, time);
    (record.project, record.measure) = (project, measure);
    record.metadata = row.parsed(|text| serde_json::from_str(text).ok())?;
    record.idempotency_key = key.strip_prefix(GIVEN).map(Into::into);
    record.check().map_err(|_| corrupt())?;
    Ok(record)
}

/// Before a key that was given. Without one a record is its own, and no tenant's key is another record's id.
const GIVEN: &str = "k:";
const OWN: &str = "r:";

pub(super) fn key(record: &UsageRecord) -> String {
    match &record.idempotency_key {
        Some(key) => given(key),
        None => format!("{OWN}{}", record.record_id),
    }
}

/// What a key of the tenant's own is kept as.
pub(super) fn given(key: &str) -> String {
    format!("{GIVEN}{key}")
}

pub(super) fn series(row: &mut Row) -> Result<UsageSeries, StoreError> {
    Ok(UsageSeries { measure: measure(row)?, project: project(row)?, kind: kind(row)? })
}

fn measure(row: &mut Row) -> Result<Measure, StoreError> {
    row.parsed(Measure::parse)
}

fn project(row: &mut Row) -> Result<Option<Box<str>>, StoreError> {
    let project = row.text()?;
    Ok((!project.is_empty()).then(|| project.into()))
}

fn kind(row: &mut Row) -> Result<UsageKind, StoreError> {
    row.parsed(|text| UsageKind::parse(text).ok())
}

fn level(row: &mut Row) -> Result<Option<LevelOfDay>, StoreError> {
    let (first_at, last_at) = (row.optional_moment()?, row.optional_moment()?);
    let (last, peak) = (row.optional_integer()?, row.optional_integer()?);
    let (Some(first_at), Some(last_at), Some(last), Some(peak)) = (first_at, last_at, last, peak) else {
        return Ok(None);
    };
    let natural = |number: i64| u64::try_from(number).map_err(|_| corrupt());
    Ok(Some(LevelOfDay { first_at, last_at, last: natural(last)?, peak: natural(peak)? }))
}

pub(super) fn natural(row: &mut Row) -> Result<u64, StoreError> {
    u64::try_from(row.integer()?).map_err(|_| corrupt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_day_of_the_highest_level_is_kept() {
        let (high, low) = split(86_400_000_000 * u128::from(u64::MAX)).unwrap();
        assert_eq!(
            u128::try_from(high).unwrap() * HIGH + u128::try_from(low).unwrap(),
            86_400_000_000 * u128::from(u64::MAX)
        );
        assert!(split(u128::MAX).is_err());
    }
}
