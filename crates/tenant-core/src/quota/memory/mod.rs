//! Counts in this process' memory.

mod cell;
mod counters;
mod layouts;
mod lease;
mod registry;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use self::{
    cell::{Cell, Crossed, Moment},
    layouts::Layouts,
    registry::Registry,
};
use super::{Cost, Decision, Limits, QuotaManager, Usage, ready::Shorthands};
use crate::{
    Clock, Hooks, LimitPhase, StoreError, TenantContext, TenantId, TenantRecord, UnixTime,
    clock::ClockHandle, hooks::LimitWarning, jobs::Residue,
};

/// Counts in this process' memory, by every algorithm: exact however many threads ask, without a global lock.
///
/// One small lock per tenant guards all its counts, so that a decision over several limits is one step. The tenant's
/// record holds the handle to them: a check is a lock that nobody else wants, and a few additions. Counts are of the
/// tenant's id: refreshing, evicting or changing a config resets none, and neither does deleting a tenant and creating
/// one anew under its id; purging it does. Counts of tenants that nobody serves any more are reclaimed, a part of them each second in which
/// anything is counted, once they no longer matter.
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
    thresholds: Box<[u8]>,
    shorthands: Option<Shorthands>,
    registry: Registry,
    layouts: Layouts,
}

/// What a tenant's record keeps for the manager.
struct Handle {
    cell: Arc<Cell>,
    /// The tenant's own, for decisions to hold: no other tenant's requests write to its count of references.
    limits: Arc<Limits>,
    /// The same limits, in the one copy that is shared by all who have them.
    layout: Arc<Limits>,
}

// Tells the slots of two managers apart; an address could be used again.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

impl InMemoryQuotaManager {
    /// At which percentages of a limit warnings are told of unless others are given.
    pub const THRESHOLDS: [u8; 2] = [80, 100];

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
            thresholds: Box::new(Self::THRESHOLDS),
            shorthands: None,
            registry: Registry::default(),
            layouts: Layouts::default(),
        }
    }

    /// Reports warnings to `hooks`, once per window and threshold: at 80 % and 100 % of a limit unless
    /// [`InMemoryQuotaManager::with_thresholds`] says otherwise.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Warns at these percentages of a limit, 1 to 100; others are left out.
    #[must_use]
    pub fn with_thresholds(mut self, percent: impl IntoIterator<Item = u8>) -> Self {
        let mut percent: Vec<u8> = percent.into_iter().filter(|value| (1..=100).contains(value)).collect();
        percent.sort_unstable();
        percent.dedup();
        self.thresholds = percent.into();
        self
    }

    /// Counts the two limits that every tenant has in another way.
    pub(super) const fn with_shorthands(mut self, shorthands: Shorthands) -> Self {
        self.shorthands = Some(shorthands);
        self
    }

    /// Takes the time from `clock`.
    pub(super) fn clocked(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = ClockHandle::Other(clock);
        self
    }

    /// For how many tenants counts are held.
    #[must_use]
    pub fn tenants(&self) -> usize {
        self.registry.len()
    }

    /// Reclaims at once what nobody needs any more; it happens by itself, bit by bit, wherever something is counted.
    pub fn reclaim(&self) {
        self.registry.sweep(self.clock.coarse_unix());
    }

    #[inline]
    fn with_handle<T>(&self, tenant: &TenantRecord, work: impl FnOnce(&Handle) -> T) -> T {
        let phase = tenant.phase(|| self.clock.unix());
        match phase.quota_slot().get_or_init(self.number, || self.handle(tenant.id(), phase)) {
            Some(handle) => work(handle),
            None => work(&self.handle(tenant.id(), phase)),
        }
    }

    #[cold]
    fn handle(&self, tenant: &TenantId, phase: &LimitPhase) -> Arc<Handle> {
        let limits = match self.shorthands {
            Some(shorthands) => Arc::new(shorthands.apply(phase.limits())),
            None => Arc::clone(phase.limits()),
        };
        let cell = self.registry.cell(tenant, self.clock.coarse_unix());
        Arc::new(Handle { cell, layout: self.layouts.of(&limits), limits })
    }

    #[inline]
    fn now_for(&self, limits: &Limits) -> UnixTime {
        if limits.needs_precise_clock() { self.clock.unix() } else { self.clock.coarse_unix() }
    }

    #[inline]
    fn moment(&self, limits: &Limits) -> Moment<'_> {
        let thresholds = if self.hooks.is_empty() { &[] } else { &*self.thresholds };
        Moment { now: self.now_for(limits), thresholds }
    }

    #[cold]
    fn warn(&self, tenant: &TenantContext, limits: &Limits, crossed: Crossed) {
        for (index, percent) in crossed {
            if let Some(limit) = limits.get(index) {
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
        let own;
        let phase = tenant.record().phase(|| self.clock.unix());
        let handle = match phase.quota_slot().get_or_init(self.number, || self.handle(tenant.id(), phase)) {
            Some(handle) => handle,
            None => {
                own = self.handle(tenant.id(), phase);
                &*own
            }
        };
        let moment = self.moment(&handle.layout);
        let mut decision = Decision::begin(&handle.limits, moment.now);
        let mut crossed = Crossed::new();
        handle.cell.decide(&mut decision, &handle.layout, costs, moment, &mut crossed);
        if handle.layout.has_concurrency() {
            lease::hold_permit(&mut decision, &handle.cell);
        }
        if !crossed.is_empty() {
            self.warn(tenant, &handle.limits, crossed);
        }
        self.registry.tend(moment.now);
        Some(decision)
    }

    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
        self.try_decide(tenant, costs)
            .ok_or_else(|| StoreError::unavailable("counts in memory can't be missing"))
    }

    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        let mut crossed = Crossed::new();
        self.with_handle(tenant.record(), |handle| {
            handle.cell.settle(decision, actual, self.moment(&handle.limits), &mut crossed);
        });
        if !crossed.is_empty() {
            self.warn(tenant, decision.limits(), crossed);
        }
    }

    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        let usage = |handle: &Handle| handle.cell.usage(&handle.layout, self.now_for(&handle.layout));
        Ok(self.with_handle(tenant, usage))
    }
}

/// The counts of a tenant that is purged: who has its id then begins with none.
#[async_trait]
impl Residue for InMemoryQuotaManager {
    fn name(&self) -> &str {
        "counts in memory"
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        self.registry.forget(tenant);
        Ok(())
    }

    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(u64::from(self.registry.knows(tenant)))
    }
}

#[cfg(test)]
mod tests;
