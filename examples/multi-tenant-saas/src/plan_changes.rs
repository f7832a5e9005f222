//! Plans that change by themselves: trials that end, and plans that were chosen for later.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tenant::{
    StoreError, TenantConfig, TenantContext, TenantId, TenantRecord, async_trait,
    audit::AuditOutcome,
    control::{AfterTrial, PlanChange, PlanChangeKind, PlanChanges, PlanListener, StockUsage},
};

use crate::{
    state::AppState,
    stock::{Whose, used_of},
};

/// How long one that is due may wait.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Makes the changes that are due, for ever.
pub(crate) async fn keep(app: AppState, after_trial: AfterTrial) {
    let (configs, clock, plans) = (Arc::clone(&app.configs), Arc::clone(&app.clock), app.configs.plans());
    let listener = Arc::new(Teller(app.clone()));
    let changes = PlanChanges::new(configs, plans, Arc::new(InUse(app))).with_clock(clock);
    changes.after_trial(after_trial).listen(listener).every(LOOK_EVERY).run().await;
}

/// How much a tenant has of what this server keeps.
pub(crate) struct InUse(AppState);

impl InUse {
    pub(crate) fn of(app: &AppState) -> Self {
        Self(app.clone())
    }
}

#[async_trait]
impl StockUsage for InUse {
    async fn used(&self, tenant: &TenantConfig, dimension: &str) -> Result<u64, StoreError> {
        let used = match TenantContext::of(&*self.0.configs, &tenant.tenant_id).await {
            Ok(own) => used_of(&self.0, Whose::Own(&own), dimension).await,
            Err(_) => {
                let record = TenantRecord::new(tenant.clone());
                used_of(&self.0, Whose::Any(&record, "system"), dimension).await
            }
        };
        used.map_err(StoreError::unavailable)
    }
}

/// Tells the tenant's log of what has become of its plan, and its own servers, as long as it is served.
struct Teller(AppState);

#[async_trait]
impl PlanListener for Teller {
    async fn changed(&self, change: &PlanChange) {
        let (action, outcome) = match &change.kind {
            PlanChangeKind::TrialEnded { .. } => ("organisation.trial_ended", AuditOutcome::Success),
            PlanChangeKind::Suspended { .. } => ("organisation.trial_suspended", AuditOutcome::Success),
            PlanChangeKind::Changed { .. } => ("organisation.plan_changed", AuditOutcome::Success),
            _ => ("organisation.plan_change_put_off", AuditOutcome::Failure),
        };
        let event = self.0.audit.event("system", action, "organisation");
        let event = event.of(change.tenant).on(change.tenant.as_str()).with_outcome(outcome);
        if let Err(error) = self.0.audit.record(event).await {
            tracing::error!(%error, tenant.id = %change.tenant, "a change of a plan is missing in the audit log");
        }
        tracing::info!(tenant.id = %change.tenant, change = ?change.kind, "a plan was looked at: {action}");
        let Ok(tenant) = TenantContext::of(&*self.0.configs, &change.tenant).await else { return };
        let (kind, data) = match &change.kind {
            PlanChangeKind::TrialEnded { plan } => {
                ("plan.trial_ended", json!({ "plan": plan, "from": change.from }))
            }
            PlanChangeKind::Changed { plan } => {
                ("plan.changed", json!({ "plan": plan, "from": change.from }))
            }
            PlanChangeKind::PutOff { plan, until, over } => {
                ("plan.change_put_off", json!({ "plan": plan, "until": until, "over": over }))
            }
            _ => return,
        };
        self.0.outgoing.tell(&tenant, kind, data).await;
    }

    async fn failed(&self, tenant: &TenantId, error: &StoreError) {
        tracing::warn!(%error, tenant.id = %tenant, "a plan that is due could not be changed for now");
    }
}
