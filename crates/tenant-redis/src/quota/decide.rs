//! A decision: from memory, from a batch, from the server, or by the failure policies.

use std::{pin::pin, sync::Arc, time::Duration};

use tenant_core::{
    FailurePolicy, Monotonic, QuotaManager, StoreError, TenantContext, TenantRecord,
    hooks::{LimitWarning, QuotaFallback},
    quota::{Cost, Decision, LimitUsage, Permit, Usage},
};
use tokio::time::timeout;

use super::{
    answer::{Answer, Decided, OURS},
    batch::{Batch, Fetching, Unspent},
    handle::{Handle, unix},
    held::Asking,
    manager::Inner,
    plan::{Asked, Plan, Touched, TouchedList},
    worker::{Charge, Job, Settlement},
};
use crate::{Keyspace, RedisError};

/// So many batches others may spend before one who waits for his turn asks for himself.
const FETCHES: usize = 16;
/// A batch is fetched anew when so much of it is left: a quarter.
const LOW: u64 = 4;

impl Inner {
    pub(super) fn try_decide(self: &Arc<Self>, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
        let handle = self.handle(tenant.record());
        if !self.caller.is_broken(&handle.plan.key) {
            return self.without_asking(&handle, costs, false).ok();
        }
        let policy = handle.plan.policy(&handle.plan.touched(costs));
        // An error is told by `decide` alone.
        if policy == FailurePolicy::Closed {
            return None;
        }
        self.fall_back(&handle, tenant, costs, policy, RedisError::broken()).ok()
    }

    /// Decides by what is known here; else tells what has to be asked about.
    fn without_asking(
        self: &Arc<Self>,
        handle: &Arc<Handle>,
        costs: &[Cost],
        asks: bool,
    ) -> Result<Decision, TouchedList> {
        let now = self.clock.monotonic();
        // What was leased is charged, however the limits stand.
        if self.batch > 0
            && let Some((decision, is_low)) = handle.spend(costs, self.batch / LOW, now)
        {
            if is_low {
                self.refill(handle, costs);
            }
            return Ok(decision);
        }
        let touched = handle.plan.touched(costs);
        if touched.is_empty() {
            return Ok(Decision::new(Arc::clone(&handle.plan.limits), [], self.clock.coarse_unix(), None));
        }
        handle.recall(&touched, now, asks).ok_or(touched)
    }

    pub(super) async fn decide(
        self: &Arc<Self>,
        tenant: &TenantContext,
        costs: &[Cost],
    ) -> Result<Decision, StoreError> {
        let handle = self.handle(tenant.record());
        if self.caller.is_broken(&handle.plan.key) {
            let policy = handle.plan.policy(&handle.plan.touched(costs));
            return self.fall_back(&handle, tenant, costs, policy, RedisError::broken());
        }
        let touched = match self.without_asking(&handle, costs, true) {
            Ok(decision) => return Ok(decision),
            Err(touched) => touched,
        };
        let answer = if self.is_leased(&handle, &touched) {
            self.lease(&handle, costs, &touched).await
        } else {
            self.ask_once(&handle, &touched).await
        };
        match answer {
            Ok(decision) => Ok(decision),
            Err(cause) => {
                handle.forget_standings();
                self.fall_back(&handle, tenant, costs, handle.plan.policy(&touched), cause)
            }
        }
    }

    async fn ask_once(&self, handle: &Arc<Handle>, touched: &TouchedList) -> Result<Decision, RedisError> {
        let asking = Asking::new(handle, touched, &self.held, &self.jobs);
        let permit = asking.as_ref().map(|asking| asking.places().clone());
        let asked = handle.asked();
        let decided = self.ask(handle, Asked { touched: touched.clone(), permit, warns: true }).await?;
        let decision = decided.decision(&handle.plan, touched);
        self.warn(handle, touched, &decided);
        handle.note(touched, &decided, asked, self.clock.monotonic());
        Ok(match asking {
            Some(asking) if decision.is_admitted() => decision.with_permit(Permit::new(asking.admitted())),
            Some(asking) => {
                asking.denied();
                decision
            }
            None => decision,
        })
    }

    /// Asks the server, and once more where its clock was another than was thought: both within the deadline.
    async fn ask(&self, handle: &Arc<Handle>, asked: Asked) -> Result<Decided, RedisError> {
        if self.caller.is_broken(&handle.plan.key) {
            return Err(RedisError::broken());
        }
        let ask = async {
            for _ in 0..2 {
                if let Answer::Decided(decided) = self.ask_along(handle, asked.clone()).await? {
                    return Ok(decided);
                }
            }
            Err(RedisError::deadline())
        };
        timeout(self.caller.deadline(), ask).await.unwrap_or_else(|_| Err(RedisError::deadline()))
    }

    fn warn(&self, handle: &Handle, touched: &[Touched], decided: &Decided) {
        for (index, percent) in decided.warnings(touched) {
            if let Some(limit) = handle.plan.limits.get(index) {
                self.hooks.on_limit_warning(&LimitWarning::new(&handle.plan.tenant, &limit.name, percent));
            }
        }
    }

    /// Decides without the server, whose silence has this cause, by the failure policy of what is touched.
    fn fall_back(
        &self,
        handle: &Handle,
        tenant: &TenantContext,
        costs: &[Cost],
        policy: FailurePolicy,
        cause: RedisError,
    ) -> Result<Decision, StoreError> {
        self.hooks.on_quota_fallback(&QuotaFallback::new(tenant, policy));
        if policy == FailurePolicy::Closed {
            return Err(StoreError::unavailable(cause));
        }
        let local = self.decide_alone(handle, costs);
        let mut local = local.ok_or_else(|| StoreError::unavailable(cause))?;
        // By the limits as they are, not as they stand in.
        let permit = local.take_permit();
        let denial = local.denial().map(|(_, denial)| denial);
        let states: Vec<_> = local.states().map(|(_, state)| *state).collect();
        let decision = Decision::new(Arc::clone(&handle.plan.limits), states, local.decided_at(), denial);
        Ok(match permit {
            Some(permit) => decision.with_permit(permit),
            None => decision,
        })
    }

    /// Decides by what this instance counts for itself.
    pub(super) fn decide_alone(&self, handle: &Handle, costs: &[Cost]) -> Option<Decision> {
        self.local.try_decide(handle.stand_in()?, costs)
    }

    pub(super) fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        let handle = self.handle(tenant.record());
        // Whoever decided settles; a decision is made as a whole by one of the two.
        if decision.states().any(|(_, state)| state.mark & OURS == 0) {
            if let Some(stand_in) = handle.stand_in() {
                self.local.settle(stand_in, decision, actual);
            }
            return;
        }
        let charges: Vec<_> = decision
            .states()
            .filter(|(limit, _)| limit.is_rate())
            .filter_map(|(limit, state)| {
                let used = Cost::total(actual, &limit.dimension)?;
                (used != state.charged).then(|| Charge {
                    used: Touched { index: state.index, cost: used },
                    charged: state.charged,
                    resets: state.resets_at.as_nanos() / 1_000,
                    mark: state.mark & !OURS,
                })
            })
            .collect();
        for (handle, charges) in self.settled_by(handle, tenant, decision, charges) {
            self.jobs.add(Job::Settle(Settlement { handle, charges }));
        }
    }

    /// By the limits as they are now, so far as they count on what was charged; a limit that is gone is settled as it was.
    fn settled_by(
        &self,
        handle: Arc<Handle>,
        tenant: &TenantContext,
        decision: &Decision,
        charges: Vec<Charge>,
    ) -> Vec<(Arc<Handle>, Vec<Charge>)> {
        if charges.is_empty() {
            return Vec::new();
        }
        if Arc::ptr_eq(decision.limits(), &handle.plan.limits) {
            return vec![(handle, charges)];
        }
        let before = self.handle_of(Plan::new(decision.limits(), tenant.id(), self.keys()));
        let (mut now, mut then) = (Vec::new(), Vec::new());
        for mut charge in charges {
            match before.plan.position_in(charge.used.index, &handle.plan) {
                Some(index) => {
                    charge.used.index = index;
                    now.push(charge);
                }
                None => then.push(charge),
            }
        }
        [(handle, now), (before, then)].into_iter().filter(|(_, charges)| !charges.is_empty()).collect()
    }

    fn keys(&self) -> &Keyspace {
        self.caller.redis().keyspace()
    }

    pub(super) async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        let handle = self.handle(tenant);
        let touched = handle.plan.all();
        if touched.is_empty() {
            return Ok(Usage::default());
        }
        let asked = Asked { touched: touched.clone(), permit: None, warns: false };
        let decided = self.ask(&handle, asked).await.map_err(StoreError::unavailable)?;
        let usage = |(index, used, resets)| {
            let limit = handle.plan.limits.get(index)?.clone();
            Some(LimitUsage { limit, used, resets_at: unix(resets) })
        };
        Ok(Usage::new(decided.used(&touched).filter_map(usage).collect()))
    }
}

/// Leases.
impl Inner {
    fn is_leased(&self, handle: &Handle, touched: &[Touched]) -> bool {
        self.batch > 1 && handle.plan.is_fixed(touched) && touched.iter().any(|touched| touched.cost > 0)
    }

    /// Leases a batch, or waits for the one that is on its way, and spends one of it; where there is no room for a batch,
    /// asks for one alone.
    async fn lease(
        self: &Arc<Self>,
        handle: &Arc<Handle>,
        costs: &[Cost],
        touched: &TouchedList,
    ) -> Result<Decision, RedisError> {
        let lease = async {
            for _ in 0..FETCHES {
                let mut fetched = pin!(handle.fetched.notified());
                fetched.as_mut().enable();
                match handle.start_fetching(self.clock.monotonic()) {
                    Some(fetching) => {
                        if !self.fetch(&fetching, costs, touched).await? {
                            break;
                        }
                    }
                    None if handle.is_fetching() => fetched.await,
                    None => break,
                }
                if let Some((decision, _)) = handle.spend(costs, 0, self.clock.monotonic()) {
                    return Ok(decision);
                }
            }
            self.ask_once(handle, touched).await
        };
        // Whoever waited for another one's batch has no more time than others.
        timeout(self.caller.deadline(), lease).await.unwrap_or_else(|_| Err(RedisError::deadline()))
    }

    /// Whether a batch was granted.
    async fn fetch(
        &self,
        Fetching(handle): &Fetching,
        costs: &[Cost],
        touched: &TouchedList,
    ) -> Result<bool, RedisError> {
        let size = self.batch;
        let all: TouchedList = touched
            .iter()
            .map(|one| Touched { index: one.index, cost: one.cost.saturating_mul(size) })
            .collect();
        let asked = Asked { touched: all.clone(), permit: None, warns: true };
        let decided = self.ask(handle, asked).await?;
        self.warn(handle, &all, &decided);
        if !decided.decision(&handle.plan, &all).is_admitted() {
            handle.had_no_room(self.clock.monotonic());
            return Ok(false);
        }
        let batch = Batch::new(handle, costs, touched, size, &decided, self.clock.monotonic());
        if let Some(unspent) = handle.store(batch) {
            self.give_back(handle, &unspent);
        }
        self.leasing.lock().insert(Arc::as_ptr(handle).addr(), Arc::clone(handle));
        Ok(true)
    }

    /// Fetches the next batch while the last of the former one is spent.
    fn refill(self: &Arc<Self>, handle: &Arc<Handle>, costs: &[Cost]) {
        let Some(fetching) = handle.start_fetching(self.clock.monotonic()) else { return };
        let inner = Arc::clone(self);
        let costs = costs.to_vec();
        self.runtime.spawn(async move {
            let touched = fetching.0.plan.touched(&costs);
            // What was not fetched now is fetched by whoever finds nothing to spend.
            let _ = inner.fetch(&fetching, &costs, &touched).await;
        });
    }

    /// Gives back what was not used for so long.
    pub(super) fn give_back_batches(&self, idle: Duration) {
        let handles: Vec<_> = self.leasing.lock().values().cloned().collect();
        for handle in &handles {
            self.give_back_batch(handle, idle);
        }
        // Before a batch is put down as being there it is stored.
        self.leasing.lock().retain(|_, handle| handle.batch.lock().is_some());
    }

    /// Gives back one tenant's, if it was not used for so long.
    pub(super) fn give_back_batch(&self, handle: &Arc<Handle>, idle: Duration) {
        let now = self.clock.monotonic().as_nanos();
        let idle = u64::try_from(idle.as_nanos()).unwrap_or(u64::MAX);
        let since = Monotonic::from_nanos(now.saturating_sub(idle));
        if let Some(unspent) = handle.take_idle(since) {
            self.give_back(handle, &unspent);
        }
    }

    fn give_back(&self, handle: &Arc<Handle>, unspent: &Unspent) {
        let charge = |(touched, resets): (&Touched, &u64)| Charge {
            used: Touched { index: touched.index, cost: 0 },
            charged: touched.cost.saturating_mul(unspent.left),
            resets: *resets,
            mark: 0,
        };
        let charges = unspent.touched.iter().zip(&unspent.resets).map(charge).collect();
        self.jobs.add(Job::Settle(Settlement { handle: Arc::clone(handle), charges }));
    }
}
