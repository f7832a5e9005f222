//! What other instances changed.

use std::time::Duration;

use async_trait::async_trait;
use tenant::{ConfigChange, ConfigListener, StoreError, TenantId};

use crate::state::AppState;

/// Passes news of changed tenants on: to the cache of their configs, and to the registry of their hosts. A host that
/// has moved to another tenant must not lead to the former one here.
pub(crate) struct News(AppState);

const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(500);

impl News {
    pub(crate) const fn for_app(app: AppState) -> Self {
        Self(app)
    }

    /// What was missed may be about hosts of any tenant.
    fn reload_hosts(&self) {
        let app = self.0.clone();
        tokio::spawn(async move {
            for _ in 0..TRIES {
                match app.load_hosts().await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "hosts could not be read again"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
}

#[async_trait]
impl ConfigListener for News {
    fn forget(&self, change: &ConfigChange) -> Vec<TenantId> {
        let mut stale = self.0.configs.forget(change);
        match change {
            ConfigChange::Tenant { id, .. } if !stale.contains(id) => stale.push(*id),
            ConfigChange::Tenant { .. } => {}
            _ => self.reload_hosts(),
        }
        stale
    }

    async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        self.0.reload(id).await
    }
}
