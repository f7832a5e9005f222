//! What somebody else was told of usage.

use std::ops::Range;

use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    usage::{ToldDay, ToldPart, UsageDate, UsageLedger, UsageSeries},
};

use super::{
    DbUsage,
    read::{behind, cells_of, natural, series},
};
use crate::{
    driver::{Cell, Sql, TenantDatabase, sql},
    own::row::{Row, corrupt},
};

macro_rules! columns {
    () => {
        "measure, project, kind, day, revision, told, parts, amount, identifier, receiver, doubtful_since, \
         tries, failures, due_at"
    };
}

const TENANTS: Sql =
    sql!("SELECT DISTINCT tenant_id FROM tenant_usage_days WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?");
const TOLD: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_usage_exports WHERE tenant_id = ? AND exporter = ? AND day >= ? AND day < ? \
     AND (measure, project, kind, day) > (?, ?, ?, ?) ORDER BY measure, project, kind, day LIMIT ?"
);
const ADD: Sql = sql!(
    "INSERT INTO tenant_usage_exports (revision, told, parts, amount, identifier, receiver, doubtful_since, \
     tries, failures, due_at, tenant_id, exporter, measure, project, kind, day) \
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);
const CHANGE: Sql = sql!(
    "UPDATE tenant_usage_exports SET revision = revision + 1, told = ?, parts = ?, amount = ?, identifier = ?, \
     receiver = ?, doubtful_since = ?, tries = ?, failures = ?, due_at = ? \
     WHERE tenant_id = ? AND exporter = ? AND measure = ? AND project = ? AND kind = ? AND day = ? AND revision = ?"
);
const TENANTS_DUE: Sql = sql!(
    "SELECT DISTINCT tenant_id FROM tenant_usage_exports WHERE exporter = ? AND due_at <= ? AND tenant_id > ? \
     ORDER BY tenant_id LIMIT ?"
);
const DUE: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_usage_exports WHERE tenant_id = ? AND exporter = ? AND due_at <= ? \
     ORDER BY due_at, measure, project, kind, day LIMIT ?"
);
const OLD: Sql = sql!(
    "SELECT tenant_id, exporter, measure, project, kind, day FROM tenant_usage_exports \
     WHERE day < ? AND amount IS NULL LIMIT ?"
);
const FORGET: Sql = sql!(
    "DELETE FROM tenant_usage_exports WHERE tenant_id = ? AND exporter = ? AND measure = ? AND project = ? \
     AND kind = ? AND day = ?"
);

#[async_trait]
impl<DB: TenantDatabase> UsageLedger for DbUsage<DB> {
    async fn tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        self.ids(TENANTS, vec![behind_id(after), i64::from(limit).into()]).await
    }

    async fn told(
        &self,
        exporter: &str,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<(&UsageSeries, UsageDate)>,
        limit: u32,
    ) -> Result<Vec<ToldDay>, StoreError> {
        let mut cells = vec![tenant.as_str().into(), exporter.into()];
        cells.extend([dates.start.as_days().into(), dates.end.as_days().into()]);
        cells.extend(behind(after.map(|(series, _)| series)));
        cells.push(after.map_or(i64::MIN, |(_, date)| date.as_days()).into());
        cells.push(i64::from(limit).into());
        self.days_told(TOLD, cells).await
    }

    async fn write(&self, exporter: &str, tenant: &TenantId, day: &ToldDay) -> Result<bool, StoreError> {
        let mut cells = cells(day);
        cells.extend([tenant.as_str().into(), exporter.into()]);
        cells.extend(cells_of(&day.series));
        cells.push(day.date.as_days().into());
        if day.revision > 0 {
            cells.push(integer(day.revision));
            return Ok(self.0.write(CHANGE, cells).await? == 1);
        }
        match self.0.add(ADD, cells, "somebody was a moment earlier").await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == StoreErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn tenants_due(
        &self,
        exporter: &str,
        now: Timestamp,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError> {
        let now = now.as_unix_micros().into();
        self.ids(TENANTS_DUE, vec![exporter.into(), now, behind_id(after), i64::from(limit).into()]).await
    }

    async fn due(
        &self,
        exporter: &str,
        tenant: &TenantId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ToldDay>, StoreError> {
        let now = now.as_unix_micros().into();
        self.days_told(DUE, vec![tenant.as_str().into(), exporter.into(), now, i64::from(limit).into()]).await
    }

    async fn forget_told(&self, before: UsageDate, limit: u32) -> Result<u64, StoreError> {
        self.0.remove((OLD, &[before.as_days().into()]), FORGET, limit).await
    }
}

impl<DB: TenantDatabase> DbUsage<DB> {
    async fn ids(&self, sql: Sql, cells: Vec<Cell>) -> Result<Vec<TenantId>, StoreError> {
        let rows = self.0.read(sql, cells).await?;
        rows.into_iter().map(|cells| Row::new(cells).tenant()).collect()
    }

    async fn days_told(&self, sql: Sql, cells: Vec<Cell>) -> Result<Vec<ToldDay>, StoreError> {
        let rows = self.0.read(sql, cells).await?;
        rows.into_iter().map(|cells| told(&mut Row::new(cells))).collect()
    }
}

/// An empty id is before all.
fn behind_id(tenant: Option<&TenantId>) -> Cell {
    tenant.map_or("", TenantId::as_str).into()
}

fn integer(number: u64) -> Cell {
    super::read::integer(number).into()
}

fn cells(day: &ToldDay) -> Vec<Cell> {
    let ToldDay { series: _, date: _, revision: _, told, parts, part } = day;
    let part = part.as_ref();
    vec![
        told.to_string().into(),
        integer(*parts),
        part.map(|part| part.amount.to_string()).into(),
        part.map(|part| &*part.identifier).into(),
        part.map(|part| &*part.receiver).into(),
        part.and_then(|part| part.doubtful_since).map(Timestamp::as_unix_micros).into(),
        i64::from(part.map_or(0, |part| part.tries)).into(),
        i64::from(part.map_or(0, |part| part.failures)).into(),
        part.and_then(|part| part.due).map(Timestamp::as_unix_micros).into(),
    ]
}

fn told(row: &mut Row) -> Result<ToldDay, StoreError> {
    let (series, date) = (series(row)?, UsageDate::from_days(row.integer()?));
    if !date.is_written() {
        return Err(corrupt());
    }
    let (revision, told, parts) = (natural(row)?, row.parsed(amount)?, natural(row)?);
    Ok(ToldDay { series, date, revision, told, parts, part: part(row)? })
}

fn part(row: &mut Row) -> Result<Option<ToldPart>, StoreError> {
    let (text, identifier, receiver) = (row.optional_text()?, row.optional_text()?, row.optional_text()?);
    let doubtful_since = row.optional_moment()?;
    let small = |number: u64| u32::try_from(number).map_err(|_| corrupt());
    let (tries, failures) = (small(natural(row)?)?, small(natural(row)?)?);
    let due = row.optional_moment()?;
    let Some(text) = text else { return Ok(None) };
    let (identifier, receiver) = (identifier.ok_or_else(corrupt)?, receiver.ok_or_else(corrupt)?);
    Ok(Some(ToldPart {
        amount: amount(&text).ok_or_else(corrupt)?,
        identifier: identifier.into(),
        receiver: receiver.into(),
        doubtful_since,
        tries,
        failures,
        due,
    }))
}

fn amount(text: &str) -> Option<u128> {
    text.parse().ok()
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_on_an_index;

    #[tokio::test]
    async fn what_is_told_is_read_on_an_index() {
        assert_on_an_index(&[TOLD, TENANTS_DUE, DUE, OLD]).await;
    }
}
