use std::ops::{Range, RangeInclusive};

use async_trait::async_trait;

use super::{CarriedLevel, SeriesSum, UsageDate, UsageDay, UsageRecord, UsageSeries, UsedByProject};
use crate::{StoreError, TenantId, Timestamp};

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsageVerdict {
    /// It counts.
    New,
    /// It was counted before, with this id.
    Repeated(Box<str>),
    /// Its key was used for something else, which was counted; this was not.
    Conflict,
}

/// Keeps usage.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// Counts records, all or none, each once for each key of its tenant; says what became of each. Who does not know whether
    /// they were counted gives them again as they are.
    ///
    /// # Errors
    /// One of them can't be kept (`Invalid`); or the store failed: then nobody knows whether they were counted.
    async fn record(&self, records: &[UsageRecord]) -> Result<Vec<UsageVerdict>, StoreError>;

    /// The record that a tenant's idempotency key was used for, as long as that is kept.
    ///
    /// # Errors
    /// The store failed.
    async fn find(&self, tenant: &TenantId, key: &str) -> Result<Option<UsageRecord>, StoreError>;

    /// What a tenant used on each of these days, at most so many, in the order of series and date, behind this one.
    ///
    /// # Errors
    /// The store failed.
    async fn days(
        &self,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<(&UsageSeries, UsageDate)>,
        limit: u32,
    ) -> Result<Vec<UsageDay>, StoreError>;

    /// What each of a tenant's sums came to on these days, at most so many, in the order of series, behind this one. The store adds
    /// up: who asks for a month does not read each of its days.
    ///
    /// # Errors
    /// The store failed.
    async fn sums(
        &self,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<SeriesSum>, StoreError>;

    /// What each of a tenant's levels was when this day began, at most so many, in the order of series, behind this one.
    ///
    /// # Errors
    /// The store failed.
    async fn levels_before(
        &self,
        tenant: &TenantId,
        date: UsageDate,
        after: Option<&UsageSeries>,
        limit: u32,
    ) -> Result<Vec<CarriedLevel>, StoreError>;

    /// What each of a tenant's projects from one id to another used on these days, by kind, in the order of project and kind. A
    /// project that used nothing is left out.
    ///
    /// # Errors
    /// The store failed.
    async fn by_project(
        &self,
        tenant: &TenantId,
        projects: RangeInclusive<&str>,
        dates: Range<UsageDate>,
    ) -> Result<Vec<UsedByProject>, StoreError>;

    /// A tenant's records of this time that are still kept, at most so many, in the order of time and id, behind this one.
    ///
    /// # Errors
    /// The store failed.
    async fn records(
        &self,
        tenant: &TenantId,
        times: Range<Timestamp>,
        after: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<UsageRecord>, StoreError>;

    /// Forgets records older than this and their keys, at most so many, and says how many; what they came to stays. A level older
    /// than this must not be told any more, nor a key be said again.
    ///
    /// # Errors
    /// The store failed.
    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes all that is kept of a tenant, for one that is purged.
    ///
    /// # Errors
    /// The store failed.
    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError>;
}
