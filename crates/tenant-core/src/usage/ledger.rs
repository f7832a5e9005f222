use std::ops::Range;

use async_trait::async_trait;

use super::{UsageDate, UsageSeries};
use crate::{StoreError, TenantId, Timestamp};

/// What somebody else was told of a series' day, and what is still to be told.
///
/// It is written down before it is told: who is killed meanwhile tells the same again, under the same identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldDay {
    /// Of what.
    pub series: UsageSeries,
    /// When.
    pub date: UsageDate,
    /// How often it was written; 0 of one that is not kept yet.
    pub revision: u64,
    /// How much was taken.
    pub told: u128,
    /// How many parts were begun: each has an identifier of its own.
    pub parts: u64,
    /// The part that is not settled yet.
    pub part: Option<ToldPart>,
}

/// A part of a day's usage on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPart {
    /// How much more.
    pub amount: u128,
    /// The same however often it is told.
    pub identifier: Box<str>,
    /// For whom, there.
    pub receiver: Box<str>,
    /// Since when it may have been taken without anybody here having heard of it; `None` where it was not.
    pub doubtful_since: Option<Timestamp>,
    /// How often it was tried.
    pub tries: u32,
    /// How often the answer was a failure of who was told.
    pub failures: u32,
    /// When it is told next; `None` where somebody has to decide whether it is.
    pub due: Option<Timestamp>,
}

impl ToldDay {
    /// A day of which nothing was told.
    #[must_use]
    pub const fn new(series: UsageSeries, date: UsageDate) -> Self {
        Self { series, date, revision: 0, told: 0, parts: 0, part: None }
    }

    /// What was told or is on its way.
    #[must_use]
    pub fn all(&self) -> u128 {
        self.told.saturating_add(self.part.as_ref().map_or(0, |part| part.amount))
    }
}

/// Keeps what was told of usage, for each of those that are told (`exporter`: 1 to 32 of `[a-z0-9_]`).
#[async_trait]
pub trait UsageLedger: Send + Sync {
    /// The tenants that used anything, at most so many, in the order of ids, behind this one; suspended and deleted ones too.
    ///
    /// # Errors
    /// The store failed.
    async fn tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<TenantId>, StoreError>;

    /// What was told of a tenant's days, at most so many, in the order of series and date, behind this one.
    ///
    /// # Errors
    /// The store failed.
    async fn told(
        &self,
        exporter: &str,
        tenant: &TenantId,
        dates: Range<UsageDate>,
        after: Option<(&UsageSeries, UsageDate)>,
        limit: u32,
    ) -> Result<Vec<ToldDay>, StoreError>;

    /// Writes a day as it is to be from now on, of the revision that was read; `false` where somebody else wrote it since.
    ///
    /// # Errors
    /// The store failed: nobody knows whether it was written.
    async fn write(&self, exporter: &str, tenant: &TenantId, day: &ToldDay) -> Result<bool, StoreError>;

    /// Tenants of whom something is due, at most so many, in the order of ids, behind this one.
    ///
    /// # Errors
    /// The store failed.
    async fn tenants_due(
        &self,
        exporter: &str,
        now: Timestamp,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantId>, StoreError>;

    /// What is due of a tenant, at most so many, the longest due first.
    ///
    /// # Errors
    /// The store failed.
    async fn due(
        &self,
        exporter: &str,
        tenant: &TenantId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ToldDay>, StoreError>;

    /// Forgets days before this one of which nothing is on its way, at most so many, and says how many.
    ///
    /// # Errors
    /// The store failed.
    async fn forget_told(&self, before: UsageDate, limit: u32) -> Result<u64, StoreError>;
}
