//! Which hosts lead to which tenant: as the store says, also where others write to it.

use std::{fmt, sync::Arc, time::Duration};

use tenant::{
    ConfigManager, ConfigStore, HostRegistry, Page, StoreError, TenantConfig, TenantId, TenantRecord,
    TenantStatus,
};
use tokio::{
    sync::{Mutex, Notify},
    time::sleep,
};

use crate::state::Configs;

/// Keeps the registry of hosts up with the store.
pub(crate) struct Hosts {
    configs: Arc<Configs>,
    registry: Arc<HostRegistry>,
    /// One change at a time, so that the registry never ends up with an older list than the store.
    changes: Mutex<()>,
    doubts: Notify,
}

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Hosts {
    pub(crate) fn new(configs: Arc<Configs>, registry: Arc<HostRegistry>) -> Arc<Self> {
        Arc::new(Self { configs, registry, changes: Mutex::default(), doubts: Notify::new() })
    }

    /// Runs a change of a tenant and lets its hosts lead to it.
    ///
    /// It runs in a task of its own: where the caller goes away in the middle, the store and the registry must still
    /// agree.
    pub(crate) async fn change<F>(self: &Arc<Self>, change: F) -> Result<Arc<TenantRecord>, StoreError>
    where
        F: Future<Output = Result<Arc<TenantRecord>, StoreError>> + Send + 'static,
    {
        let hosts = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _one_at_a_time = hosts.changes.lock().await;
            let record = change.await?;
            // It may fail where another instance has moved the host, and the news is still to come.
            if hosts.lead_to(record.config()).is_err() {
                hosts.doubt();
            }
            Ok(record)
        });
        task.await.map_err(StoreError::unavailable)?
    }

    /// Runs something while no change is under way.
    pub(crate) async fn in_turn<F: Future>(&self, something: F) -> F::Output {
        let _one_at_a_time = self.changes.lock().await;
        something.await
    }

    /// Runs the deletion of a tenant; its hosts lead nowhere from then on.
    pub(crate) async fn delete<F>(self: &Arc<Self>, id: TenantId, deletion: F) -> Result<(), StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let hosts = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _one_at_a_time = hosts.changes.lock().await;
            deletion.await?;
            hosts.registry.remove_all(&id);
            Ok(())
        });
        task.await.map_err(StoreError::unavailable)?
    }

    /// Reads a tenant that was changed elsewhere, and lets its hosts lead to it.
    ///
    /// # Errors
    /// The store can't be read, or a host is registered for another tenant still. Then all hosts are in doubt.
    pub(crate) async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        let reloaded = self.try_reload(id).await;
        if reloaded.is_err() {
            self.doubt();
        }
        reloaded
    }

    async fn try_reload(&self, id: &TenantId) -> Result<(), StoreError> {
        // Many at once here; from memory, and one after the other, below.
        self.configs.load(id).await?;
        let _one_at_a_time = self.changes.lock().await;
        match self.configs.load(id).await? {
            Some(record) => self.lead_to(record.config())?,
            None => self.registry.remove_all(id),
        }
        Ok(())
    }

    /// What is registered may be of yesterday: [`Hosts::settle_doubts`] reads all of it again.
    pub(crate) fn doubt(&self) {
        self.doubts.notify_one();
    }

    /// Reads all hosts again whenever they are in doubt, and until that succeeds: a host that has moved must not lead to
    /// its former tenant for ever.
    pub(crate) async fn settle_doubts(self: Arc<Self>) {
        loop {
            self.doubts.notified().await;
            let mut wait = FIRST_WAIT;
            while let Err(error) = self.load().await {
                tracing::warn!(%error, "hosts could not be read again");
                sleep(wait).await;
                wait = wait.saturating_mul(2).min(LONGEST_WAIT);
            }
        }
    }

    /// Reads all hosts from the store.
    ///
    /// # Errors
    /// The store can't be read, or has changed meanwhile so that it told of a host twice.
    pub(crate) async fn load(&self) -> Result<(), StoreError> {
        const STEP: u32 = 500;
        let _one_at_a_time = self.changes.lock().await;
        let mut taken = Vec::new();
        for offset in (0..).step_by(STEP as usize) {
            let list = self.configs.list(Page { limit: STEP, offset }).await?;
            let is_last = list.tenants.len() < STEP as usize;
            taken.extend(list.tenants.into_iter().filter(|config| self.lead_to(config).is_err()));
            if is_last {
                break;
            }
        }
        // Two may have exchanged theirs: neither gets its own before both have lost the other's.
        for config in &taken {
            self.registry.remove_all(&config.tenant_id);
        }
        let all: Vec<_> = taken.iter().map(|config| self.lead_to(config)).collect();
        all.into_iter().collect()
    }

    fn lead_to(&self, config: &TenantConfig) -> Result<(), StoreError> {
        self.registry.replace(&config.tenant_id, hosts_of(config)).map_err(StoreError::unavailable)
    }
}

/// The hosts that lead to a tenant: to one that is deleted leads none.
fn hosts_of(config: &TenantConfig) -> &[String] {
    if config.status == TenantStatus::Deleted { &[] } else { &config.hosts }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").field("registry", &self.registry).finish_non_exhaustive()
    }
}
