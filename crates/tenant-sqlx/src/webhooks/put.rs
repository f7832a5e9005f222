//! Putting events into the outbox: by themselves, or within what they tell of.

use tenant_core::{
    StoreError, StoreErrorKind, TenantContext,
    webhooks::{InvalidOutboxEvent, OutboxEvent, Told},
};

use super::statements::{ADD_DELIVERY, ADD_EVENT, HEARS, IS_FULL, IS_THERE};
use crate::{
    ScopedTransaction,
    driver::{Cell, Sql, TenantDatabase},
    own::{Own, again, fetch, row::Row, taken},
};

/// How often somebody else may put the same at the same moment.
const TRIES: usize = 10;

pub(super) async fn put<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    events: &[OutboxEvent],
    most_waiting: u32,
) -> Result<Told, StoreError> {
    events.iter().try_for_each(|event| check(tenant, event))?;
    for _ in 0..TRIES {
        match again::<DB, _, _, _>(|| attempt(own, events, most_waiting)).await {
            // Somebody was a moment earlier, and is seen by the next look.
            Err(error) if error.kind() == StoreErrorKind::AlreadyExists => {}
            answer => return answer,
        }
    }
    Err(StoreError::unavailable("others were always a moment earlier"))
}

async fn attempt<DB: TenantDatabase>(
    own: &Own<DB>,
    events: &[OutboxEvent],
    most_waiting: u32,
) -> Result<Told, StoreError> {
    let (mut tx, _turn) = own.begin().await?;
    let mut told = Told::default();
    for event in events {
        let hears = fetch::<DB>(&mut tx, HEARS, hears(event)).await?;
        if hears.is_empty() || !fetch::<DB>(&mut tx, IS_THERE, key(event).into()).await?.is_empty() {
            continue;
        }
        if !fetch::<DB>(&mut tx, IS_FULL, fullness(event, most_waiting)).await?.is_empty() {
            told.left_out += 1;
            continue;
        }
        told.deliveries += count(&hears);
        for (sql, cells) in writes(event, hears)? {
            let earlier =
                |error| taken(error, StoreErrorKind::AlreadyExists, "somebody was a moment earlier");
            DB::execute(&mut tx, sql, cells).await.map_err(earlier)?;
        }
    }
    tx.commit().await.map_err(StoreError::unavailable)?;
    Ok(told)
}

/// The same, as a part of what the event tells of.
pub(super) async fn put_within<DB: TenantDatabase>(
    tx: &mut ScopedTransaction<'_, DB>,
    event: &OutboxEvent,
    most_waiting: u32,
) -> Result<Told, sqlx::Error> {
    check(tx.tenant(), event).map_err(configuration)?;
    if !tx.tenant().config().placement.is_shared() {
        return Err(configuration(invalid("the tenant lives elsewhere than the outbox is")));
    }
    let mut told = Told::default();
    let hears = tx.fetch_own(HEARS, hears(event)).await?;
    if hears.is_empty() || !tx.fetch_own(IS_THERE, key(event).into()).await?.is_empty() {
        return Ok(told);
    }
    if !tx.fetch_own(IS_FULL, fullness(event, most_waiting)).await?.is_empty() {
        told.left_out = 1;
        return Ok(told);
    }
    told.deliveries = count(&hears);
    for (sql, cells) in writes(event, hears).map_err(configuration)? {
        tx.run_own(sql, cells).await?;
    }
    Ok(told)
}

fn check(tenant: &TenantContext, event: &OutboxEvent) -> Result<(), StoreError> {
    if event.tenant != *tenant.id() {
        return Err(invalid("the event is another tenant's"));
    }
    event.check().map_err(|problem: InvalidOutboxEvent| invalid(&problem.to_string()))
}

fn invalid(problem: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, problem)
}

fn configuration(error: StoreError) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(error))
}

fn key(event: &OutboxEvent) -> [Cell; 2] {
    [event.tenant.as_str().into(), (*event.id).into()]
}

fn hears(event: &OutboxEvent) -> Vec<Cell> {
    vec![event.tenant.as_str().into(), (*event.kind).into()]
}

/// Beyond the last that may wait.
fn fullness(event: &OutboxEvent, most_waiting: u32) -> Vec<Cell> {
    vec![event.tenant.as_str().into(), i64::from(most_waiting.max(1) - 1).into()]
}

fn count(hears: &[Vec<Cell>]) -> u64 {
    u64::try_from(hears.len()).unwrap_or(u64::MAX)
}

/// The event, and a delivery to each of these.
fn writes(event: &OutboxEvent, hears: Vec<Vec<Cell>>) -> Result<Vec<(Sql, Vec<Cell>)>, StoreError> {
    let OutboxEvent { id: _, kind, tenant: _, created_at, data } = event;
    let created_at = created_at.as_unix_micros();
    let mut cells = Vec::from(key(event));
    cells.extend([(**kind).into(), created_at.into(), (**data).into()]);
    let mut writes = vec![(ADD_EVENT, cells)];
    for webhook in hears {
        let mut cells = Vec::from(key(event));
        cells.extend([Row::new(webhook).text()?.into(), created_at.into()]);
        writes.push((ADD_DELIVERY, cells));
    }
    Ok(writes)
}
