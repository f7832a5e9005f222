//! The audit log, in the database of the tenants' configs.

use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    audit::{
        AuditEnds, AuditEntry, AuditEvent, AuditFilter, AuditOutcome, AuditStore, ChainLink, Digest, Seal,
    },
};

use crate::{
    TenantDb,
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{
        NUL, Own, again, fetch, is_exact,
        row::{Row, corrupt, hex},
        run,
    },
};

/// Keeps the audit log in the table `tenant_audit` of [`TenantDb::migrate_tenants`].
///
/// Who appends holds one row until that is committed, so that the chain has one order whichever instance writes: write many events
/// at once.
#[derive(Debug)]
pub struct DbAudit<DB: TenantDatabase>(Own<DB>);

macro_rules! columns {
    () => {
        "event_id, time, tenant_id, actor, action, resource_type, resource_id, outcome, request_id"
    };
}

/// Written, not only read, so that whoever comes next waits on every database.
const TAKE_TURN: Sql = sql!("UPDATE tenant_audit_ends SET last_number = last_number + 1 WHERE id = 1");
const ENDS: Sql = sql!(
    "SELECT forgotten_number, forgotten_digest, last_number, last_digest FROM tenant_audit_ends WHERE id = 1"
);
const SET_LAST: Sql = sql!("UPDATE tenant_audit_ends SET last_number = ?, last_digest = ? WHERE id = 1");
const SET_FORGOTTEN: Sql =
    sql!("UPDATE tenant_audit_ends SET forgotten_number = ?, forgotten_digest = ? WHERE id = 1");
const IS_THERE: Sql = sql!("SELECT number FROM tenant_audit WHERE event_id = ?");
const ADD: Sql = sql!(
    "INSERT INTO tenant_audit (number, digest, ",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);
const AFTER: Sql = sql!(
    "SELECT number, digest, ",
    columns!(),
    " FROM tenant_audit WHERE number > ? ORDER BY number LIMIT ?"
);
const OLDEST: Sql = sql!("SELECT number, digest, time FROM tenant_audit ORDER BY number LIMIT ?");
const FORGET: Sql = sql!("DELETE FROM tenant_audit WHERE number <= ?");

// A page is read along an index from where it begins, whatever is looked for: somebody who did little, or what happened long ago, is not
// looked for among all that others did since. Besides what an index begins with, what is not looked for is an empty text.
macro_rules! page {
    ($($first:literal)?) => {
        sql!(
            "SELECT ",
            columns!(),
            " FROM tenant_audit WHERE ",
            $($first, " AND ",)?
            "time >= ? AND time <= ? AND (time < ? OR number < ?) AND (? = '' OR actor = ?) AND (? = '' OR action = ?) \
             AND (? = '' OR resource_type = ?) ORDER BY time DESC, number DESC LIMIT ?"
        )
    };
}

const LIST: Sql = page!("tenant_id = ?");
const LIST_OF_ACTOR: Sql = page!("tenant_id = ? AND actor = ?");
const LIST_OF_ACTION: Sql = page!("tenant_id = ? AND action = ?");
const LIST_OF_RESOURCE: Sql = page!("tenant_id = ? AND resource_type = ?");
const LIST_ALL: Sql = page!();
const LIST_ALL_OF_ACTOR: Sql = page!("actor = ?");
const LIST_ALL_OF_ACTION: Sql = page!("action = ?");
const PLACE: Sql = sql!("SELECT time, number FROM tenant_audit WHERE tenant_id = ? AND event_id = ?");
const PLACE_IN_ALL: Sql = sql!("SELECT time, number FROM tenant_audit WHERE event_id = ?");

/// How many are forgotten in one transaction: nobody waits for long behind them.
const BATCH: u32 = 500;

impl<DB: TenantDatabase> DbAudit<DB> {
    /// That of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    async fn try_append(&self, events: &[AuditEvent], seal: &Seal<'_>) -> Result<(), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let mut last = take_turn::<DB>(&mut tx).await?.last;
        for event in events {
            if !fetch::<DB>(&mut tx, IS_THERE, vec![(*event.event_id).into()]).await?.is_empty() {
                continue;
            }
            let number = last.number + 1;
            last = ChainLink::new(number, seal(&last.digest, number, event));
            run::<DB>(&mut tx, ADD, write(&last, event)?).await?;
        }
        run::<DB>(&mut tx, SET_LAST, vec![integer(last.number).into(), hex(&last.digest).into()]).await?;
        tx.commit().await.map_err(StoreError::unavailable)
    }

    /// The time and the number of an event in a log; where none is looked for, those of one to come.
    async fn place(
        &self,
        tenant: Option<&TenantId>,
        event_id: Option<&str>,
    ) -> Result<(i64, i64), StoreError> {
        let missing = || StoreError::new(StoreErrorKind::NotFound, "there is no such event");
        let Some(event_id) = event_id else { return Ok((i64::MAX, i64::MAX)) };
        if !is_exact(event_id) {
            return Err(missing());
        }
        let rows = match tenant {
            Some(tenant) => self.0.read(PLACE, vec![tenant.as_str().into(), event_id.into()]).await?,
            None => self.0.read(PLACE_IN_ALL, vec![event_id.into()]).await?,
        };
        let mut row = Row::new(rows.into_iter().next().ok_or_else(missing)?);
        Ok((row.integer()?, row.integer()?))
    }

    /// Where the chain begins now, and how many are gone by it.
    async fn forget_some(&self, older_than: Timestamp, limit: u32) -> Result<(ChainLink, u64), StoreError> {
        let (mut tx, _turn) = self.0.begin().await?;
        let ends = take_turn::<DB>(&mut tx).await?;
        let mut forgotten = ends.forgotten;
        for cells in fetch::<DB>(&mut tx, OLDEST, vec![i64::from(limit).into()]).await? {
            let mut row = Row::new(cells);
            let (link, time) = (link(&mut row)?, row.moment()?);
            if time >= older_than {
                break;
            }
            forgotten = link;
        }
        let gone = run::<DB>(&mut tx, FORGET, vec![integer(forgotten.number).into()]).await?;
        let cells = vec![integer(forgotten.number).into(), hex(&forgotten.digest).into()];
        run::<DB>(&mut tx, SET_FORGOTTEN, cells).await?;
        run::<DB>(&mut tx, SET_LAST, vec![integer(ends.last.number).into(), hex(&ends.last.digest).into()])
            .await?;
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok((forgotten, gone))
    }
}

/// Where the chain ends, which nobody else changes from now on.
async fn take_turn<DB: TenantDatabase>(connection: &mut DB::Connection) -> Result<AuditEnds, StoreError> {
    run::<DB>(connection, TAKE_TURN, vec![]).await?;
    let mut ends = ends(fetch::<DB>(connection, ENDS, vec![]).await?)?;
    ends.last.number = ends.last.number.checked_sub(1).ok_or_else(corrupt)?;
    Ok(ends)
}

fn ends(rows: Vec<Vec<Cell>>) -> Result<AuditEnds, StoreError> {
    let mut row = Row::new(rows.into_iter().next().ok_or_else(corrupt)?);
    Ok(AuditEnds::new(link(&mut row)?, link(&mut row)?))
}

fn link(row: &mut Row) -> Result<ChainLink, StoreError> {
    let number = u64::try_from(row.integer()?).map_err(|_| corrupt())?;
    let digest: Digest = row.digest()?;
    Ok(ChainLink::new(number, digest))
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// As the columns of the narrowest of the databases hold them, so that what is written is what is sealed.
fn write(link: &ChainLink, event: &AuditEvent) -> Result<Vec<Cell>, StoreError> {
    let AuditEvent { event_id, time, tenant, actor, action, resource_type, resource_id, outcome, request_id } =
        event;
    let parts = [
        (Some(&**event_id), 64),
        (Some(&**actor), 255),
        (Some(&**action), 64),
        (Some(&**resource_type), 64),
        (resource_id.as_deref(), 255),
        (request_id.as_deref(), 64),
    ];
    for (text, most) in parts {
        check(text.unwrap_or(""), most)?;
    }
    Ok(vec![
        integer(link.number).into(),
        hex(&link.digest).into(),
        (**event_id).into(),
        time.as_unix_micros().into(),
        tenant.as_ref().map(TenantId::as_str).into(),
        (**actor).into(),
        (**action).into(),
        (**resource_type).into(),
        resource_id.as_deref().into(),
        outcome.as_str().into(),
        request_id.as_deref().into(),
    ])
}

/// A refusal of this event alone: a failure of the database would be tried again, with all that came together with it.
fn check(text: &str, most: usize) -> Result<(), StoreError> {
    let invalid = |message| Err(StoreError::new(StoreErrorKind::Invalid, message));
    if text.chars().count() > most {
        return invalid("a part of the event is too long to be kept");
    }
    if text.contains(NUL) {
        return invalid("a part of the event has a NUL");
    }
    Ok(())
}

fn read(row: &mut Row) -> Result<AuditEvent, StoreError> {
    let (event_id, time) = (row.text()?, row.moment()?);
    let tenant =
        row.optional_text()?.map(|text| TenantId::parse(&text).map_err(|_| corrupt())).transpose()?;
    let (actor, action, resource_type) = (row.text()?, row.text()?, row.text()?);
    let mut event = AuditEvent::new(event_id, time, actor, action, resource_type);
    event.tenant = tenant;
    event.resource_id = row.optional_text()?.map(String::into_boxed_str);
    event.outcome = row.parsed(|text| AuditOutcome::parse(text).ok())?;
    event.request_id = row.optional_text()?.map(String::into_boxed_str);
    Ok(event)
}

/// Whether it asks for a text that no event has.
fn is_of_nothing(filter: &AuditFilter) -> bool {
    let AuditFilter { from: _, until: _, actor, action, resource_type } = filter;
    [actor, action, resource_type].into_iter().flatten().any(|text| text.contains(NUL))
}

/// The statement whose index finds fewest, and its values.
fn page(tenant: Option<&TenantId>, filter: &AuditFilter, before: (i64, i64), limit: u32) -> (Sql, Vec<Cell>) {
    let AuditFilter { from: _, until: _, actor, action, resource_type } = filter;
    let mut rest = filter.clone();
    let (sql, first) = match (tenant, actor, action, resource_type) {
        (Some(_), Some(_), _, _) => (LIST_OF_ACTOR, rest.actor.take()),
        (Some(_), None, Some(_), _) => (LIST_OF_ACTION, rest.action.take()),
        (Some(_), None, None, Some(_)) => (LIST_OF_RESOURCE, rest.resource_type.take()),
        (Some(_), None, None, None) => (LIST, None),
        (None, Some(_), _, _) => (LIST_ALL_OF_ACTOR, rest.actor.take()),
        (None, None, Some(_), _) => (LIST_ALL_OF_ACTION, rest.action.take()),
        (None, None, None, _) => (LIST_ALL, None),
    };
    let tenant = tenant.map(|tenant| Cell::from(tenant.as_str()));
    let mut cells: Vec<Cell> = tenant.into_iter().chain(first.map(Cell::from)).collect();
    cells.extend(wanted(&rest, before, limit));
    (sql, cells)
}

fn wanted(filter: &AuditFilter, (time, number): (i64, i64), limit: u32) -> Vec<Cell> {
    let AuditFilter { from, until, actor, action, resource_type } = filter;
    let from = from.map_or(i64::MIN, Timestamp::as_unix_micros);
    let last = until.map_or(i64::MAX, |until| until.as_unix_micros().saturating_sub(1));
    let mut cells = vec![from.into(), last.min(time).into(), time.into(), number.into()];
    for text in [actor, action, resource_type] {
        let text = text.as_deref().unwrap_or("");
        cells.extend([text.into(), text.into()]);
    }
    cells.push(i64::from(limit).into());
    cells
}

#[async_trait]
impl<DB: TenantDatabase> AuditStore for DbAudit<DB> {
    async fn append(&self, events: &[AuditEvent], seal: &Seal<'_>) -> Result<(), StoreError> {
        again::<DB, _, _, _>(|| self.try_append(events, seal)).await
    }

    async fn list(
        &self,
        tenant: Option<&TenantId>,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let place = self.place(tenant, before).await?;
        if is_of_nothing(filter) {
            return Ok(Vec::new());
        }
        let (sql, cells) = page(tenant, filter, place, limit);
        let rows = self.0.read(sql, cells).await?;
        rows.into_iter().map(|cells| read(&mut Row::new(cells))).collect()
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self.0.read(AFTER, vec![integer(number).into(), i64::from(limit).into()]).await?;
        let entry = |cells| {
            let mut row = Row::new(cells);
            Ok(AuditEntry::new(link(&mut row)?, read(&mut row)?))
        };
        rows.into_iter().map(entry).collect()
    }

    async fn ends(&self) -> Result<AuditEnds, StoreError> {
        ends(self.0.read(ENDS, vec![]).await?)
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<(ChainLink, u64), StoreError> {
        let (mut left, mut all) = (limit, 0);
        loop {
            let some = left.min(BATCH);
            let (first, gone) = again::<DB, _, _, _>(|| self.forget_some(older_than, some)).await?;
            all += gone;
            left -= some;
            if gone < u64::from(some) || left == 0 {
                return Ok((first, all));
            }
        }
    }
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[
            LIST,
            LIST_OF_ACTOR,
            LIST_OF_ACTION,
            LIST_OF_RESOURCE,
            LIST_ALL,
            LIST_ALL_OF_ACTOR,
            LIST_ALL_OF_ACTION,
            AFTER,
            PLACE,
            PLACE_IN_ALL,
            IS_THERE,
            FORGET,
        ])
        .await;
    }
}
