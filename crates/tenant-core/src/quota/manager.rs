use std::sync::Arc;

use async_trait::async_trait;

use super::{Cost, Decision, Usage};
use crate::{StoreError, TenantContext, TenantRecord};

/// Counts what tenants use and decides whether they may use more.
///
/// The manager owns the counts: refreshing, evicting or changing a tenant's config never resets one. A decision is
/// over *all* rates and concurrencies whose dimension is among the costs; all admit, or nothing is charged. Stocks are
/// not its concern.
///
/// # For implementors
/// - A cost of 0 is always admitted, charges nothing and tells how the limit stands.
/// - A cost above [`Limit::capacity`](super::Limit::capacity) is never admissible: `retry_after` is `None`.
/// - A limit in shadow mode is charged and never denies.
/// - Where a concurrency was charged, the decision holds a [`Permit`](super::Permit); nothing else gives its places back.
/// - Two limits of the same dimension and window are two counts.
#[async_trait]
pub trait QuotaManager: Send + Sync {
    /// Decides and charges where the counts are in memory; `None` if it takes [`QuotaManager::decide`].
    ///
    /// This is the hot path: it must neither block nor allocate without need.
    fn try_decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
        let _ = (tenant, costs);
        None
    }

    /// Decides and charges.
    ///
    /// # Errors
    /// The counts can't be reached. Whether that admits or denies is the manager's failure policy; an error is
    /// neither.
    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError>;

    /// Corrects an admitted decision: what was charged to rates in the dimensions of `actual` becomes what was used. A
    /// window that has ended since is left alone, and so is what a token bucket has regained since. Usage above the charge
    /// is counted even beyond the limit. Permits are not touched.
    ///
    /// It never blocks; a remote manager queues it.
    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]);

    /// What a tenant has used in its current windows. For operators: it answers for tenants that are not active too.
    ///
    /// # Errors
    /// The counts can't be reached.
    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError>;

    /// Extends the leases of all permits that this manager has given and that were not dropped yet. A server calls it
    /// every few seconds where the manager does not do so by itself; permits in memory have no lease, and nothing is to
    /// be done.
    ///
    /// # Errors
    /// The counts can't be reached.
    async fn renew_permits(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl<Q: QuotaManager + ?Sized> QuotaManager for Arc<Q> {
    fn try_decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
        (**self).try_decide(tenant, costs)
    }

    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
        (**self).decide(tenant, costs).await
    }

    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        (**self).settle(tenant, decision, actual);
    }

    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        (**self).usage(tenant).await
    }
    async fn renew_permits(&self) -> Result<(), StoreError> {
        (**self).renew_permits().await
    }
}
