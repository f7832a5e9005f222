//! What other instances changed.

use std::sync::Arc;

use async_trait::async_trait;
use tenant::{ConfigChange, ConfigListener, StoreError, TenantId};

use crate::{hosts::Hosts, state::Configs};

/// Passes news of changed tenants on: to the cache of their configs, and to the registry of their hosts. A host that
/// has moved to another tenant must not lead to the former one here.
pub(crate) struct News {
    pub(crate) configs: Arc<Configs>,
    pub(crate) hosts: Arc<Hosts>,
}

#[async_trait]
impl ConfigListener for News {
    fn forget(&self, change: &ConfigChange) -> Vec<TenantId> {
        let mut stale = self.configs.forget(change);
        match change {
            ConfigChange::Tenant { id, .. } if !stale.contains(id) => stale.push(*id),
            ConfigChange::Tenant { .. } => {}
            // What was missed may be about hosts of any tenant.
            _ => self.hosts.doubt(),
        }
        stale
    }

    async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        self.hosts.reload(id).await
    }
}
