//! Levels: each is what it was told last, until it is told anew.
//!
//! A day holds what was told on it and nothing of the day before, so that one that comes late changes its own day alone.

use std::collections::{BTreeMap, BTreeSet};

use tenant_core::{
    StoreError, TenantId, Timestamp,
    usage::{LevelOfDay, Measure, UsageDate, UsageDay, UsageRecord, UsageSeries},
};

use super::{
    batch::{Place, add_day, insert, place_cells},
    read::{self, integer, split},
    statements::{ADD_CHANGE, CHANGE_AFTER, CHANGE_BEFORE, HELD, HOLD, SET_LEVEL},
};
use crate::{
    driver::{Cell, TenantDatabase},
    own::{
        fetch,
        row::{Row, corrupt},
        run,
    },
};

/// The days of levels, which nobody else changes from now on.
pub(super) struct Levels(BTreeMap<Place, UsageDay>);

impl Levels {
    /// Holds the days of all levels among these.
    pub(super) async fn hold<DB: TenantDatabase>(
        connection: &mut DB::Connection,
        records: &[UsageRecord],
    ) -> Result<Self, StoreError> {
        let levels = records.iter().filter(|record| record.measure == Measure::Level);
        let places: BTreeSet<_> =
            levels.map(|record| (record.tenant, record.series(), record.date())).collect();
        // All are held before the first is read: MySQL shows a transaction nothing that came after its first read.
        for place in &places {
            if run::<DB>(connection, HOLD, place_cells(place)).await? == 0 {
                add_day::<DB>(connection, place, [0, 1, 0]).await?;
            }
        }
        let mut held = BTreeMap::new();
        for place in places {
            let day = held_day::<DB>(connection, &place).await?;
            held.insert(place, day);
        }
        Ok(Self(held))
    }

    /// Counts those of them that are levels, and writes down all that is held.
    pub(super) async fn count<DB: TenantDatabase>(
        &mut self,
        connection: &mut DB::Connection,
        fresh: &[&UsageRecord],
    ) -> Result<(), StoreError> {
        for record in fresh.iter().filter(|record| record.measure == Measure::Level) {
            let place = (record.tenant, record.series(), record.date());
            let day = self.0.get_mut(&place).ok_or_else(corrupt)?;
            change::<DB>(connection, &record.tenant, day, record).await?;
        }
        for (place, day) in &self.0 {
            run::<DB>(connection, SET_LEVEL, cells(place, day)?).await?;
        }
        Ok(())
    }
}

async fn held_day<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    place: &Place,
) -> Result<UsageDay, StoreError> {
    let rows = fetch::<DB>(connection, HELD, place_cells(place)).await?;
    let mut day = read::day(&mut Row::new(rows.into_iter().next().ok_or_else(corrupt)?))?;
    day.amount = day.amount.checked_sub(read::HIGH).ok_or_else(corrupt)?;
    Ok(day)
}

/// Puts a change between those before and after it.
async fn change<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantId,
    day: &mut UsageDay,
    record: &UsageRecord,
) -> Result<(), StoreError> {
    let (before, until) = match day.level {
        None => (None, day.date.end()),
        Some(level) if record.time >= level.last_at => (Some(level.last), day.date.end()),
        Some(_) => neighbours::<DB>(connection, tenant, &day.series, day.date, record.time).await?,
    };
    let mut cells = series_cells(tenant, &day.series);
    cells.extend(
        [record.time.as_unix_micros(), integer(day.records), integer(record.quantity)].map(Cell::from),
    );
    insert::<DB>(connection, ADD_CHANGE, cells).await?;
    put(day, record, before, until).ok_or_else(corrupt)
}

/// What the level was before a moment of the day, and when it was told next.
async fn neighbours<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantId,
    series: &UsageSeries,
    date: UsageDate,
    time: Timestamp,
) -> Result<(Option<u64>, Timestamp), StoreError> {
    let between = |from: Timestamp, until: Timestamp| {
        let mut cells = series_cells(tenant, series);
        cells.extend([from, until].map(|moment| Cell::from(moment.as_unix_micros())));
        cells
    };
    let before = fetch::<DB>(connection, CHANGE_BEFORE, between(date.start(), time)).await?;
    let before = before.into_iter().next().map(|cells| Row::new(cells).integer()).transpose()?;
    let after = fetch::<DB>(connection, CHANGE_AFTER, between(time, date.end())).await?;
    let after = after.into_iter().next().map(|cells| Row::new(cells).moment()).transpose()?;
    let before = before.map(u64::try_from).transpose().map_err(|_| corrupt())?;
    Ok((before, after.unwrap_or_else(|| date.end())))
}

fn put(day: &mut UsageDay, record: &UsageRecord, before: Option<u64>, until: Timestamp) -> Option<()> {
    let lasts = u128::try_from(until.as_unix_micros().checked_sub(record.time.as_unix_micros())?).ok()?;
    let level = u128::from(record.quantity);
    // The one before it held until then, so far.
    day.amount = (day.amount + level * lasts).checked_sub(u128::from(before.unwrap_or(0)) * lasts)?;
    day.records += 1;
    let told = LevelOfDay {
        first_at: record.time,
        last_at: record.time,
        last: record.quantity,
        peak: record.quantity,
    };
    day.level = Some(day.level.map_or(told, |level| joined(level, told)));
    Some(())
}

fn joined(level: LevelOfDay, told: LevelOfDay) -> LevelOfDay {
    let last = if told.last_at >= level.last_at { told } else { level };
    LevelOfDay {
        first_at: level.first_at.min(told.first_at),
        last_at: last.last_at,
        last: last.last,
        peak: level.peak.max(told.peak),
    }
}

fn series_cells(tenant: &TenantId, series: &UsageSeries) -> Vec<Cell> {
    let project = series.project.as_deref().unwrap_or("");
    vec![tenant.as_str().into(), project.into(), series.kind.as_str().into()]
}

fn cells(place: &Place, day: &UsageDay) -> Result<Vec<Cell>, StoreError> {
    let (high, low) = split(day.amount)?;
    let mut cells = [integer(day.records), high, low].map(Cell::from).to_vec();
    let level = day.level;
    cells.push(level.map(|level| level.first_at.as_unix_micros()).into());
    cells.push(level.map(|level| level.last_at.as_unix_micros()).into());
    cells.push(level.map(|level| integer(level.last)).into());
    cells.push(level.map(|level| integer(level.peak)).into());
    cells.extend(place_cells(place));
    Ok(cells)
}
