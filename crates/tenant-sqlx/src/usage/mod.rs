//! What tenants used, in the database of their configs.

mod batch;
mod by_project;
mod exports;
mod levels;
mod read;
mod statements;

use std::ops::{Range, RangeInclusive};

use async_trait::async_trait;
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    usage::{
        CarriedLevel, SeriesSum, UsageDate, UsageDay, UsageRecord, UsageSeries, UsageStore, UsageVerdict,
        UsedByProject,
    },
};

use self::statements::{
    CHANGES_BEFORE, CHANGES_OF, DAYS, DAYS_OF, FIND, FORGET, FORGET_CHANGE, FORGET_DAY, LEVELS_BEFORE,
    NEXT_TENANT, RECORDS, RECORDS_BEFORE, SUMS,
};
use crate::{
    TenantDb,
    driver::{Cell, TenantDatabase},
    own::{Own, is_exact, row::Row},
};

/// Keeps usage in the tables `tenant_usage`, `tenant_usage_days` and `tenant_usage_levels` of [`TenantDb::migrate_tenants`], and what
/// was told of it to others in `tenant_usage_exports`.
///
/// A record and its day's roll-up are written in one transaction: record many at once.
#[derive(Debug)]
pub struct DbUsage<DB: TenantDatabase>(Own<DB>);

impl<DB: TenantDatabase> DbUsage<DB> {
    /// That of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }

    /// The tenants that records are kept of, one after the other.
    async fn next_tenant(&self, after: &str) -> Result<Option<String>, StoreError> {
        let rows = self.0.read(NEXT_TENANT, vec![after.into()]).await?;
        rows.into_iter().next().map(|cells| Row::new(cells).text()).transpose()
    }
}

#[async_trait]
impl<DB: TenantDatabase> UsageStore for DbUsage<DB> {
    async fn record(&self, records: &[UsageRecord]) -> Result<Vec<UsageVerdict>, StoreError> {
        if let Some(problem) = records.iter().find_map(|record| record.check().err()) {
            return Err(StoreError::new(StoreErrorKind::Invalid, problem.to_string()));
        }
        batch::record(&self.0, records).await
    }

    async fn find(&self, tenant: &TenantId, key: &str) -> Result<Option<UsageRecord>, StoreError> {
        if !is_exact(key) {
            return Ok(None);
        }
        let rows = self.0.read(FIND, vec![tenant.as_str().into(), read::given(key).into()]).await?;
        rows.into_iter().next().map(|cells| read::record(&mut Row::new(cells))).transpose()
    }

    async fn days(
        &self,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<(&UsageSeries, UsageDate)>,
        limit: u32,
    ) -> Result<Vec<UsageDay>, StoreError> {
        let mut cells =
            vec![tenant.as_str().into(), dates.start.as_days().into(), dates.end.as_days().into()];
        cells.extend(read::behind(after.map(|(series, _)| series)));
        cells.push(after.map_or(i64::MIN, |(_, date)| date.as_days()).into());
        cells.push(i64::from(limit).into());
        let rows = self.0.read(DAYS, cells).await?;
        rows.into_iter().map(|cells| read::day(&mut Row::new(cells))).collect()
    }

    async fn sums(
        &self,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<SeriesSum>, StoreError> {
        let mut cells =
            vec![tenant.as_str().into(), dates.start.as_days().into(), dates.end.as_days().into()];
        let [_, project, kind] = read::behind(after);
        cells.extend([project, kind, i64::from(limit).into()]);
        let rows = self.0.read(SUMS, cells).await?;
        rows.into_iter().map(|cells| read::sum(&mut Row::new(cells))).collect()
    }

    async fn levels_before(
        &self,
        tenant: &TenantId,
        date: UsageDate,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<CarriedLevel>, StoreError> {
        let before = date.as_days();
        let mut cells = vec![tenant.as_str().into(), before.into(), before.into()];
        cells.extend(read::behind(after));
        cells.push(i64::from(limit).into());
        let rows = self.0.read(LEVELS_BEFORE, cells).await?;
        rows.into_iter().map(|cells| read::carried(&mut Row::new(cells))).collect()
    }

    async fn by_project(
        &self,
        tenant: &TenantId,
        projects: RangeInclusive<&str>,
        dates: Range<UsageDate>,
    ) -> Result<Vec<UsedByProject>, StoreError> {
        by_project::read(&self.0, tenant, projects, dates).await
    }

    async fn records(
        &self,
        tenant: &TenantId,
        times: Range<Timestamp>,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<UsageRecord>, StoreError> {
        let (time, id) = after.unwrap_or((Timestamp::from_unix_micros(i64::MIN), ""));
        let (from, until) = (times.start.as_unix_micros(), times.end.as_unix_micros());
        let time = time.as_unix_micros();
        let cells = vec![
            tenant.as_str().into(),
            from.into(),
            until.into(),
            time.into(),
            time.into(),
            id.into(),
            i64::from(limit).into(),
        ];
        let rows = self.0.read(RECORDS, cells).await?;
        rows.into_iter().map(|cells| read::record(&mut Row::new(cells))).collect()
    }

    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (mut all, mut left, mut tenant) = (0, limit, String::new());
        while left > 0
            && let Some(next) = self.next_tenant(&tenant).await?
        {
            let old = [next.as_str().into(), older_than.as_unix_micros().into()];
            // A change is forgotten before its record, by which it is found.
            self.0.remove((CHANGES_BEFORE, &old), FORGET_CHANGE, u32::MAX).await?;
            let gone = self.0.remove((RECORDS_BEFORE, &old), FORGET, left).await?;
            left = left.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
            all += gone;
            tenant = next;
        }
        Ok(all)
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let own: [Cell; 1] = [tenant.as_str().into()];
        let every = [tenant.as_str().into(), i64::MAX.into()];
        self.0.remove((CHANGES_OF, &own), FORGET_CHANGE, u32::MAX).await?;
        self.0.remove((DAYS_OF, &own), FORGET_DAY, u32::MAX).await?;
        self.0.remove((RECORDS_BEFORE, &every), FORGET, u32::MAX).await?;
        Ok(())
    }
}
