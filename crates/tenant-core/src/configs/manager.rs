use std::sync::Arc;

use async_trait::async_trait;

use crate::{StoreError, TenantId, TenantRecord};

/// What is in memory about an id.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The tenant's record; it may be suspended or deleted.
    Found(Arc<TenantRecord>),
    /// It is known that no tenant has this id.
    Missing,
}

/// Reads tenants' configs.
///
/// It hands out records, not contexts: a context is minted by [`TenantContext`](crate::TenantContext) alone, from an
/// active record of the id that was asked for.
#[async_trait]
pub trait ConfigManager: Send + Sync {
    /// What is in memory about an id; `None` if it takes [`ConfigManager::load`]. This is the hot path: it must not
    /// block.
    fn peek(&self, id: &TenantId) -> Option<Lookup> {
        let _ = id;
        None
    }

    /// The tenant's record; `None` if no tenant has this id.
    ///
    /// # Errors
    /// The store can't be read.
    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError>;
}

#[async_trait]
impl<C: ConfigManager + ?Sized> ConfigManager for Arc<C> {
    fn peek(&self, id: &TenantId) -> Option<Lookup> {
        (**self).peek(id)
    }

    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        (**self).load(id).await
    }
}
