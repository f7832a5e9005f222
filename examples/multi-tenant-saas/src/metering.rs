//! What tenants use: recorded once, held against plans that have an end, and warned of.

use std::{collections::HashMap, fmt, ops::RangeInclusive, sync::Arc};

use parking_lot::Mutex;
use sqlx::Sqlite;
use tenant::{
    ApiError, Clock, DbUsage, Hooks, Rejection, RejectionKind, TenantConfig, TenantContext, TenantDb,
    TenantId, Timestamp,
    control::{
        Billing, BillingError, BillingErrorKind, Counts, Offers, Rates, Recorded, UsageError, UsageErrorKind,
        UsageMeter, UsageReport, UsageWarning, Used, UsedOnDay, Utilisation, usage_history,
    },
    hooks::LimitWarning,
    usage::{BillingCycle, UsageKind, UsageStore, UsedByProject},
};

use crate::{places::Places, plans};

/// Records usage, and tells what it came to.
pub(crate) struct Metering {
    meter: UsageMeter,
    billing: Billing,
    store: Arc<DbUsage<Sqlite>>,
    clock: Arc<dyn Clock>,
    hooks: Hooks,
    offers: Offers,
    under_way: Arc<Places>,
    warned: Mutex<Warned>,
}

/// Who was warned of what in a cycle, so that each threshold is told once.
#[derive(Default)]
struct Warned {
    of: Option<BillingCycle>,
    told: HashMap<(TenantId, UsageKind), UsageWarning>,
}

/// How many records of a tenant may be under way in one process.
const MOST_UNDER_WAY: usize = 256;

impl Metering {
    pub(crate) fn open(
        db: &TenantDb<Sqlite>,
        clock: &Arc<dyn Clock>,
        hooks: Hooks,
        offers: Offers,
    ) -> Arc<Self> {
        let store = Arc::new(DbUsage::new(db));
        let meter =
            UsageMeter::builder(Arc::<DbUsage<Sqlite>>::clone(&store)).clock(Arc::clone(clock)).start();
        let billing = Billing::new(Arc::<DbUsage<Sqlite>>::clone(&store), Rates::standard());
        Arc::new(Self {
            meter,
            billing: billing.clock(Arc::clone(clock)),
            store,
            clock: Arc::clone(clock),
            hooks,
            offers,
            under_way: Places::new(MOST_UNDER_WAY),
            warned: Mutex::default(),
        })
    }

    /// Records what a tenant used, unless its plan has an end and this is beyond it.
    pub(crate) async fn record(
        &self,
        tenant: &TenantContext,
        kind: &UsageKind,
        used: Used,
    ) -> Result<Recorded, ApiError> {
        let place = self.under_way.enter(tenant.id()).ok_or_else(Rejection::overloaded)?;
        let is_capped = self.billing.cap(tenant.config(), kind).is_ok_and(|cap| cap.is_some());
        let recorded = match is_capped {
            true => {
                // One after the other: what is looked at is what it is added to.
                let _turn = place.turn().await;
                self.record_below_the_end(tenant, kind, used).await?
            }
            false => self.meter.record(tenant, used).await.map_err(|error| refused(&error))?,
        };
        if !recorded.is_repeated {
            self.warn(tenant, kind).await;
        }
        Ok(recorded)
    }

    async fn record_below_the_end(
        &self,
        tenant: &TenantContext,
        kind: &UsageKind,
        used: Used,
    ) -> Result<Recorded, ApiError> {
        // Who says again what was counted hears the same, however much was used since.
        if let Some(first) = self.meter.recorded(tenant, &used).await.map_err(|error| refused(&error))? {
            return Ok(first);
        }
        let beyond = self.billing.beyond(tenant.config(), &used).await;
        if let Some(most) = beyond.map_err(|error| unreported(&error))? {
            return Err(plans::exceeded(&self.offers, tenant, kind.as_str(), most).into());
        }
        self.meter.record(tenant, used).await.map_err(|error| refused(&error))
    }

    /// Nothing fails because nobody could be warned.
    async fn warn(&self, tenant: &TenantContext, kind: &UsageKind) {
        let cycle = self.cycle();
        if tenant.config().plan.is_none() {
            return;
        }
        let Ok(all) = self.billing.utilisation(tenant.config(), cycle).await else { return };
        let own = all.into_iter().find(|one| one.kind == *kind).and_then(|one| one.warning);
        let Some(warning) = own.filter(|warning| self.is_new(tenant.id(), kind, cycle, *warning)) else {
            return;
        };
        let percent = match warning {
            UsageWarning::Near => 80,
            UsageWarning::Reached => 100,
        };
        self.hooks.on_limit_warning(&LimitWarning::new(tenant.id(), kind.as_str(), percent));
    }

    fn is_new(
        &self,
        tenant: &TenantId,
        kind: &UsageKind,
        cycle: BillingCycle,
        warning: UsageWarning,
    ) -> bool {
        let mut warned = self.warned.lock();
        if warned.of != Some(cycle) {
            *warned = Warned { of: Some(cycle), told: HashMap::new() };
        }
        let told = warned.told.insert((*tenant, kind.clone()), warning);
        told.is_none_or(|told| told < warning)
    }

    /// The running cycle.
    pub(crate) fn cycle(&self) -> BillingCycle {
        BillingCycle::of(self.now())
    }

    pub(crate) async fn report(
        &self,
        tenant: &TenantConfig,
        cycle: BillingCycle,
        counts: Counts,
    ) -> Result<UsageReport, ApiError> {
        self.billing.report(tenant, cycle, counts).await.map_err(|error| unreported(&error))
    }

    pub(crate) async fn utilisation(
        &self,
        tenant: &TenantConfig,
        cycle: BillingCycle,
    ) -> Result<Vec<Utilisation>, ApiError> {
        self.billing.utilisation(tenant, cycle).await.map_err(|error| unreported(&error))
    }

    /// What was used on each day of a cycle so far.
    pub(crate) async fn days(
        &self,
        tenant: &TenantId,
        cycle: BillingCycle,
    ) -> Result<Vec<UsedOnDay>, ApiError> {
        let dates = cycle.first_day()..cycle.end_day();
        Ok(usage_history(&*self.store, tenant, dates, self.now()).await?)
    }

    /// What each of a tenant's projects from one id to another used in the running cycle so far, by project and kind. The
    /// database adds it up for all of them at once.
    pub(crate) async fn by_project(
        &self,
        tenant: &TenantContext,
        projects: RangeInclusive<&str>,
    ) -> Result<Vec<UsedByProject>, ApiError> {
        let cycle = self.cycle();
        let dates = cycle.first_day()..cycle.end_day();
        Ok(self.store.by_project(tenant.id(), projects, dates).await?)
    }

    /// Writes what is still to be written.
    pub(crate) async fn flush(&self) {
        self.meter.flush().await;
    }

    fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }
}

fn refused(error: &UsageError) -> ApiError {
    let rejection = match error.kind() {
        UsageErrorKind::Invalid => Rejection::invalid_request(error.to_string()),
        UsageErrorKind::Conflict => Rejection::conflict().with_detail(error.to_string()),
        UsageErrorKind::Inactive => Rejection::tenant_inactive(),
        _ => Rejection::new(RejectionKind::StoreUnavailable),
    };
    rejection.into()
}

fn unreported(error: &BillingError) -> ApiError {
    let rejection = match error.kind() {
        BillingErrorKind::UnknownPlan => Rejection::not_found().with_detail(error.to_string()),
        BillingErrorKind::Unavailable => Rejection::new(RejectionKind::StoreUnavailable),
        _ => Rejection::internal(),
    };
    rejection.into()
}

impl fmt::Debug for Metering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metering").field("meter", &self.meter).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tenant::{ConfigStore, DbConfigManager, ManualClock, TenantHooks, UnixTime};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(String, String, u8)>>);

    impl TenantHooks for Heard {
        fn on_limit_warning(&self, event: &LimitWarning<'_>) {
            self.0.lock().push((event.tenant.to_string(), event.limit.to_owned(), event.percent));
        }
    }

    #[tokio::test]
    async fn who_comes_near_the_end_is_warned_once_of_each_threshold_and_nobody_else_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tenants.db").display());
        let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
        let configs = DbConfigManager::new(&db);
        configs.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_040)));
        let heard = Arc::new(Heard::default());
        let hooks = Hooks::new([Arc::clone(&heard) as Arc<dyn TenantHooks>]);
        let metering =
            Metering::open(&db, &(Arc::clone(&clock) as Arc<dyn Clock>), hooks, Offers::standard());
        let mut tenants = Vec::new();
        for (name, plan) in [("acme", Some("starter")), ("globex", Some("starter")), ("initech", None)] {
            let id = TenantId::parse(name).unwrap();
            let config = TenantConfig::builder(id).plan(plan.map(str::to_owned)).build().unwrap();
            configs.create(config).await.unwrap();
            tenants.push(TenantContext::of(&configs, &id).await.unwrap());
        }
        let record = async |tenant: &TenantContext, quantity| {
            let used = Used::new(UsageKind::COMPUTE, quantity);
            metering.record(tenant, &UsageKind::COMPUTE, used).await.unwrap();
            std::mem::take(&mut *heard.0.lock())
        };
        let told = |percent| vec![("acme".to_owned(), "compute".to_owned(), percent)];
        for (quantity, expected) in
            [(799, vec![]), (1, told(80)), (199, vec![]), (1, told(100)), (500, vec![])]
        {
            assert_eq!(record(&tenants[0], quantity).await, expected, "{quantity}");
        }
        assert_eq!(record(&tenants[1], 700).await, []);
        assert_eq!(record(&tenants[2], 5_000).await, [], "without a plan there is no end");
        // The next month.
        clock.step_unix_to(UnixTime::from_secs(1_701_400_000));
        assert_eq!(record(&tenants[0], 700).await, []);
        assert_eq!(record(&tenants[0], 500).await, told(100));
    }
}
