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

    /// Soft-deletes a tenant whose config still is of this revision, as [`delete`](Self::delete) does. Revision and status are
    /// compared and set in one step.
    ///
    /// # Errors
    /// As [`delete`](Self::delete), and of kind `StaleRevision` where the tenant was changed since.
    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError>;

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

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        (**self).delete_revision(id, revision).await
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
        self.modify_if(id, |_| true, change).await
    }

    /// Changes a tenant's config as [`modify`](Self::modify) does, where it is one that the caller expects: none that is not
    /// is ever written over, however many others write at the same moment.
    ///
    /// # Errors
    /// As [`ConfigStore::update`]; `StaleRevision` where the config is not as expected, or after many tries.
    ///
    /// # Example
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tenant_core::{ConfigStoreExt, InMemoryConfigManager, StoreErrorKind, TenantConfig, TenantId};
    ///
    /// let id = TenantId::parse("acme")?;
    /// let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
    /// let first = |config: &TenantConfig| config.revision == 1;
    /// let rename = |config: &mut TenantConfig| config.name = "Acme".into();
    /// assert!(configs.modify_if(&id, first, rename).await.is_ok());
    /// let late = configs.modify_if(&id, first, rename).await;
    /// assert_eq!(late.err().map(|error| error.kind()), Some(StoreErrorKind::StaleRevision));
    /// # Ok(())
    /// # }
    /// ```
    async fn modify_if<C, F>(
        &self,
        id: &TenantId,
        is_expected: C,
        change: F,
    ) -> Result<Arc<TenantRecord>, StoreError>
    where
        C: Fn(&TenantConfig) -> bool + Send + Sync,
        F: Fn(&mut TenantConfig) + Send + Sync,
    {
        for _ in 0..TRIES {
            let mut config = expected(self.fetch(id).await?, &is_expected)?;
            change(&mut config);
            match self.update(config).await {
                Err(error) if error.kind() == StoreErrorKind::StaleRevision => {}
                answer => return answer,
            }
        }
        Err(too_many_others())
    }

    /// Soft-deletes a tenant whose config is one that the caller expects: however many others write at the same moment, none
    /// that is not is deleted.
    ///
    /// # Errors
    /// As [`ConfigStore::delete`]; `StaleRevision` where the config is not as expected, or after many tries.
    async fn delete_if<C>(&self, id: &TenantId, is_expected: C) -> Result<(), StoreError>
    where
        C: Fn(&TenantConfig) -> bool + Send + Sync,
    {
        for _ in 0..TRIES {
            let config = expected(self.fetch(id).await?, &is_expected)?;
            match self.delete_revision(id, config.revision).await {
                Err(error) if error.kind() == StoreErrorKind::StaleRevision => {}
                answer => return answer,
            }
        }
        Err(too_many_others())
    }
}

const TRIES: usize = 64;

impl<S: ConfigStore + ?Sized> ConfigStoreExt for S {}

/// The config of a tenant that is not deleted, where it is as somebody expects.
fn expected(
    config: Option<TenantConfig>,
    is_expected: &(impl Fn(&TenantConfig) -> bool + Sync),
) -> Result<TenantConfig, StoreError> {
    let config = config.filter(is_kept).ok_or_else(not_found)?;
    if is_expected(&config) { Ok(config) } else { Err(changed()) }
}

fn too_many_others() -> StoreError {
    StoreError::new(StoreErrorKind::StaleRevision, "the tenant is being changed by many others")
}

pub(crate) fn changed() -> StoreError {
    StoreError::new(StoreErrorKind::StaleRevision, "the tenant was changed since it was read")
}

fn is_kept(config: &TenantConfig) -> bool {
    config.status != TenantStatus::Deleted
}

pub(crate) fn not_found() -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, "the tenant does not exist")
}
