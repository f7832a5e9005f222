use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    Page, StoreError, StoreErrorKind, TenantContext, Timestamp,
    auth::{ApiKeyRecord, ApiKeyStore},
};

/// Keeps API keys in memory: for tests, and for one process that forgets them when it ends. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct InMemoryApiKeys(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<Box<str>, ApiKeyRecord>,
    /// In the order in which they came.
    ids: Vec<Box<str>>,
}

impl InMemoryApiKeys {
    /// No keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl ApiKeyStore for InMemoryApiKeys {
    async fn find(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        Ok(self.0.lock().by_id.get(key_id).cloned())
    }

    async fn create(&self, tenant: &TenantContext, key: &ApiKeyRecord) -> Result<(), StoreError> {
        if key.tenant != *tenant.id() {
            return Err(StoreError::new(StoreErrorKind::Invalid, "the key is another tenant's"));
        }
        let mut keys = self.0.lock();
        if keys.by_id.contains_key(&key.key_id) {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "the key exists already"));
        }
        keys.ids.push(key.key_id.clone());
        keys.by_id.insert(key.key_id.clone(), key.clone());
        Ok(())
    }

    async fn list(&self, tenant: &TenantContext, page: Page) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let (limit, offset) = (usize::try_from(page.limit), usize::try_from(page.offset));
        let keys = self.0.lock();
        let all = keys.ids.iter().filter_map(|id| keys.by_id.get(id));
        let own = all.filter(|key| key.tenant == *tenant.id());
        Ok(own.skip(offset.unwrap_or(usize::MAX)).take(limit.unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn revoke(&self, tenant: &TenantContext, key_id: &str) -> Result<bool, StoreError> {
        let mut keys = self.0.lock();
        if keys.by_id.get(key_id).is_none_or(|key| key.tenant != *tenant.id()) {
            return Ok(false);
        }
        keys.by_id.remove(key_id);
        keys.ids.retain(|id| **id != *key_id);
        Ok(true)
    }

    async fn touch(&self, uses: &[(Box<str>, Timestamp)]) -> Result<(), StoreError> {
        let mut keys = self.0.lock();
        for (key_id, at) in uses {
            if let Some(key) = keys.by_id.get_mut(key_id) {
                key.last_used_at = key.last_used_at.max(Some(*at));
            }
        }
        Ok(())
    }
}
