use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tenant_core::{
    Clock, ConfigStore, Due, DueTenants, NextPlan, Plans, StoreError, StoreErrorKind, SystemClock,
    TenantConfig, TenantId, TenantStatus, Timestamp, usage::BillingCycle,
};
use tokio::time::sleep;

use super::{AfterTrial, Fit, OverLimit, PlanChange, PlanChangeKind, StockUsage};

/// Hears of what becomes of plans by themselves.
#[async_trait]
pub trait PlanListener: Send + Sync {
    /// Something has become of a tenant's plan: told by the one instance that has made it so, once it is so.
    async fn changed(&self, change: &PlanChange);

    /// Nothing could become of a tenant's plan for now; that is tried again.
    async fn failed(&self, tenant: &TenantId, error: &StoreError) {
        let _ = (tenant, error);
    }
}

/// Ends trials, and changes plans at the moment that was chosen for it.
///
/// Any number of instances may do so for one store: what is due is read on an index, and written only over the revision that
/// was read, so that each change is made, and told of, once. Who is not served is looked after, too; who is deleted is not.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{AfterTrial, Offers, PlanChange, PlanChangeKind, PlanChanges, PlanListener, StockUsage};
/// use tenant_core::{
///     ConfigStore, InMemoryConfigManager, StoreError, TenantConfig, TenantId, Timestamp, async_trait,
/// };
///
/// struct Nothing;
///
/// #[async_trait]
/// impl StockUsage for Nothing {
///     async fn used(&self, _: &TenantConfig, _: &str) -> Result<u64, StoreError> {
///         Ok(0)
///     }
/// }
///
/// #[async_trait]
/// impl PlanListener for Nothing {
///     async fn changed(&self, change: &PlanChange) {
///         println!("{}: {:?}", change.tenant, change.kind);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let acme = TenantId::parse("acme")?;
/// let trying = TenantConfig::builder(acme).plan(Some("pro".into())).trial_ends_at(Some(Timestamp::default()));
/// let configs = Arc::new(InMemoryConfigManager::with([trying.build()?])?);
/// let changes = PlanChanges::new(Arc::clone(&configs), Offers::standard().plans(), Arc::new(Nothing));
/// let changes = changes.listen(Arc::new(Nothing)).after_trial(AfterTrial::Plan("free".into()));
/// assert_eq!(changes.sweep().await?, 1);
/// assert_eq!(configs.fetch(&acme).await?.and_then(|config| config.plan), Some("free".into()));
/// # Ok(())
/// # }
/// ```
pub struct PlanChanges<S> {
    configs: Arc<S>,
    plans: Plans,
    usage: Arc<dyn StockUsage>,
    after_trial: AfterTrial,
    clock: Arc<dyn Clock>,
    listener: Option<Arc<dyn PlanListener>>,
    every: Duration,
}

/// So many are looked at in one page.
const PAGE: u32 = 100;
/// So often others may be faster before it is left to the next sweep.
const TRIES: usize = 8;
const EVERY: Duration = Duration::from_secs(10);

impl<S: ConfigStore + DueTenants> PlanChanges<S> {
    /// Those of a store, between these plans. Trials end in suspension unless something else is said.
    #[must_use]
    pub fn new(configs: Arc<S>, plans: Plans, usage: Arc<dyn StockUsage>) -> Self {
        Self {
            configs,
            plans,
            usage,
            after_trial: AfterTrial::Suspend,
            clock: Arc::new(SystemClock::new()),
            listener: None,
            every: EVERY,
        }
    }

    /// Says what becomes of a tenant whose trial ends.
    #[must_use]
    pub fn after_trial(self, after_trial: AfterTrial) -> Self {
        Self { after_trial, ..self }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Tells of what becomes of plans.
    #[must_use]
    pub fn listen(self, listener: Arc<dyn PlanListener>) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// Looks so often, as long as it [runs](Self::run): every 10 seconds by default.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Looks for ever.
    pub async fn run(self) {
        loop {
            // A store that is away comes back.
            let _ = self.sweep().await;
            sleep(self.every).await;
        }
    }

    /// Does what is due. Answers how many changes this instance has made. One tenant that fails holds up no other.
    ///
    /// # Errors
    /// It can't be read who is due.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let (now, mut after, mut changed) = (Timestamp::from(self.clock.unix()), None, 0);
        loop {
            let page = self.configs.due(now, after.as_ref(), PAGE).await?;
            for due in &page {
                changed += usize::from(self.attend(due, now).await);
            }
            if page.len() < PAGE as usize {
                return Ok(changed);
            }
            after = page.last().copied();
        }
    }

    async fn attend(&self, due: &Due, now: Timestamp) -> bool {
        match self.change(&due.tenant, now).await {
            Ok(None) => false,
            Ok(Some(change)) => {
                if let Some(listener) = &self.listener {
                    listener.changed(&change).await;
                }
                true
            }
            Err(error) => {
                if let Some(listener) = &self.listener {
                    listener.failed(&due.tenant, &error).await;
                }
                false
            }
        }
    }

    /// One change of one tenant, if it is due still.
    async fn change(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<PlanChange>, StoreError> {
        for _ in 0..TRIES {
            let Some(mut config) = self.configs.fetch(tenant).await? else { return Ok(None) };
            let before = config.clone();
            let Some(kind) = self.decide(&mut config, now).await? else { return Ok(None) };
            match self.configs.update(config).await {
                Ok(_) => return Ok(Some(PlanChange::new(&before, kind))),
                // Somebody was faster: whatever they did, it is looked at anew.
                Err(error) if error.kind() == StoreErrorKind::StaleRevision => {}
                Err(error) if error.kind() == StoreErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// What becomes of a config, and makes it so in it; `None` where nothing is due any more.
    async fn decide(
        &self,
        config: &mut TenantConfig,
        now: Timestamp,
    ) -> Result<Option<PlanChangeKind>, StoreError> {
        let is_due = |moment: Timestamp| moment <= now && config.status != TenantStatus::Deleted;
        if config.trial_ends_at.is_some_and(is_due) {
            return self.end_trial(config).await.map(Some);
        }
        match config.next_plan.take_if(|next| is_due(next.at)) {
            Some(next) => self.go_to(config, next.plan, now).await.map(Some),
            None => Ok(None),
        }
    }

    async fn end_trial(&self, config: &mut TenantConfig) -> Result<PlanChangeKind, StoreError> {
        config.trial_ends_at = None;
        let plan = match (config.next_plan.take(), &self.after_trial) {
            (Some(chosen), _) => chosen.plan,
            (None, AfterTrial::Plan(plan)) => plan.clone(),
            (None, AfterTrial::Suspend) => return Ok(suspend(config, Vec::new())),
        };
        // Who uses more keeps all of it, and nobody goes on with what is not paid for.
        Ok(match self.fit(config, &plan).await? {
            Fit::Fits => {
                config.plan = Some(plan.clone());
                PlanChangeKind::TrialEnded { plan }
            }
            Fit::Over(over) => suspend(config, over),
            Fit::Never(_) => suspend(config, Vec::new()),
        })
    }

    async fn go_to(
        &self,
        config: &mut TenantConfig,
        plan: String,
        now: Timestamp,
    ) -> Result<PlanChangeKind, StoreError> {
        let over = match self.fit(config, &plan).await? {
            Fit::Fits => {
                (config.plan, config.trial_ends_at) = (Some(plan.clone()), None);
                return Ok(PlanChangeKind::Changed { plan });
            }
            Fit::Over(over) => over,
            Fit::Never(_) => Vec::new(),
        };
        let until = BillingCycle::of(now).end();
        config.next_plan = Some(NextPlan::new(plan.clone(), until));
        Ok(PlanChangeKind::PutOff { plan, until, over })
    }

    async fn fit(&self, config: &TenantConfig, plan: &str) -> Result<Fit, StoreError> {
        let mut there = config.clone();
        there.plan = Some(plan.to_owned());
        Fit::of(&there, &self.plans, &*self.usage).await
    }
}

fn suspend(config: &mut TenantConfig, over: Vec<OverLimit>) -> PlanChangeKind {
    config.status = TenantStatus::Suspended;
    PlanChangeKind::Suspended { over }
}

impl<S> fmt::Debug for PlanChanges<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanChanges")
            .field("after_trial", &self.after_trial)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
