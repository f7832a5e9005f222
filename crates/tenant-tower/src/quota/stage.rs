use std::{fmt, sync::Arc};

use tenant_core::{
    QuotaManager, TenantContext,
    quota::{Cost, Decision},
};

use super::{Charge, Costs, Fields};
use crate::{Rejection, RequestHead};

/// What the quota step takes.
#[derive(Clone)]
pub(crate) struct QuotaStage {
    pub(crate) quotas: Arc<dyn QuotaManager>,
    pub(crate) costs: Costs,
    pub(crate) fields: Fields,
}

impl QuotaStage {
    /// What asking for the limits' state costs.
    pub(crate) const NOTHING: [Cost; 2] = [Cost::requests(0), Cost::tokens(0)];

    pub(crate) fn new(quotas: Arc<dyn QuotaManager>) -> Self {
        Self { quotas, costs: Costs::default(), fields: Fields::default() }
    }

    #[inline]
    pub(crate) fn costs(&self, head: &RequestHead<'_>) -> Result<Charge, Rejection> {
        self.costs.of(head)
    }

    /// Gives back what a decision charged, and tells how the limits stand without it.
    #[cold]
    pub(crate) fn refund(&self, tenant: &TenantContext, decision: &Decision) -> Decision {
        self.quotas.settle(tenant, decision, &decision.no_costs());
        decision.refunded()
    }
}

impl fmt::Debug for QuotaStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuotaStage")
            .field("costs", &self.costs)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
