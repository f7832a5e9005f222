use std::sync::atomic::{AtomicBool, AtomicUsize};

use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::*;
use crate::{
    AdmissionError, ConfigStoreExt, InMemoryConfigManager, ManualClock, StoreErrorKind, TenantContext,
    TenantStatus, UnixTime,
};

/// A store whose reads can be held back, made to fail, and counted.
struct Slow {
    inner: InMemoryConfigManager,
    reads: AtomicUsize,
    fails: AtomicBool,
    gate: Semaphore,
}

impl Slow {
    fn open(ids: &[&str]) -> Self {
        Self::with_gate(ids, Semaphore::MAX_PERMITS)
    }

    fn with_gate(ids: &[&str], permits: usize) -> Self {
        let configs = ids.iter().map(|text| TenantConfig::builder(id(text)).build().unwrap());
        Self {
            inner: InMemoryConfigManager::with(configs).unwrap(),
            reads: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            gate: Semaphore::new(permits),
        }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ConfigManager for Slow {
    async fn load(&self, id: &TenantId) -> Result<Option<Arc<TenantRecord>>, StoreError> {
        self.inner.load(id).await
    }
}

#[async_trait]
impl ConfigStore for Slow {
    async fn create(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.inner.create(config).await
    }

    async fn update(&self, config: TenantConfig) -> Result<Arc<TenantRecord>, StoreError> {
        self.inner.update(config).await
    }

    async fn delete(&self, id: &TenantId) -> Result<(), StoreError> {
        self.inner.delete(id).await
    }

    async fn delete_revision(&self, id: &TenantId, revision: u64) -> Result<(), StoreError> {
        self.inner.delete_revision(id, revision).await
    }

    async fn list(&self, page: Page) -> Result<TenantList, StoreError> {
        self.inner.list(page).await
    }

    async fn tenant_of_host(&self, host: &str) -> Result<Option<TenantId>, StoreError> {
        self.inner.tenant_of_host(host).await
    }

    async fn fetch(&self, id: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        // What is read is read before the answer travels: a slow read brings old news.
        let answer = self.inner.fetch(id).await;
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("the store is down"));
        }
        answer
    }
}

fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

fn cached(store: Slow, capacity: usize) -> (Arc<ManualClock>, Arc<CachedConfigs<Slow>>) {
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_000)));
    let configs = CachedConfigs::new(store, capacity, Duration::from_secs(100))
        .with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    (clock, Arc::new(configs))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn remembers_a_tenant_until_its_time_is_over() {
    let (clock, configs) = cached(Slow::open(&["acme"]), 10);
    let acme = id("acme");
    assert!(configs.peek(&acme).is_none());
    configs.load(&acme).await.unwrap().unwrap();
    clock.advance(Duration::from_secs(89));
    assert!(configs.peek(&acme).is_some());
    configs.load(&acme).await.unwrap().unwrap();
    assert_eq!(configs.store().reads(), 1);
    clock.advance(Duration::from_secs(11));
    assert!(configs.peek(&acme).is_none());
    configs.load(&acme).await.unwrap().unwrap();
    assert_eq!(configs.store().reads(), 2);
}

#[tokio::test]
async fn entries_loaded_together_do_not_expire_together() {
    let names: Vec<String> = (0..200).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (clock, configs) = cached(Slow::open(&names), 500);
    for name in &names {
        configs.load(&id(name)).await.unwrap().unwrap();
    }
    clock.advance(Duration::from_secs(95));
    let left = names.iter().filter(|name| configs.peek(&id(name)).is_some()).count();
    assert!((40..160).contains(&left), "{left} of 200 are left in the middle of the spread");
}

#[tokio::test]
async fn asks_the_store_once_however_many_wait() {
    let (_, configs) = cached(Slow::with_gate(&["acme"], 0), 10);
    let askers: Vec<_> = (0..100)
        .map(|_| {
            tokio::spawn({
                let configs = Arc::clone(&configs);
                async move { configs.load(&id("acme")).await }
            })
        })
        .collect();
    until(|| configs.stats().misses == 100).await;
    configs.store().gate.add_permits(1);
    let mut records = Vec::new();
    for asker in askers {
        records.push(asker.await.unwrap().unwrap().unwrap());
    }
    assert_eq!(configs.store().reads(), 1);
    assert!(records.iter().all(|record| Arc::ptr_eq(record, &records[0])));
}

#[tokio::test]
async fn a_load_outlives_the_one_who_started_it_and_not_the_last_one_who_waits() {
    let (_, configs) = cached(Slow::with_gate(&["acme"], 0), 10);
    let ask = || {
        tokio::spawn({
            let configs = Arc::clone(&configs);
            async move { configs.load(&id("acme")).await }
        })
    };
    let first = ask();
    until(|| configs.store().reads() == 1).await;
    let second = ask();
    until(|| configs.stats().misses == 2).await;
    first.abort();
    first.await.unwrap_err();
    configs.store().gate.add_permits(1);
    assert!(second.await.unwrap().unwrap().is_some());
    assert_eq!(configs.store().reads(), 1);

    configs.invalidate(&id("acme"));
    let alone = ask();
    until(|| configs.store().reads() == 2).await;
    alone.abort();
    alone.await.unwrap_err();
    let flights: usize = configs.shards.shards.iter().map(|shard| shard.lock().flights()).sum();
    assert_eq!(flights, 0, "an abandoned load leaves nothing behind");
}

#[tokio::test]
async fn guessing_ids_asks_once_each_and_evicts_no_tenant() {
    let (clock, configs) = cached(Slow::open(&["acme"]), 4);
    configs.load(&id("acme")).await.unwrap().unwrap();
    for guess in 0..1_000 {
        assert!(configs.load(&id(&format!("guess{guess}"))).await.unwrap().is_none());
        assert!(configs.load(&id(&format!("guess{guess}"))).await.unwrap().is_none());
    }
    assert_eq!(configs.store().reads(), 1_001);
    let stats = configs.stats();
    assert_eq!((stats.tenants, stats.missing), (1, 4));
    clock.advance(Duration::from_secs(6));
    configs.load(&id("guess999")).await.unwrap();
    assert_eq!(configs.store().reads(), 1_002, "unknown ids are remembered for a short while only");
}

#[tokio::test]
async fn an_id_created_after_it_was_missed_is_found_at_once() {
    let (_, configs) = cached(Slow::open(&[]), 4);
    assert!(configs.load(&id("acme")).await.unwrap().is_none());
    configs.create(TenantConfig::builder(id("acme")).build().unwrap()).await.unwrap();
    assert!(TenantContext::peek(&*configs, &id("acme")).unwrap().is_ok());
}

#[tokio::test]
async fn holds_no_more_than_its_capacity() {
    let names: Vec<String> = (0..2_000).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for capacity in [1, 7, 600] {
        let (_, configs) = cached(Slow::open(&names), capacity);
        for name in &names {
            configs.load(&id(name)).await.unwrap().unwrap();
        }
        assert!(configs.stats().tenants <= capacity);
        assert!(configs.stats().tenants * 2 > capacity);
    }
}

#[tokio::test]
async fn a_tenant_in_use_is_not_evicted_however_many_others_come_by() {
    let (_, configs) = cached(Slow::open(&[]), 64);
    let config = |name: &str| TenantConfig::builder(id(name)).build().unwrap();
    configs.refresh(config("busy")).unwrap();
    for number in 0..1_000 {
        configs.refresh(config(&format!("t{number}"))).unwrap();
        assert!(configs.peek(&id("busy")).is_some(), "after {number} others");
    }
    assert!(configs.peek(&id("t0")).is_none());
}

#[tokio::test]
async fn a_slow_read_never_overwrites_a_newer_write() {
    let (_, configs) = cached(Slow::with_gate(&["acme"], 0), 4);
    let reader = tokio::spawn({
        let configs = Arc::clone(&configs);
        async move { configs.load(&id("acme")).await }
    });
    until(|| configs.store().reads() == 1).await;
    let mut config = configs.store().inner.fetch(&id("acme")).await.unwrap().unwrap();
    config.status = TenantStatus::Suspended;
    configs.update(config).await.unwrap();
    configs.store().gate.add_permits(8);
    let read = reader.await.unwrap().unwrap().unwrap();
    assert_eq!(read.config().status, TenantStatus::Suspended);
    let answer = TenantContext::of(&*configs, &id("acme")).await;
    assert!(matches!(answer, Err(AdmissionError::Inactive)));
}

#[tokio::test]
async fn contexts_hear_of_a_suspension_even_after_their_tenant_was_evicted() {
    let (_, configs) = cached(Slow::open(&["acme", "other"]), 1);
    let context = TenantContext::of(&*configs, &id("acme")).await.unwrap();
    for _ in 0..2 {
        configs.modify(&id("acme"), |config| config.name = "changed".into()).await.unwrap();
        configs.load(&id("other")).await.unwrap().unwrap();
    }
    assert!(context.ensure_active().is_ok());
    configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(context.ensure_active().is_err());
    configs.modify(&id("acme"), |config| config.status = TenantStatus::Active).await.unwrap();
    assert!(context.ensure_active().is_ok());
    configs.delete(&id("acme")).await.unwrap();
    assert!(context.ensure_active().is_err());
}

#[tokio::test]
async fn a_tenant_that_vanished_from_the_store_ends_its_contexts() {
    let (clock, configs) = cached(Slow::open(&["acme"]), 4);
    let context = TenantContext::of(&*configs, &id("acme")).await.unwrap();
    clock.advance(Duration::from_secs(101));
    let acme = id("acme");
    configs.shards.of(&acme).lock().put_missing(&acme, clock.monotonic());
    assert!(context.ensure_active().is_err());
}

#[tokio::test]
async fn a_failing_store_is_an_error_and_not_remembered() {
    let (_, configs) = cached(Slow::open(&["acme"]), 4);
    configs.store().fails.store(true, Ordering::SeqCst);
    let error = configs.load(&id("acme")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    configs.store().fails.store(false, Ordering::SeqCst);
    assert!(configs.load(&id("acme")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_write_whose_caller_went_away_is_still_seen() {
    let (_, configs) = cached(Slow::open(&["acme"]), 4);
    let context = TenantContext::of(&*configs, &id("acme")).await.unwrap();
    let mut config = configs.fetch(&id("acme")).await.unwrap().unwrap();
    config.status = TenantStatus::Suspended;
    let mut write = configs.update(config);
    // Polled once, so that the write is under way, then dropped.
    assert!(write.as_mut().now_or_never().is_none());
    drop(write);
    until(|| context.ensure_active().is_err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_and_writers_at_once_end_with_the_last_write() {
    let (_, configs) = cached(Slow::open(&["acme"]), 4);
    let mut tasks = Vec::new();
    for task in 0..16 {
        let configs = Arc::clone(&configs);
        tasks.push(tokio::spawn(async move {
            for _ in 0..200 {
                if task % 4 == 0 {
                    configs.modify(&id("acme"), |config| config.plan = Some("next".into())).await.unwrap();
                } else if task % 4 == 1 {
                    configs.invalidate(&id("acme"));
                } else {
                    configs.load(&id("acme")).await.unwrap().unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let truth = configs.fetch(&id("acme")).await.unwrap().unwrap();
    assert_eq!(truth.revision, 801);
    assert_eq!(configs.load(&id("acme")).await.unwrap().unwrap().config().revision, 801);
}

#[derive(Default)]
struct Told(Mutex<Vec<ConfigChange>>);

impl ConfigAnnouncer for Told {
    fn announce(&self, change: ConfigChange) {
        self.0.lock().push(change);
    }
}

fn announced(store: Slow) -> (Arc<Told>, CachedConfigs<Slow>) {
    let told = Arc::new(Told::default());
    let configs = CachedConfigs::new(store, 10, Duration::from_secs(100));
    (Arc::clone(&told), configs.with_announcer(told))
}

#[tokio::test]
async fn tells_of_what_the_store_has_taken_and_of_nothing_else() {
    let (told, configs) = announced(Slow::open(&["acme"]));
    let (acme, globex) = (id("acme"), id("globex"));
    let created = configs.create(TenantConfig::builder(globex).build().unwrap()).await.unwrap();
    let changed = configs.modify(&acme, |config| config.status = TenantStatus::Suspended).await.unwrap();
    configs.delete(&acme).await.unwrap();
    configs.delete(&acme).await.unwrap_err();
    configs.create(TenantConfig::builder(globex).build().unwrap()).await.unwrap_err();
    let expected =
        [ConfigChange::to(created.config()), ConfigChange::to(changed.config()), ConfigChange::of(acme)];
    assert_eq!(*told.0.lock(), expected);
}

/// Two instances over one store.
fn two(ids: &[&str]) -> (CachedConfigs<Arc<Slow>>, CachedConfigs<Arc<Slow>>) {
    let store = Arc::new(Slow::open(ids));
    let each = || CachedConfigs::new(Arc::clone(&store), 10, Duration::from_secs(100));
    (each(), each())
}

async fn hear(configs: &CachedConfigs<Arc<Slow>>, change: ConfigChange) {
    for id in configs.forget(&change) {
        configs.reload(&id).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_heard_is_read_again_and_reaches_the_contexts_there_are() {
    let (here, there) = two(&["acme", "globex"]);
    let (acme, globex) = (id("acme"), id("globex"));
    let context = TenantContext::of(&there, &acme).await.unwrap();
    TenantContext::of(&there, &globex).await.unwrap();
    let changed = here.modify(&acme, |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(context.ensure_active().is_ok());
    hear(&there, ConfigChange::to(changed.config())).await;
    assert!(context.ensure_active().is_err());
    assert!(matches!(TenantContext::of(&there, &acme).await, Err(AdmissionError::Inactive)));
    // The other tenant is left where it is.
    assert!(there.peek(&globex).is_some());
}

#[tokio::test]
async fn what_is_known_already_is_not_read_again() {
    let (here, there) = two(&["acme"]);
    let changed = here.modify(&id("acme"), |config| config.name = "Acme".into()).await.unwrap();
    TenantContext::of(&there, &id("acme")).await.unwrap();
    let reads = there.store().reads();
    for configs in [&here, &there] {
        hear(configs, ConfigChange::to(changed.config())).await;
        assert!(configs.peek(&id("acme")).is_some());
    }
    assert_eq!(there.store().reads(), reads);
}

#[tokio::test]
async fn an_id_remembered_as_unknown_is_known_once_its_creation_is_heard_of() {
    let (here, there) = two(&[]);
    assert!(there.load(&id("acme")).await.unwrap().is_none());
    let created = here.create(TenantConfig::builder(id("acme")).build().unwrap()).await.unwrap();
    assert!(there.load(&id("acme")).await.unwrap().is_none());
    hear(&there, ConfigChange::to(created.config())).await;
    assert!(there.load(&id("acme")).await.unwrap().is_some());
}

#[tokio::test]
async fn when_anything_may_have_changed_nothing_is_kept_and_contexts_in_use_hear_of_it() {
    let (here, there) = two(&["acme", "globex"]);
    let context = TenantContext::of(&there, &id("acme")).await.unwrap();
    TenantContext::of(&there, &id("globex")).await.unwrap();
    here.delete(&id("acme")).await.unwrap();
    // Of the two only the one in use is read again.
    assert_eq!(there.forget(&ConfigChange::Anything), [id("acme")]);
    assert!(there.peek(&id("globex")).is_none());
    there.reload(&id("acme")).await.unwrap();
    assert!(context.ensure_active().is_err());
}

#[tokio::test]
async fn a_load_under_way_when_the_news_come_is_not_kept() {
    let store = Arc::new(Slow::with_gate(&["acme"], 0));
    let there = Arc::new(CachedConfigs::new(Arc::clone(&store), 10, Duration::from_secs(100)));
    let asker = tokio::spawn({
        let there = Arc::clone(&there);
        async move { there.load(&id("acme")).await.unwrap().unwrap().config().status }
    });
    until(|| store.reads() == 1).await;
    let changed = store.inner.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await;
    there.forget(&ConfigChange::to(changed.unwrap().config()));
    store.gate.add_permits(10);
    assert_eq!(asker.await.unwrap(), TenantStatus::Suspended);
}
