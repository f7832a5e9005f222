//! A bounded memory of configs in front of a store.

use std::{
    fmt,
    hash::BuildHasher,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};

use super::{
    ConfigAnnouncer, ConfigChange, ConfigListener, ConfigManager, ConfigStore, Due, DueTenants, Lookup, Page,
    TenantList, flight::Flight, shard::Shard,
};
use crate::{
    Clock, Hooks, Monotonic, Plans, StoreError, StoreErrorKind, TenantConfig, TenantId, TenantRecord,
    Timestamp, clock::ClockHandle, hooks::ConfigLookup, quota::Limits,
};

/// Remembers what a [`ConfigStore`] said: LRU, with a time to live.
///
/// - What is evicted is what was least recently used, to within an eighth of the capacity in hits.
/// - However many ask for a tenant that is not in memory, the store is asked once.
/// - Ids that no tenant has are remembered too, for a shorter while and in a place of their own: guessing ids neither
///   hammers the store nor evicts a tenant.
/// - Times to live are spread by up to a tenth, so that entries loaded together don't expire together.
/// - A write through the cache is seen at once; a slow read that started before it never overwrites it.
/// - Contexts hear of a suspension even where the cache has evicted their tenant meanwhile.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use tenant_core::{CachedConfigs, InMemoryConfigManager};
///
/// let configs = CachedConfigs::new(InMemoryConfigManager::new(), 1_000, Duration::from_secs(300));
/// assert_eq!(configs.stats().hits, 0);
/// ```
pub struct CachedConfigs<S> {
    store: Arc<S>,
    clock: ClockHandle,
    hooks: Hooks,
    ttl: Duration,
    missing_ttl: Duration,
    shards: Arc<Shards>,
    flights: AtomicU64,
    announcer: Option<Arc<dyn ConfigAnnouncer>>,
}

/// How often the cache had the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Lookups that were answered from memory.
    pub hits: u64,
    /// Lookups that had to wait for the store.
    pub misses: u64,
    /// Tenants in memory.
    pub tenants: usize,
    /// Unknown ids in memory.
    pub missing: usize,
}

const MISSING_TTL: Duration = Duration::from_secs(5);
const SHARDS: usize = 8;
// Below this a shard would be so small that chance alone evicts from it.
const MIN_PER_SHARD: usize = 64;

struct Shards {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    plans: RwLock<Plans>,
}

impl Shards {
    fn new(capacity: usize) -> Self {
        let count = if capacity >= SHARDS * MIN_PER_SHARD { SHARDS } else { 1 };
        let each = NonZeroUsize::new(capacity / count).unwrap_or(NonZeroUsize::MIN);
        Self {
            hasher: RandomState::default(),
            shards: (0..count).map(|_| Mutex::new(Shard::new(each))).collect(),
            plans: RwLock::default(),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "their number is a power of two")]
    #[inline]
    fn of(&self, id: &TenantId) -> &Mutex<Shard> {
        // By bits that the maps look at last.
        let number = usize::try_from(id.hash_code() >> 32).unwrap_or(0) & (self.shards.len() - 1);
        &self.shards[number]
    }

    /// The limits of a tenant on its plan. Where they make no sense, contexts of the tenant hear all the same whether
    /// it is still served, and nothing of it is kept.
    fn merge(&self, shard: &mut Shard, config: &TenantConfig) -> Result<Limits, StoreError> {
        let merged = self.plans.read().merged(config);
        if merged.is_err() {
            shard.forget(&config.tenant_id);
            shard.record_for(&config.tenant_id, config.clone(), Limits::default());
        }
        merged
    }

    fn put(&self, shard: &mut Shard, config: TenantConfig, expires: Monotonic) -> Written {
        let limits = self.merge(shard, &config)?;
        let id = config.tenant_id;
        Ok(shard.put(&id, config, limits, expires))
    }
}

impl<S: ConfigStore + 'static> CachedConfigs<S> {
    /// Remembers up to `capacity` tenants for `ttl`, and as many unknown ids for 5 seconds (or `ttl`, if shorter).
    #[must_use]
    pub fn new(store: S, capacity: usize, ttl: Duration) -> Self {
        Self {
            store: Arc::new(store),
            clock: ClockHandle::System,
            hooks: Hooks::default(),
            ttl,
            missing_ttl: ttl.min(MISSING_TTL),
            shards: Arc::new(Shards::new(capacity)),
            flights: AtomicU64::new(0),
            announcer: None,
        }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = ClockHandle::Other(clock);
        self
    }

    /// Remembers unknown ids for `ttl`.
    #[must_use]
    pub const fn with_missing_ttl(mut self, ttl: Duration) -> Self {
        self.missing_ttl = ttl;
        self
    }

    /// Reports hits and misses to `hooks`.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Tells `announcer` of each write that goes through this cache, so that other instances hear of it. What they tell is
    /// heard through [`ConfigListener`], which this cache is.
    #[must_use]
    pub fn with_announcer(mut self, announcer: Arc<dyn ConfigAnnouncer>) -> Self {
        self.announcer = Some(announcer);
        self
    }

    /// Merges the plans' limits into those of their tenants. A tenant whose limits make no sense on its plan is neither
    /// written nor served.
    #[must_use]
    pub fn with_plans(self, plans: Plans) -> Self {
        self.set_plans(plans);
        self
    }

    /// Changes the plans: all tenants are read anew, and keep their counts.
    pub fn set_plans(&self, plans: Plans) {
        *self.shards.plans.write() = plans;
        for shard in &self.shards.shards {
            shard.lock().forget_all();
        }
    }

    /// The plans.
    #[must_use]
    pub fn plans(&self) -> Plans {
        self.shards.plans.read().clone()
    }

    /// The store behind the cache.
    #[must_use]
    pub const fn store(&self) -> &Arc<S> {
        &self.store
    }

    /// How often the cache had the answer.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let mut stats = CacheStats::default();
        for shard in &self.shards.shards {
            let shard = shard.lock();
            stats.hits += shard.hits;
            stats.misses += shard.misses;
            stats.tenants += shard.tenants();
            stats.missing += shard.missing();
        }
        stats
    }

    /// Forgets a tenant: the next lookup asks the store. Loads under way answer those who wait and are not kept.
    pub fn invalidate(&self, id: &TenantId) {
        self.shards.of(id).lock().forget(id);
    }

    /// Takes over a config that was changed elsewhere; an older one than is known changes nothing.
    ///
    /// # Errors
    /// Its limits make no sense on its plan.
    pub fn refresh(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        let (id, expires) = (config.tenant_id, self.expiry(&config.tenant_id, self.ttl));
        let mut shard = self.shards.of(&id).lock();
        shard.forget_flight(&id);
        self.shards.put(&mut shard, config, expires)
    }

    fn expiry(&self, id: &TenantId, ttl: Duration) -> Monotonic {
        let now = self.clock.coarse_monotonic();
        // Up to a tenth shorter, by the id and the moment.
        let spread = self.shards.hasher.hash_one((id, now)) % 1_000;
        let less = ttl.as_nanos() * u128::from(spread) / 10_000;
        now.after(ttl.saturating_sub(Duration::from_nanos(u64::try_from(less).unwrap_or(0))))
    }

    async fn fetch_once(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        const TRIES: usize = 4;
        let mut overtaken = None;
        for _ in 0..TRIES {
            let flight = self.shards.of(id).lock().board(id, || self.start(*id));
            let waiting = Waiting { shards: &self.shards, id: *id, number: flight.number() };
            let answer = flight.arrive().await?;
            let mut shard = self.shards.of(id).lock();
            if shard.land(id, waiting.number) {
                return self.keep(&mut shard, id, answer);
            }
            // Whoever waited for the same load has kept it, or a write has overtaken it: then read anew.
            match shard.peek(id, self.clock.coarse_monotonic()) {
                Some(Lookup::Found(record)) => return Ok(Some(record)),
                Some(Lookup::Missing) => return Ok(None),
                None => overtaken = self.without_keeping(&mut shard, answer)?,
            }
            drop(shard);
        }
        Ok(overtaken)
    }

    fn start(&self, id: TenantId) -> Flight {
        let store = Arc::clone(&self.store);
        let number = self.flights.fetch_add(1, Ordering::Relaxed);
        Flight::start(number, async move { store.fetch(&id).await })
    }

    fn keep(
        &self,
        shard: &mut Shard,
        id: &TenantId,
        answer: Option<TenantConfig>,
    ) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        match answer {
            Some(config) => self.shards.put(shard, config, self.expiry(id, self.ttl)).map(Some),
            None => {
                shard.put_missing(id, self.expiry(id, self.missing_ttl));
                Ok(None)
            }
        }
    }

    fn without_keeping(
        &self,
        shard: &mut Shard,
        answer: Option<TenantConfig>,
    ) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        let Some(config) = answer else { return Ok(None) };
        let limits = self.shards.merge(shard, &config)?;
        Ok(Some(shard.record_for(&config.tenant_id.clone(), config, limits)))
    }

    /// Runs a write to its end even where the one who asked for it goes away, so that what the store has taken is
    /// never missing here.
    async fn write<F>(&self, config: TenantConfig, write: fn(Arc<S>, TenantConfig) -> F) -> Written
    where
        F: Future<Output = Written> + Send + 'static,
    {
        self.shards.plans.read().merged(&config)?;
        let (shards, id) = (Arc::clone(&self.shards), config.tenant_id);
        let (write, expires) = (write(Arc::clone(&self.store), config), self.expiry(&id, self.ttl));
        let announcer = self.announcer.clone();
        let task = tokio::spawn(async move {
            let answer = write.await;
            let change = change(id, answer.as_ref().map(|record| Some(record.config())));
            let mut shard = shards.of(&id).lock();
            shard.forget_flight(&id);
            let answer = match answer {
                Ok(record) => shards.put(&mut shard, record.config().clone(), expires),
                Err(error) => {
                    // Even a failed write may have been applied.
                    shard.forget(&id);
                    Err(error)
                }
            };
            drop(shard);
            tell(announcer, change);
            answer
        });
        task.await.map_err(StoreError::unavailable)?
    }

    /// As [`write`](Self::write); whatever the revision is, unless one is given.
    async fn remove(&self, id: &TenantId, revision: Option<u64>) -> Result<(), StoreError> {
        let (shards, store, id) = (Arc::clone(&self.shards), Arc::clone(&self.store), *id);
        let announcer = self.announcer.clone();
        let task = tokio::spawn(async move {
            let answer = match revision {
                Some(revision) => store.delete_revision(&id, revision).await,
                None => store.delete(&id).await,
            };
            let mut shard = shards.of(&id).lock();
            if answer.is_ok() {
                shard.retire(&id);
            } else {
                shard.forget(&id);
            }
            drop(shard);
            tell(announcer, change(id, answer.as_ref().map(|()| None)));
            answer
        });
        task.await.map_err(StoreError::unavailable)?
    }
}

/// What there is to tell of a write: of one that failed too, unless the store has said that nothing was written.
fn change(id: TenantId, answer: Result<Option<&TenantConfig>, &StoreError>) -> Option<ConfigChange> {
    match answer {
        Ok(Some(config)) => Some(ConfigChange::to(config)),
        Ok(None) => Some(ConfigChange::of(id)),
        Err(error) => (error.kind() == StoreErrorKind::Unavailable).then(|| ConfigChange::of(id)),
    }
}

fn tell(announcer: Option<Arc<dyn ConfigAnnouncer>>, change: Option<ConfigChange>) {
    if let (Some(announcer), Some(change)) = (announcer, change) {
        announcer.announce(change);
    }
}

type Written = Result<Arc<TenantRecord>, StoreError>;

/// Someone who waits for a load; the last one to give up takes the load along.
struct Waiting<'a> {
    shards: &'a Shards,
    id: TenantId,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shards.of(&self.id).lock().abandon(&self.id, self.number);
    }
}

impl<S> fmt::Debug for CachedConfigs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedConfigs").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: ConfigStore + 'static> ConfigManager for CachedConfigs<S> {
    fn peek(&self, id: &TenantId) -> Option<Lookup> {
        let now = self.clock.coarse_monotonic();
        let mut shard = self.shards.of(id).lock();
        let found = shard.peek(id, now)?;
        shard.hits += 1;
        drop(shard);
        self.hooks.on_config_lookup(&ConfigLookup::hit(id));
        Some(found)
    }

    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        match self.peek(id) {
            Some(Lookup::Found(record)) => return Ok(Some(record)),
            Some(Lookup::Missing) => return Ok(None),
            None => {}
        }
        self.shards.of(id).lock().misses += 1;
        self.hooks.on_config_lookup(&ConfigLookup::miss(id));
        self.fetch_once(id).await
    }
}

#[async_trait]
impl<S: ConfigStore + 'static> ConfigStore for CachedConfigs<S> {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.write(config, |store, config| async move { store.create(config).await }).await
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.write(config, |store, config| async move { store.update(config).await }).await
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        self.remove(id, None).await
    }

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        self.remove(id, Some(revision)).await
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        self.store.list(page).await
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        self.store.tenant_of_host(host).await
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        self.store.fetch(id).await
    }
}

#[async_trait]
impl<S: DueTenants> DueTenants for CachedConfigs<S> {
    async fn due(&self, by: Timestamp, after: Option<&Due>, limit: u32) -> Result<Vec<Due>, StoreError> {
        self.store.due(by, after, limit).await
    }
}

#[async_trait]
impl<S: ConfigStore + 'static> ConfigListener for CachedConfigs<S> {
    fn forget(&self, change: &ConfigChange) -> Vec<TenantId> {
        match change {
            ConfigChange::Tenant { id, version } => {
                let mut shard = self.shards.of(id).lock();
                shard.forget_unless(id, *version);
                shard.is_held(id).then_some(*id).into_iter().collect()
            }
            ConfigChange::Anything => {
                self.shards.shards.iter().flat_map(|shard| shard.lock().forget_all()).collect()
            }
        }
    }

    async fn reload(&self, id: &TenantId) -> Result<(), StoreError> {
        self.load(id).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
