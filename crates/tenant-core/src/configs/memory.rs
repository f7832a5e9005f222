use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use parking_lot::{RwLock, RwLockReadGuard};

use super::{
    ConfigManager, ConfigStore, Due, DueTenants, Lookup, Page, TenantList,
    store::{changed, not_found},
};
use crate::{
    Clock, InvalidConfig, Plans, StoreError, StoreErrorKind, SystemClock, TenantConfig, TenantId,
    TenantRecord, TenantStatus, Timestamp, config::base_of, settings::SettingsSchema,
};

/// Keeps configs in this process' memory: for tests, and for deployments whose tenants are known at start.
///
/// # Example
/// ```
/// use tenant_core::{ConfigManager, InMemoryConfigManager, TenantConfig, TenantId};
///
/// let id = TenantId::parse("acme")?;
/// let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
/// assert!(configs.peek(&id).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct InMemoryConfigManager {
    clock: Arc<dyn Clock>,
    plans: Plans,
    settings: SettingsSchema,
    tenants: RwLock<Tenants>,
}

#[derive(Default)]
struct Tenants {
    records: foldhash::HashMap<TenantId, Arc<TenantRecord>>,
    order: Vec<TenantId>,
    hosts: BTreeMap<String, TenantId>,
}

impl InMemoryConfigManager {
    /// No tenants yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::new()))
    }

    /// No tenants yet; time stamps come from `clock`.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, plans: Plans::default(), settings: SettingsSchema::new(), tenants: RwLock::default() }
    }

    /// These tenants.
    ///
    /// # Errors
    /// Two of them share an id or a host, or one is invalid.
    pub fn with(configs: impl IntoIterator<Item = TenantConfig>) -> Result<Self, StoreError> {
        let manager = Self::new();
        for config in configs {
            manager.insert(config)?;
        }
        Ok(manager)
    }

    /// Merges the plans' limits into those of their tenants.
    ///
    /// # Errors
    /// The limits of a tenant make no sense on its plan.
    pub fn with_plans(mut self, plans: Plans) -> Result<Self, StoreError> {
        for record in self.tenants.get_mut().records.values_mut() {
            let limits = plans.merged(record.config())?;
            *record = Arc::new(record.succeed(record.config().clone()).with_limits(limits));
        }
        self.plans = plans;
        Ok(self)
    }

    /// Refuses to write settings that are not as this schema has them. Tenants that are there already stay as they are.
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

    fn insert(&self, mut config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        config.validate().map_err(|error| invalid(&error))?;
        self.settings.check(&config.settings).map_err(|error| invalid(&error))?;
        let limits = self.plans.merged(&config)?;
        let mut tenants = self.tenants.write();
        if tenants.records.contains_key(&config.tenant_id) {
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, "the tenant exists already"));
        }
        config.revision = 1;
        config.created_at = Timestamp::from(self.clock.unix());
        config.updated_at = config.created_at;
        tenants.take_hosts(&config)?;
        tenants.order.push(config.tenant_id);
        Ok(tenants.put(TenantRecord::new(config).with_limits(limits)))
    }

    fn replace(&self, mut config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        config.validate().map_err(|error| invalid(&error))?;
        let limits = self.plans.merged(&config)?;
        let mut tenants = self.tenants.write();
        let old = tenants.kept(&config.tenant_id)?;
        if old.config().revision != config.revision {
            return Err(changed());
        }
        if config.settings != old.config().settings {
            self.settings.check(&config.settings).map_err(|error| invalid(&error))?;
        }
        config.revision += 1;
        config.created_at = old.config().created_at;
        config.updated_at = Timestamp::from(self.clock.unix());
        tenants.take_hosts(&config)?;
        Ok(tenants.put(old.succeed(config).with_limits(limits)))
    }

    /// Whatever its revision is, unless one is given.
    fn remove(&self, id: &TenantId, revision: Option<u64>) -> Result<(), StoreError> {
        let mut tenants = self.tenants.write();
        let old = tenants.kept(id)?;
        let mut config = old.config().clone();
        if revision.is_some_and(|revision| revision != config.revision) {
            return Err(changed());
        }
        config.status = TenantStatus::Deleted;
        config.hosts.clear();
        config.revision += 1;
        config.updated_at = Timestamp::from(self.clock.unix());
        tenants.free_hosts(id);
        tenants.put(old.succeed(config));
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Tenants> {
        self.tenants.read()
    }
}

impl Tenants {
    fn kept(&self, id: &TenantId) -> Result<Arc<TenantRecord>, StoreError> {
        let record = self.records.get(id).filter(|record| record.config().status != TenantStatus::Deleted);
        record.cloned().ok_or_else(not_found)
    }

    /// All hosts of the config, or none.
    fn take_hosts(&mut self, config: &TenantConfig) -> Result<(), StoreError> {
        let id = config.tenant_id;
        if config.hosts.iter().any(|host| self.is_anothers(&id, host)) {
            return Err(StoreError::new(StoreErrorKind::HostTaken, "a host belongs to another tenant"));
        }
        self.free_hosts(&id);
        self.hosts.extend(config.hosts.iter().map(|host| (host.clone(), id)));
        Ok(())
    }

    /// Whether another tenant has a host, one that it covers, or one that covers it.
    fn is_anothers(&self, id: &TenantId, host: &str) -> bool {
        let has = |own: &str| self.hosts.get(own).is_some_and(|owner| owner != id);
        match base_of(host) {
            Some(base) => self.hosts.iter().any(|(own, owner)| owner != id && above(own) == Some(base)),
            None => has(host) || above(host).is_some_and(|base| has(&format!("*.{base}"))),
        }
    }

    fn tenant_of(&self, host: &str) -> Option<TenantId> {
        let wildcard = || self.hosts.get(&format!("*.{}", above(host)?));
        self.hosts.get(host).or_else(wildcard).copied()
    }

    fn free_hosts(&mut self, id: &TenantId) {
        self.hosts.retain(|_, owner| owner != id);
    }

    fn put(&mut self, record: TenantRecord) -> Arc<TenantRecord> {
        let record = Arc::new(record);
        self.records.insert(*record.id(), Arc::clone(&record));
        record
    }
}

/// The host one label up; for a wildcard that is its base.
fn above(host: &str) -> Option<&str> {
    host.split_once('.').map(|(_, above)| above)
}

fn invalid(error: &InvalidConfig) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, error.to_string())
}

impl Default for InMemoryConfigManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InMemoryConfigManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryConfigManager")
            .field("tenants", &self.read().order.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl ConfigManager for InMemoryConfigManager {
    fn peek(&self, id: &TenantId) -> Option<Lookup> {
        Some(self.read().records.get(id).map_or(Lookup::Missing, |record| Lookup::Found(Arc::clone(record))))
    }

    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        Ok(self.read().records.get(id).cloned())
    }
}

#[async_trait]
impl ConfigStore for InMemoryConfigManager {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.insert(config)
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.replace(config)
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        self.remove(id, None)
    }

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        self.remove(id, Some(revision))
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        let tenants = self.read();
        let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
        let take = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let configs = tenants.order.iter().skip(skip).take(take).filter_map(|id| tenants.records.get(id));
        let configs = configs.map(|record| record.config().clone()).collect();
        Ok(TenantList::new(configs, u64::try_from(tenants.order.len()).unwrap_or(u64::MAX)))
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        Ok(self.read().tenant_of(host))
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        Ok(self.read().records.get(id).map(|record| record.config().clone()))
    }
}

#[async_trait]
impl DueTenants for InMemoryConfigManager {
    async fn due(&self, by: Timestamp, after: Option<&Due>, limit: u32) -> Result<Vec<Due>, StoreError> {
        let tenants = self.read();
        let due = tenants.records.values().filter_map(|record| Due::of(record.config()));
        let mut due: Vec<_> =
            due.filter(|due| due.at <= by && after.is_none_or(|after| due > after)).collect();
        due.sort_unstable();
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConfigStoreExt, TenantContext};

    fn config(id: &str) -> TenantConfig {
        TenantConfig::builder(TenantId::parse(id).unwrap()).build().unwrap()
    }

    #[tokio::test]
    async fn a_stale_write_is_refused() {
        let configs = InMemoryConfigManager::with([config("acme")]).unwrap();
        let read = configs.fetch(&TenantId::parse("acme").unwrap()).await.unwrap().unwrap();
        configs.update(read.clone()).await.unwrap();
        assert_eq!(configs.update(read).await.unwrap_err().kind(), StoreErrorKind::StaleRevision);
    }

    #[tokio::test]
    async fn a_host_belongs_to_one_tenant() {
        let mut acme = config("acme");
        acme.hosts = vec!["app.example".into()];
        let mut globex = config("globex");
        globex.hosts = vec!["free.example".into(), "app.example".into()];
        let configs = InMemoryConfigManager::with([acme]).unwrap();
        assert_eq!(configs.create(globex.clone()).await.unwrap_err().kind(), StoreErrorKind::HostTaken);
        assert_eq!(configs.tenant_of_host("free.example").await.unwrap(), None, "all hosts or none");
        configs.delete(&TenantId::parse("acme").unwrap()).await.unwrap();
        configs.create(globex).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_has_hosts_below_or_over_those_of_another() {
        let with = |name: &str, host: &str| {
            TenantConfig::builder(TenantId::parse(name).unwrap()).hosts([host]).build().unwrap()
        };
        for (first, second, free) in [
            ("*.acme.example", "app.acme.example", false),
            ("app.acme.example", "*.acme.example", false),
            ("*.acme.example", "*.acme.example", false),
            ("*.acme.example", "acme.example", true),
            ("*.acme.example", "a.b.acme.example", true),
            ("*.b.acme.example", "*.acme.example", true),
        ] {
            let configs = InMemoryConfigManager::with([with("acme", first)]).unwrap();
            let second = configs.create(with("globex", second)).await.map_err(|error| error.kind());
            assert_eq!(second.err(), (!free).then_some(StoreErrorKind::HostTaken), "{first}");
            let mut own = with("acme", first);
            own.hosts = vec!["*.acme.example".into(), "x.acme.example".into()];
            own.revision = 1;
            if !free {
                configs.update(own).await.unwrap();
                assert!(configs.tenant_of_host("any.acme.example").await.unwrap().is_some());
                assert!(configs.tenant_of_host("a.b.acme.example").await.unwrap().is_none());
            }
        }
    }

    #[tokio::test]
    async fn a_deleted_tenant_can_be_neither_entered_nor_changed_nor_created_anew() {
        let id = TenantId::parse("acme").unwrap();
        let configs = InMemoryConfigManager::with([config("acme")]).unwrap();
        let context = TenantContext::of(&configs, &id).await.unwrap();
        configs.delete(&id).await.unwrap();
        assert!(context.ensure_active().is_err());
        assert!(TenantContext::of(&configs, &id).await.is_err());
        assert_eq!(configs.create(config("acme")).await.unwrap_err().kind(), StoreErrorKind::AlreadyExists);
        assert_eq!(configs.delete(&id).await.unwrap_err().kind(), StoreErrorKind::NotFound);
        let revive = configs.modify(&id, |config| config.status = TenantStatus::Active).await;
        assert_eq!(revive.unwrap_err().kind(), StoreErrorKind::NotFound);
    }
}
