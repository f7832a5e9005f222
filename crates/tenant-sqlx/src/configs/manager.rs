use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tenant_core::{
    CachedConfigs, ConfigManager, ConfigStore, StoreError, TenantId, TenantRecord, settings::SettingsSchema,
};

use super::records::Records;
use crate::{TenantDb, driver::TenantDatabase};

/// Keeps configs in the tables `tenants` and `tenant_hosts` of a [`TenantDb`].
///
/// [`TenantDb::migrate_tenants`] creates the tables. Every lookup reads the database; put
/// [`cached`](Self::cached) in front for requests. Contexts it minted hear of a suspension that goes through it, or
/// that it reads.
///
/// # Example
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tenant_core::{ConfigStore, TenantConfig, TenantContext, TenantId};
/// use tenant_sqlx::{DbConfigManager, TenantDb};
///
/// let db = TenantDb::<sqlx::Sqlite>::connect("sqlite::memory:").await?;
/// db.migrate_tenants().await?;
/// let configs = DbConfigManager::new(&db).cached(1_000, Duration::from_secs(300));
///
/// let acme = TenantId::parse("acme")?;
/// configs.create(TenantConfig::builder(acme).build()?).await?;
/// assert!(TenantContext::of(&configs, &acme).await.is_ok());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub struct DbConfigManager<DB: TenantDatabase> {
    pub(crate) db: TenantDb<DB>,
    pub(super) records: Records,
    pub(super) settings: SettingsSchema,
}

impl<DB: TenantDatabase> DbConfigManager<DB> {
    /// The configs of a database; time stamps come from its clock.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self { db: db.clone(), records: Records::default(), settings: SettingsSchema::new() }
    }

    /// Refuses to write settings that are not as this schema has them.
    #[must_use]
    pub fn with_settings(mut self, schema: SettingsSchema) -> Self {
        self.settings = schema;
        self
    }

    /// What settings must be.
    #[must_use]
    pub const fn settings(&self) -> &SettingsSchema {
        &self.settings
    }

    /// Remembers up to `capacity` tenants for `ttl`.
    #[must_use]
    pub fn cached(self, capacity: usize, ttl: Duration) -> CachedConfigs<Self> {
        let clock = Arc::clone(self.db.clock());
        let hooks = self.db.hooks().clone();
        CachedConfigs::new(self, capacity, ttl).with_clock(clock).with_hooks(hooks)
    }

    /// Creates or updates the tables: [`TenantDb::migrate_tenants`].
    ///
    /// # Errors
    /// A migration failed.
    pub async fn migrate(&self) -> Result<(), sqlx::Error> {
        self.db.migrate_tenants().await
    }
}

impl<DB: TenantDatabase> fmt::Debug for DbConfigManager<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbConfigManager").field("db", &self.db).finish_non_exhaustive()
    }
}

#[async_trait]
impl<DB: TenantDatabase> ConfigManager for DbConfigManager<DB> {
    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        Ok(self.fetch(id).await?.map(|config| self.records.of(config)))
    }
}
