use std::{error::Error, fmt, sync::Arc, time::Duration};

use tenant_core::{
    Clock, StoreError, SystemClock, TenantConfig, TenantId, Timestamp,
    usage::{BillingCycle, Measure, UsageKind, UsageStore},
};

use super::{
    lines::lines,
    rates::Rates,
    statement::{CycleStatus, UsageReport},
    utilisation::{self, Utilisation},
};
use crate::usage::{LATE, SeriesUsage, Used, moved, usage_summary};

/// Says what usage costs. Clones share it.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{Billing, BillingError, Counts, Rates};
/// use tenant_core::{TenantContext, usage::{BillingCycle, UsageStore}};
///
/// async fn owed(store: Arc<dyn UsageStore>, tenant: &TenantContext, month: BillingCycle) -> Result<u64, BillingError> {
///     let billing = Billing::new(store, Rates::standard());
///     let report = billing.report(tenant.config(), month, Counts::default()).await?;
///     Ok(report.total_cost + report.plan_price.unwrap_or(0))
/// }
/// ```
#[derive(Clone)]
pub struct Billing {
    store: Arc<dyn UsageStore>,
    rates: Arc<Rates>,
    clock: Arc<dyn Clock>,
    late: Duration,
}

/// What a report tells of beside usage, from who knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many users there are.
    pub users: u64,
    /// How many projects there are.
    pub projects: u64,
}

/// There is no report.
#[derive(Clone, Debug)]
pub struct BillingError(Cause);

/// The kinds of [`BillingError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BillingErrorKind {
    /// Nobody knows the terms of the tenant's plan.
    UnknownPlan,
    /// The sums are beyond what can be reckoned with.
    Overflow,
    /// The store failed.
    Unavailable,
}

#[derive(Clone, Debug)]
enum Cause {
    UnknownPlan,
    Overflow,
    Store(StoreError),
}

/// What a tenant without a plan is on.
const NO_PLAN: &str = "free";

impl Billing {
    /// At these rates.
    #[must_use]
    pub fn new(store: Arc<dyn UsageStore>, rates: Rates) -> Self {
        Self { store, rates: Arc::new(rates), clock: Arc::new(SystemClock::new()), late: LATE }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes a cycle as final so long after its end; an hour by default, as the meter takes what is late.
    #[must_use]
    pub const fn late(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    /// What a tenant used in a cycle, and what it costs on its plan of now; without a plan, on `free`. A running cycle's report grows.
    ///
    /// # Errors
    /// The plan is unknown, the sums are beyond what can be reckoned with, or the store failed.
    pub async fn report(
        &self,
        tenant: &TenantConfig,
        cycle: BillingCycle,
        counts: Counts,
    ) -> Result<UsageReport, BillingError> {
        let plan = tenant.plan.as_deref().unwrap_or(NO_PLAN);
        let terms = self.rates.terms(plan).ok_or(BillingError(Cause::UnknownPlan))?;
        let (usage, now) = self.used(&tenant.tenant_id, cycle).await?;
        let lines = lines(&self.rates, plan, &usage).ok_or(BillingError(Cause::Overflow))?;
        Ok(UsageReport {
            org_id: tenant.tenant_id.to_string(),
            billing_cycle: cycle,
            plan: plan.to_owned(),
            user_count: counts.users,
            project_count: counts.projects,
            api_requests: of(&usage, &UsageKind::API_CALL)?,
            compute_minutes: of(&usage, &UsageKind::COMPUTE)?,
            storage_gb: of(&usage, &UsageKind::STORAGE)?,
            storage_byte_hours: byte_hours(&usage)?,
            bandwidth_gb: of(&usage, &UsageKind::BANDWIDTH)?,
            total_cost: lines.total,
            plan_price: terms.monthly,
            breakdown: lines.breakdown,
            projects: lines.projects,
            status: if moved(cycle.end(), self.late, 1) <= now {
                CycleStatus::Final
            } else {
                CycleStatus::Open
            },
            generated_at: now,
        })
    }

    /// How much of what its plan includes a tenant has used in a cycle.
    ///
    /// # Errors
    /// As of [`Self::report`].
    pub async fn utilisation(
        &self,
        tenant: &TenantConfig,
        cycle: BillingCycle,
    ) -> Result<Vec<Utilisation>, BillingError> {
        let plan = tenant.plan.as_deref().unwrap_or(NO_PLAN);
        let terms = self.rates.terms(plan).ok_or(BillingError(Cause::UnknownPlan))?;
        let (usage, _) = self.used(&tenant.tenant_id, cycle).await?;
        let used = |(kind, included): (&UsageKind, &u64)| {
            Ok(utilisation::of(kind.clone(), of(&usage, kind)?, *included))
        };
        terms.included.iter().map(used).collect()
    }

    /// How much of a kind the tenant's plan includes in this cycle, where that is all there is and this would be beyond it: a plan on
    /// which nothing is paid for more is capped. `None` where there is room, and for a tenant without a plan.
    ///
    /// What is recorded at the same moment is not seen: let one be recorded after the other where it must hold exactly.
    ///
    /// # Errors
    /// As of [`Self::report`].
    pub async fn beyond(&self, tenant: &TenantConfig, more: &Used) -> Result<Option<u64>, BillingError> {
        let Some(included) = self.cap(tenant, &more.kind)? else { return Ok(None) };
        let cycle = BillingCycle::of(Timestamp::from(self.clock.unix()));
        let (usage, _) = self.used(&tenant.tenant_id, cycle).await?;
        Ok(is_beyond(&usage, more, included).then_some(included))
    }

    /// The most of a kind that there is on a tenant's plan in a cycle; `None` where more is paid for, and for a tenant without a plan.
    ///
    /// # Errors
    /// The plan is unknown.
    pub fn cap(&self, tenant: &TenantConfig, kind: &UsageKind) -> Result<Option<u64>, BillingError> {
        let Some(plan) = tenant.plan.as_deref() else { return Ok(None) };
        let terms = self.rates.terms(plan).ok_or(BillingError(Cause::UnknownPlan))?;
        Ok(terms.included.get(kind).copied().filter(|_| terms.is_capped()))
    }

    async fn used(
        &self,
        tenant: &TenantId,
        cycle: BillingCycle,
    ) -> Result<(Vec<SeriesUsage>, Timestamp), BillingError> {
        let now = Timestamp::from(self.clock.unix());
        let dates = cycle.first_day()..cycle.end_day();
        let usage = usage_summary(&*self.store, tenant, dates, now)
            .await
            .map_err(|error| BillingError(Cause::Store(error)))?;
        Ok((usage, now))
    }
}

/// A level that falls, or stays below its peak, takes nothing more.
fn is_beyond(usage: &[SeriesUsage], more: &Used, included: u64) -> bool {
    let own = || usage.iter().filter(|one| one.series.kind == more.kind);
    let all = own().fold(0_u128, |all, one| all.saturating_add(one.quantity));
    let peak = own().find(|one| one.series.measure == Measure::Level && one.series.project == more.project);
    let before = peak.map_or(0, |one| one.quantity);
    let increase = u128::from(more.quantity).saturating_sub(before);
    increase > 0 && all.saturating_add(increase) > u128::from(included)
}

/// What was used of a kind, of all projects.
fn of(usage: &[SeriesUsage], kind: &UsageKind) -> Result<u64, BillingError> {
    let own = usage.iter().filter(|one| one.series.kind == *kind).map(|one| one.quantity);
    let all = own.into_iter().try_fold(0, u128::checked_add).and_then(|all| u64::try_from(all).ok());
    all.ok_or(BillingError(Cause::Overflow))
}

fn byte_hours(usage: &[SeriesUsage]) -> Result<u128, BillingError> {
    let own = usage
        .iter()
        .filter(|one| one.series.kind == UsageKind::STORAGE && one.series.measure == Measure::Level);
    let all = own.map(|one| one.unit_hours).try_fold(0, u128::checked_add);
    all.ok_or(BillingError(Cause::Overflow))
}

impl BillingError {
    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> BillingErrorKind {
        match self.0 {
            Cause::UnknownPlan => BillingErrorKind::UnknownPlan,
            Cause::Overflow => BillingErrorKind::Overflow,
            Cause::Store(_) => BillingErrorKind::Unavailable,
        }
    }
}

impl fmt::Display for BillingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Cause::UnknownPlan => "the terms of the plan are unknown",
            Cause::Overflow => "the sums are beyond what can be reckoned with",
            Cause::Store(_) => "the usage could not be read",
        })
    }
}

impl Error for BillingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Store(error) => Some(error),
            Cause::UnknownPlan | Cause::Overflow => None,
        }
    }
}

impl fmt::Debug for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Billing").field("rates", &self.rates).finish_non_exhaustive()
    }
}
