//! How instances tell each other that a config has changed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{StoreError, TenantConfig, TenantId, Timestamp};

/// What changed in a store that several instances read.
///
/// It names the tenant and never its config: who hears of it reads the store, which alone tells the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigChange {
    /// One tenant was created, changed, suspended, activated or deleted.
    Tenant {
        /// Which one.
        id: TenantId,
        /// What it was changed to; `None` where that is not known.
        version: Option<ConfigVersion>,
    },
    /// Anything may have changed.
    Anything,
}

/// Which config of a tenant: one that was created anew under the same id counts its revisions anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigVersion {
    /// The config's revision.
    pub revision: u64,
    /// When the tenant was created.
    pub created_at: Timestamp,
}

impl ConfigVersion {
    /// The version of a config.
    #[must_use]
    pub const fn of(config: &TenantConfig) -> Self {
        Self { revision: config.revision, created_at: config.created_at }
    }
}

impl ConfigChange {
    /// A tenant has this config now.
    #[must_use]
    pub const fn to(config: &TenantConfig) -> Self {
        Self::Tenant { id: config.tenant_id, version: Some(ConfigVersion::of(config)) }
    }

    /// Something about a tenant may have changed.
    #[must_use]
    pub const fn of(id: TenantId) -> Self {
        Self::Tenant { id, version: None }
    }
}

/// Tells other instances of changes that were made here.
pub trait ConfigAnnouncer: Send + Sync {
    /// Tells of a change that the store has taken, or may have taken. It never blocks: what can't be sent at once is
    /// sent later.
    fn announce(&self, change: ConfigChange);
}

/// Hears of changes that were made by others: what a cache of configs owes to those who carry the news.
///
/// News may come twice, late, and out of order.
#[async_trait]
pub trait ConfigListener: Send + Sync {
    /// Drops what is out of date by now, and answers with the tenants of which somebody holds a context: they are to be
    /// read again, so that these contexts hear of a suspension.
    fn forget(&self, change: &ConfigChange) -> Vec<TenantId>;

    /// Reads a tenant's config again.
    ///
    /// # Errors
    /// The store can't be read.
    async fn reload(&self, id: &TenantId) -> Result<(), StoreError>;
}

#[async_trait]
impl<L: ConfigListener + ?Sized> ConfigListener for Arc<L> {
    fn forget(&self, change: &ConfigChange) -> Vec<TenantId> {
        (**self).forget(change)
    }

    async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        (**self).reload(id).await
    }
}
