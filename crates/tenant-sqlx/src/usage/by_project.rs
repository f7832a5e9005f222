//! What projects used, added up by the database.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

use tenant_core::{
    StoreError, TenantId,
    usage::{Measure, UsageDate, UsageKind, UsedByProject},
};

use super::{
    read,
    statements::{BY_PROJECT, CARRIED_BY_PROJECT},
};
use crate::{
    driver::{Cell, TenantDatabase},
    own::{Own, row::Row},
};

/// All that was told of a level so far, and whether it was told from the beginning.
type Found = BTreeMap<(Box<str>, UsageKind), (u128, bool)>;

pub(super) async fn read<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantId,
    projects: RangeInclusive<&str>,
    dates: Range<UsageDate>,
) -> Result<Vec<UsedByProject>, StoreError> {
    let (first, last) = projects.into_inner();
    let page = || -> Vec<Cell> { vec![tenant.as_str().into(), first.into(), last.into()] };
    let (start, end) = (Cell::from(dates.start.as_days()), Cell::from(dates.end.as_days()));
    let mut found = Found::new();
    for row in own.read(BY_PROJECT, [page(), vec![start.clone(), end]].concat()).await? {
        add(&mut found, &mut Row::new(row), dates.start)?;
    }
    // What was there as the days began, and was not told again in them from the beginning.
    for row in own.read(CARRIED_BY_PROJECT, [page(), vec![start.clone(), start]].concat()).await? {
        let mut row = Row::new(row);
        let carried = read::carried(&mut row)?;
        let Some(project) = carried.series.project else { continue };
        let (quantity, is_whole) = found.entry((project, carried.series.kind)).or_default();
        if !*is_whole {
            *quantity = (*quantity).max(carried.level.into());
        }
    }
    let used = |((project, kind), (quantity, _))| UsedByProject::new(project, kind, quantity);
    Ok(found.into_iter().map(used).collect())
}

fn add(found: &mut Found, row: &mut Row, start: UsageDate) -> Result<(), StoreError> {
    let series = read::series(row)?;
    let amount = read::summed(row)?;
    let (first_at, peak) = (row.optional_moment()?, row.optional_integer()?);
    let Some(project) = series.project else { return Ok(()) };
    let (quantity, is_whole) = found.entry((project, series.kind)).or_default();
    match series.measure {
        Measure::Sum => {
            *quantity += amount;
        }
        Measure::Level => {
            *quantity = (*quantity).max(u128::try_from(peak.unwrap_or(0)).unwrap_or(0));
            *is_whole = first_at.is_some_and(|first_at| first_at <= start.start());
        }
    }
    Ok(())
}
