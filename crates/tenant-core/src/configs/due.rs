use std::sync::Arc;

use async_trait::async_trait;

use crate::{StoreError, TenantConfig, TenantId, Timestamp};

/// A tenant whose plan is to change by itself, and since when: [`TenantConfig::due_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    /// Since when.
    pub at: Timestamp,
    /// Which tenant.
    pub tenant: TenantId,
}

impl Due {
    /// That of a config; `None` where nothing is to change.
    #[must_use]
    pub fn of(config: &TenantConfig) -> Option<Self> {
        config.due_at().map(|at| Self { at, tenant: config.tenant_id })
    }
}

/// Finds the tenants whose trial has ended, or whose next plan is to begin.
#[async_trait]
pub trait DueTenants: Send + Sync {
    /// Those that were due by then, at most so many, the longest due first, behind this one. What is found is what was so a
    /// moment ago: who acts on it reads the config first.
    ///
    /// # Errors
    /// The store can't be read.
    async fn due(&self, by: Timestamp, after: Option<&Due>, limit: u32) -> Result<Vec<Due>, StoreError>;
}

#[async_trait]
impl<S: DueTenants + ?Sized> DueTenants for Arc<S> {
    async fn due(&self, by: Timestamp, after: Option<&Due>, limit: u32) -> Result<Vec<Due>, StoreError> {
        (**self).due(by, after, limit).await
    }
}
