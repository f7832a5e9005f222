//! Recording many at once.
//!
//! All take what they hold in one order: the days of levels, keys, the days of sums. A key that is there is seen by
//! the write, which then begins anew with a look for keys; and anew, where somebody comes between the look and the write.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use tenant_core::{
    StoreError, StoreErrorKind, TenantId,
    usage::{Measure, UsageDate, UsageRecord, UsageSeries, UsageVerdict},
};

use super::{
    levels::Levels,
    read::{self, cells_of, integer, key, split},
    statements::{ADD, ADD_DAY, ADD_MANY, ASKED, COUNT, KNOWN, MANY},
};
use crate::{
    driver::{Cell, Sql, TenantDatabase},
    own::{Own, again, fetch, row::Row, run, taken},
};

/// A series of a tenant on a day.
pub(super) type Place = (TenantId, UsageSeries, UsageDate);
/// Keys, each of its own tenant.
type Keyed<T> = HashMap<(TenantId, String), T>;

/// How often others may come first.
const TRIES: usize = 30;

pub(super) async fn record<DB: TenantDatabase>(
    own: &Own<DB>,
    records: &[UsageRecord],
) -> Result<Vec<UsageVerdict>, StoreError> {
    // Most were never said before: that one was shows at the write, and only then are keys looked for.
    let mut asks = false;
    for _ in 0..TRIES {
        match again::<DB, _, _, _>(|| attempt(own, records, asks)).await {
            Err(error) if error.kind() == StoreErrorKind::AlreadyExists => asks = true,
            answer => return answer,
        }
    }
    Err(StoreError::unavailable("others were always a moment earlier"))
}

async fn attempt<DB: TenantDatabase>(
    own: &Own<DB>,
    records: &[UsageRecord],
    asks: bool,
) -> Result<Vec<UsageVerdict>, StoreError> {
    let (mut tx, _turn) = own.begin().await?;
    let mut levels = Levels::hold::<DB>(&mut tx, records).await?;
    let known = known::<DB>(&mut tx, if asks { records } else { &[] }).await?;
    let (verdicts, fresh) = judge(records, known);
    add::<DB>(&mut tx, &fresh).await?;
    levels.count::<DB>(&mut tx, &fresh).await?;
    count::<DB>(&mut tx, &fresh).await?;
    tx.commit().await.map_err(StoreError::unavailable)?;
    Ok(verdicts)
}

/// What was said before with the keys of these.
async fn known<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    records: &[UsageRecord],
) -> Result<Keyed<UsageRecord>, StoreError> {
    let asked: Vec<_> = records.iter().map(|record| (record.tenant, key(record))).collect();
    let mut known = Keyed::with_capacity(asked.len());
    for some in asked.chunks(ASKED) {
        let cells = some.iter().cycle().take(ASKED);
        let cells = cells.flat_map(|(tenant, key)| [tenant.as_str().into(), key.as_str().into()]).collect();
        for row in fetch::<DB>(connection, KNOWN, cells).await? {
            let record = read::record(&mut Row::new(row))?;
            known.insert((record.tenant, key(&record)), record);
        }
    }
    Ok(known)
}

/// What becomes of each, and which of them count.
fn judge(records: &[UsageRecord], mut known: Keyed<UsageRecord>) -> (Vec<UsageVerdict>, Vec<&UsageRecord>) {
    let mut fresh = Vec::with_capacity(records.len());
    let verdicts = records.iter().map(|record| match known.entry((record.tenant, key(record))) {
        Entry::Vacant(free) => {
            free.insert(record.clone());
            fresh.push(record);
            UsageVerdict::New
        }
        Entry::Occupied(first) => verdict(record, first.get()),
    });
    let verdicts = verdicts.collect();
    (verdicts, fresh)
}

fn verdict(record: &UsageRecord, first: &UsageRecord) -> UsageVerdict {
    match (first.record_id == record.record_id, record.says_as(first)) {
        // It was counted, and nobody heard of it.
        (true, true) => UsageVerdict::New,
        (false, true) => UsageVerdict::Repeated(first.record_id.clone()),
        (_, false) => UsageVerdict::Conflict,
    }
}

async fn add<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    fresh: &[&UsageRecord],
) -> Result<(), StoreError> {
    let mut keyed: Vec<_> = fresh.iter().map(|record| (record.tenant, key(record), *record)).collect();
    keyed.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    let (many, rest) = keyed.split_at(keyed.len() - keyed.len() % MANY);
    for some in many.chunks(MANY) {
        insert::<DB>(connection, ADD_MANY, some.iter().flat_map(cells).collect()).await?;
    }
    for one in rest {
        insert::<DB>(connection, ADD, cells(one).into()).await?;
    }
    Ok(())
}

fn cells((tenant, key, record): &(TenantId, String, &UsageRecord)) -> [Cell; 9] {
    [
        tenant.as_str().into(),
        record.time.as_unix_micros().into(),
        (*record.record_id).into(),
        key.as_str().into(),
        record.project.as_deref().unwrap_or("").into(),
        record.kind.as_str().into(),
        record.measure.as_str().into(),
        integer(record.quantity).into(),
        record.metadata_text().into(),
    ]
}

/// Somebody else's row makes it begin anew.
pub(super) async fn insert<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<(), StoreError> {
    let earlier = |error| taken(error, StoreErrorKind::AlreadyExists, "somebody was a moment earlier");
    DB::execute(connection, sql, cells).await.map(drop).map_err(earlier)
}

async fn count<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    fresh: &[&UsageRecord],
) -> Result<(), StoreError> {
    let mut sums = BTreeMap::<Place, (i64, u128)>::new();
    for record in fresh.iter().filter(|record| record.measure == Measure::Sum) {
        let (records, amount) = sums.entry((record.tenant, record.series(), record.date())).or_default();
        *records += 1;
        *amount += u128::from(record.quantity);
    }
    for (place, (records, amount)) in &sums {
        let (high, low) = split(*amount)?;
        let mut cells = [*records, high, low, low, low].map(Cell::from).to_vec();
        cells.extend(place_cells(place));
        let is_there = run::<DB>(connection, COUNT, cells).await? > 0;
        if !is_there {
            add_day::<DB>(connection, place, [*records, high, low]).await?;
        }
    }
    Ok(())
}

pub(super) async fn add_day<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    place: &Place,
    amounts: [i64; 3],
) -> Result<(), StoreError> {
    let mut cells = amounts.map(Cell::from).to_vec();
    cells.extend(place_cells(place));
    insert::<DB>(connection, ADD_DAY, cells).await
}

pub(super) fn place_cells((tenant, series, date): &Place) -> Vec<Cell> {
    let mut cells = vec![tenant.as_str().into()];
    cells.extend(cells_of(series));
    cells.push(date.as_days().into());
    cells
}
