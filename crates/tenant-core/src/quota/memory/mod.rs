//! Counts in this process' memory.

mod cell;
mod registry;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use self::{cell::Cell, registry::Registry};
use super::{Cost, Decision, QuotaManager, Usage};
use crate::{
    Clock, Hooks, StoreError, TenantContext, TenantRecord, UnixTime, clock::ClockHandle, hooks::LimitWarning,
};

/// Counts fixed windows in this process' memory: exact however many threads ask, without a global lock.
///
/// One small lock per tenant guards all its windows, so that a decision over several limits is one step. The
/// tenant's record holds the handle to its counts: a check is a lock that nobody else wants, and a few additions.
/// Counts of tenants that nobody serves any more are reclaimed once their windows have ended.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use tenant_core::{InMemoryQuotaManager, QuotaManager, quota::Cost};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(id).requests_per_minute(1).build()?])?;
/// # let tenant = TenantContext::of(&configs, &id).await?;
/// let quotas = InMemoryQuotaManager::new();
/// assert!(quotas.decide(&tenant, &[Cost::requests(1)]).await?.is_admitted());
/// assert!(!quotas.decide(&tenant, &[Cost::requests(1)]).await?.is_admitted());
/// # Ok(())
/// # }
/// ```
pub struct InMemoryQuotaManager {
    number: u64,
    clock: ClockHandle,
    hooks: Hooks,
    registry: Registry,
}

// Tells the slots of two managers apart; an address could be used again.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

impl InMemoryQuotaManager {
    /// A manager on the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::on(ClockHandle::System)
    }

    /// A manager on the given clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self::on(ClockHandle::Other(clock))
    }

    fn on(clock: ClockHandle) -> Self {
        Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            clock,
            hooks: Hooks::default(),
            registry: Registry::default(),
        }
    }

    /// Reports warnings at 80 % and 100 % of a limit to `hooks`, once per window and threshold.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// For how many tenants counts are held.
    #[must_use]
    pub fn tenants(&self) -> usize {
        self.registry.len()
    }

    #[inline]
    fn with_cell<T>(&self, tenant: &TenantRecord, now: UnixTime, work: impl FnOnce(&Cell) -> T) -> T {
        let find = || self.registry.cell(tenant.id(), now);
        match tenant.quota_slot().get_or_init(self.number, find) {
            Some(cell) => work(cell),
            None => work(&find()),
        }
    }

    #[cold]
    fn warn(&self, tenant: &TenantContext, crossed: cell::Crossed) {
        for (index, percent) in crossed {
            if let Some(limit) = tenant.limits().get(index) {
                self.hooks.on_limit_warning(&LimitWarning::new(tenant.id(), &limit.name, percent));
            }
        }
    }
}

impl Default for InMemoryQuotaManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InMemoryQuotaManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryQuotaManager").field("tenants", &self.tenants()).finish_non_exhaustive()
    }
}

#[async_trait]
impl QuotaManager for InMemoryQuotaManager {
    fn try_decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
        let now = self.clock.coarse_unix();
        let mut crossed = cell::Crossed::new();
        let decide = |cell: &Cell| cell.decide(tenant.limits(), costs, now, &mut crossed);
        let decision = self.with_cell(tenant.record(), now, decide);
        if !crossed.is_empty() {
            self.warn(tenant, crossed);
        }
        Some(decision)
    }

    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
        self.try_decide(tenant, costs)
            .ok_or_else(|| StoreError::unavailable("counts in memory can't be missing"))
    }

    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        let now = self.clock.coarse_unix();
        self.with_cell(tenant.record(), now, |cell| cell.settle(decision, actual, now));
    }

    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        let now = self.clock.coarse_unix();
        Ok(self.with_cell(tenant, now, |cell| cell.usage(tenant.limits(), now)))
    }
}

#[cfg(test)]
mod tests;
