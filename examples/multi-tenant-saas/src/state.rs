//! What the handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use sqlx::Sqlite;
use tenant::{
    CachedConfigs, Clock, ConfigManager, ConfigStore, DbConfigManager, HostRegistry, Meter, Page, Policies,
    QuotaManager, StoreError, TenantConfig, TenantDb, TenantId, TenantLayer, TenantRecord, TenantStatus,
    Timestamp,
    cache::{InMemoryBackend, TenantCache},
};
use tokio::sync::Mutex;

use crate::{api::MAX_CHATS_PER_TENANT, executions::Running, places::Places, shared::Shared};

pub(crate) type Configs = CachedConfigs<DbConfigManager<Sqlite>>;

const CACHE_BYTES: usize = 64 << 20;

/// Cheap to clone: handles, all of them.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) db: TenantDb<Sqlite>,
    pub(crate) configs: Arc<Configs>,
    pub(crate) meter: Meter,
    pub(crate) policies: Policies,
    pub(crate) running: Arc<Running>,
    pub(crate) chats: Arc<Places>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: TenantCache,
    /// What other instances know too; `None` for one that is alone.
    pub(crate) shared: Option<Arc<Shared>>,
    hosts: Arc<HostRegistry>,
    /// One change of hosts at a time, so that the registry never ends up with an older list than the store.
    host_changes: Arc<Mutex<()>>,
}

impl AppState {
    pub(crate) fn new(
        db: TenantDb<Sqlite>,
        configs: Arc<Configs>,
        tenancy: &TenantLayer,
        clock: Arc<dyn Clock>,
        hosts: Arc<HostRegistry>,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        let backend = InMemoryBackend::builder().max_bytes(CACHE_BYTES).clock(Arc::clone(&clock)).build();
        let cache = TenantCache::new(backend);
        let (meter, policies) = (tenancy.meter().clone(), tenancy.policies().clone());
        let running = Running::new(Arc::clone(&clock));
        Self {
            db,
            configs,
            meter,
            policies,
            running,
            chats: Places::new(MAX_CHATS_PER_TENANT),
            clock,
            cache,
            shared,
            hosts,
            host_changes: Arc::default(),
        }
    }

    /// Where limits are counted.
    pub(crate) const fn quotas(&self) -> &Arc<dyn QuotaManager> {
        self.meter.quotas()
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.unix())
    }

    /// Runs a change of a tenant and lets its hosts lead to it.
    ///
    /// It runs in a task of its own: where the caller goes away in the middle, the store and the registry must still
    /// agree.
    pub(crate) async fn change_hosts<F>(&self, change: F) -> Result<Arc<TenantRecord>, StoreError>
    where
        F: Future<Output = Result<Arc<TenantRecord>, StoreError>> + Send + 'static,
    {
        let app = self.clone();
        let task = tokio::spawn(async move {
            let _one_at_a_time = app.host_changes.lock().await;
            let record = change.await?;
            app.register(record.id(), &record.config().hosts);
            Ok(record)
        });
        task.await.map_err(StoreError::unavailable)?
    }

    /// Deletes a tenant; its hosts lead nowhere from now on.
    pub(crate) async fn delete(&self, id: TenantId) -> Result<(), StoreError> {
        let app = self.clone();
        let task = tokio::spawn(async move {
            let _one_at_a_time = app.host_changes.lock().await;
            app.configs.delete(&id).await?;
            app.register(&id, &[]);
            Ok(())
        });
        task.await.map_err(StoreError::unavailable)?
    }

    /// Reads all hosts from the store.
    pub(crate) async fn load_hosts(&self) -> Result<(), StoreError> {
        const STEP: u32 = 500;
        let _one_at_a_time = self.host_changes.lock().await;
        let mut taken = Vec::new();
        for offset in (0..).step_by(STEP as usize) {
            let list = self.configs.list(Page { limit: STEP, offset }).await?;
            let is_last = list.tenants.len() < STEP as usize;
            taken.extend(list.tenants.into_iter().filter(|config| self.lead_to(config).is_err()));
            if is_last {
                break;
            }
        }
        // Whoever had such a host before has lost it by now.
        for config in taken {
            self.register(&config.tenant_id, hosts_of(&config));
        }
        Ok(())
    }

    /// Reads a tenant that was changed elsewhere, and lets its hosts lead to it.
    ///
    /// # Errors
    /// The store can't be read, or a host is registered for another tenant still, of which there is news to come.
    pub(crate) async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        // Many at once here; from memory, and one after the other, below.
        self.configs.load(id).await?;
        let _one_at_a_time = self.host_changes.lock().await;
        match self.configs.load(id).await? {
            Some(record) => self.lead_to(record.config()),
            None => self.hosts.replace(id, [""; 0]).map_err(StoreError::unavailable),
        }
    }

    fn lead_to(&self, config: &TenantConfig) -> Result<(), StoreError> {
        self.hosts.replace(&config.tenant_id, hosts_of(config)).map_err(StoreError::unavailable)
    }

    // The store has seen to it that a host belongs to one tenant; the registry would say so if it had not.
    fn register(&self, id: &TenantId, hosts: &[String]) {
        if let Err(error) = self.hosts.replace(id, hosts) {
            tracing::error!(%error, tenant = %id, "hosts could not be registered");
        }
    }
}

/// The hosts that lead to a tenant: to one that is deleted leads none.
fn hosts_of(config: &TenantConfig) -> &[String] {
    if config.status == TenantStatus::Deleted { &[] } else { &config.hosts }
}

impl FromRef<AppState> for Meter {
    fn from_ref(app: &AppState) -> Self {
        app.meter.clone()
    }
}
