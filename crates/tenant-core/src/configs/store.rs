use std::sync::Arc;

use async_trait::async_trait;

use super::ConfigManager;
use crate::{StoreError, StoreErrorKind, TenantConfig, TenantId, TenantRecord, TenantStatus};

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After skipping so many.
    pub offset: u64,
}

/// A page of tenants, oldest first.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TenantList {
    /// The tenants of the page.
    pub tenants: Vec<TenantConfig>,
    /// How many there are on all pages.
    pub total: u64,
}

impl TenantList {
    /// A page of tenants.
    #[must_use]
    pub const fn new(tenants: Vec<TenantConfig>, total: u64) -> Self {
        Self { tenants, total }
    }
}

/// Writes tenants' configs.
///
/// Each config has a revision. A write names the revision it was read at and is refused where someone else was
/// faster. A delete is soft: the tenant is served no more and its id stays taken.
#[async_trait]
pub trait ConfigStore: ConfigManager {
    /// Adds a tenant; the store sets revision and time stamps.
    ///
    /// # Errors
    /// The id exists, soft-deleted ones included; one of its hosts belongs to another tenant; the config is invalid;
    /// or the store failed.
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError>;

    /// Replaces a tenant's config; `config.revision` is the revision it was read at.
    ///
    /// # Errors
    /// The tenant does not exist, was changed since, or was deleted; one of its hosts belongs to another tenant; the
    /// config is invalid; or the store failed.
    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError>;

    /// Soft-deletes a tenant and frees its hosts. Deleting it again is an error of kind `NotFound`.
    ///
    /// # Errors
    /// The tenant does not exist or is deleted already, or the store failed.
    async fn delete(&self, id: &TenantId) -> Result<(), StoreError>;

    /// A page of all tenants, in order of creation.
    ///
    /// # Errors
    /// The store can't be read.
    async fn list(&self, page: Page) -> Result<TenantList, StoreError>;

    /// The tenant a host belongs to.
    ///
    /// # Errors
    /// The store can't be read.
    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError>;

    /// The config as the store has it now, past any cache: to be changed and written back.
    ///
    /// # Errors
    /// The store can't be read.
    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError>;
}

#[async_trait]
impl<S: ConfigStore + ?Sized> ConfigStore for Arc<S> {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        (**self).create(config).await
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        (**self).update(config).await
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        (**self).delete(id).await
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        (**self).list(page).await
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        (**self).tenant_of_host(host).await
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        (**self).fetch(id).await
    }
}

/// What every [`ConfigStore`] can do besides.
#[async_trait]
pub trait ConfigStoreExt: ConfigStore {
    /// Changes a tenant's config: read, change, write, and once more if someone else was faster.
    ///
    /// # Errors
    /// As [`ConfigStore::update`]; `StaleRevision` only after many tries.
    async fn modify<F>(&self, id: &TenantId, change: F) -> Result<Arc<TenantRecord>, StoreError>
    where
        F: Fn(&mut TenantConfig) + Send + Sync,
    {
        const TRIES: usize = 64;
        for _ in 0..TRIES {
            let mut config = self.fetch(id).await?.filter(is_kept).ok_or_else(not_found)?;
            change(&mut config);
            match self.update(config).await {
                Err(error) if error.kind() == StoreErrorKind::StaleRevision => {}
                answer => return answer,
            }
        }
        Err(StoreError::new(StoreErrorKind::StaleRevision, "the tenant is being changed by many others"))
    }
}

impl<S: ConfigStore + ?Sized> ConfigStoreExt for S {}

fn is_kept(config: &TenantConfig) -> bool {
    config.status != TenantStatus::Deleted
}

pub(crate) fn not_found() -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, "the tenant does not exist")
}
