//! Limits as an instance counts them for itself while the counts that instances share can't be reached.

use std::sync::Arc;

use async_trait::async_trait;
use tenant_core::{ConfigManager, Lookup, StoreError, TenantConfig, TenantContext, TenantId, TenantRecord};

use super::plan::Plan;

/// A context of the tenant whose limits are those that stand in. Its record keeps what the manager in memory knows of it: by
/// the tenant's own, which keeps what we know, that one would copy the limits for each decision.
pub(super) fn context(plan: &Plan) -> Option<TenantContext> {
    let config = TenantConfig::builder(plan.tenant).build().ok()?;
    let record = TenantRecord::new(config).with_limits(plan.limits.standing_in());
    TenantContext::peek(&Alone(Arc::new(record)), &plan.tenant)?.ok()
}

/// Knows one tenant, for us alone: whose context somebody came with.
struct Alone(Arc<TenantRecord>);

#[async_trait]
impl ConfigManager for Alone {
    fn peek(&self, _: &TenantId) -> Option<Lookup> {
        Some(Lookup::Found(Arc::clone(&self.0)))
    }

    async fn load(&self, _: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}
