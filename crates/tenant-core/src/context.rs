//! The proof that a request, job or test belongs to one tenant.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{
    ConfigManager, DatabaseKey, Lookup, StoreError, TenantConfig, TenantId, TenantRecord, TenantStatus,
    UnixTime,
    quota::Limits,
    settings::{EdgeSettings, InvalidSetting},
};

/// The proof that work is done for one *active* tenant.
///
/// Only a lookup in a [`ConfigManager`] that found an active tenant mints one; there is no other constructor, no
/// default and no context for "all tenants". Cloning costs one reference count.
///
/// # Example
/// ```
/// use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let id = TenantId::parse("acme")?;
/// let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
/// let context = TenantContext::of(&configs, &id).await?;
/// assert_eq!(context.id(), &id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TenantContext(Arc<TenantRecord>);

impl TenantContext {
    /// Looks the tenant up, loading its config where it is not in memory, and enters it.
    ///
    /// # Errors
    /// The tenant is unknown or not active, or the store failed.
    pub async fn of<C: ConfigManager + ?Sized>(configs: &C, id: &TenantId) -> Result<Self, AdmissionError> {
        if let Some(answer) = Self::peek(configs, id) {
            return answer;
        }
        let record = configs.load(id).await.map_err(AdmissionError::Store)?;
        record.ok_or(AdmissionError::NotFound).and_then(|record| Self::mint(record, id))
    }

    /// Like [`TenantContext::of`], from memory alone; `None` if the config has to be loaded first.
    #[inline]
    pub fn peek<C: ConfigManager + ?Sized>(
        configs: &C,
        id: &TenantId,
    ) -> Option<Result<Self, AdmissionError>> {
        Some(match configs.peek(id)? {
            Lookup::Found(record) => Self::mint(record, id),
            Lookup::Missing => Err(AdmissionError::NotFound),
        })
    }

    // A manager that answers with another tenant's record (a mixed-up cache key) must not open that tenant.
    fn mint(record: Arc<TenantRecord>, asked: &TenantId) -> Result<Self, AdmissionError> {
        if record.id() != asked {
            return Err(AdmissionError::NotFound);
        }
        match (record.config().status, record.is_live()) {
            (TenantStatus::Active, true) => Ok(Self(record)),
            (TenantStatus::Active | TenantStatus::Suspended | TenantStatus::Deleted, _) => {
                Err(AdmissionError::Inactive)
            }
        }
    }

    /// The tenant's id.
    #[inline]
    #[must_use]
    pub fn id(&self) -> &TenantId {
        self.0.id()
    }

    /// The tenant's config as it was when the context was minted.
    #[inline]
    #[must_use]
    pub fn config(&self) -> &TenantConfig {
        self.0.config()
    }

    /// The limits that the config amounts to without its boosts.
    #[inline]
    #[must_use]
    pub fn limits(&self) -> &Arc<Limits> {
        self.0.limits()
    }

    /// The limits that hold at a moment: with what the boosts that still run add.
    #[inline]
    #[must_use]
    pub fn limits_at(&self, now: UnixTime) -> &Arc<Limits> {
        self.0.limits_at(now)
    }

    /// A setting, as the type that is asked for; `None` where the tenant has none of this name. It is read anew each time.
    ///
    /// # Errors
    /// It is of another type.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, InvalidSetting> {
        self.config().setting(name)
    }

    /// What the settings tell the edge.
    #[inline]
    #[must_use]
    pub fn edge_settings(&self) -> &EdgeSettings {
        self.0.edge_settings()
    }

    /// The value that stands for the tenant in tables keyed by a uuid or an integer.
    #[must_use]
    pub fn database_key(&self) -> Option<DatabaseKey> {
        self.config().database_key
    }

    /// The record behind the context.
    #[inline]
    #[must_use]
    pub fn record(&self) -> &Arc<TenantRecord> {
        &self.0
    }

    /// Checks that the tenant is still served, as far as this process knows.
    ///
    /// # Errors
    /// The tenant was suspended or deleted after the context was minted.
    pub fn ensure_active(&self) -> Result<(), Inactive> {
        if self.0.is_live() { Ok(()) } else { Err(Inactive) }
    }
}

impl fmt::Debug for TenantContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantContext").field(self.id()).finish()
    }
}

/// The tenant was suspended or deleted while work was done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant is no longer active")]
pub struct Inactive;

/// Why no context was minted.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// No tenant has this id.
    #[error("the tenant does not exist")]
    NotFound,
    /// The tenant is suspended or deleted.
    #[error("the tenant is not active")]
    Inactive,
    /// The config store failed: nothing is known about the tenant.
    #[error("the tenant's config can't be read")]
    Store(#[source] StoreError),
}
