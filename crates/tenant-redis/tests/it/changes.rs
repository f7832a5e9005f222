//! What one instance changes the others hear of within a second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tenant_core::{
    AdmissionError, CachedConfigs, ConfigAnnouncer, ConfigChange, ConfigListener, ConfigManager, ConfigStore,
    ConfigStoreExt, InMemoryConfigManager, Lookup, StoreError, TenantConfig, TenantContext, TenantId,
    TenantStatus,
};
use tenant_redis::{ChangeReader, Keyspace, Redis, RedisAnnouncer};
use tenant_testkit::servers::{Redis as Server, ServerOptions};

use crate::support::{Fragile, PASSWORD, ask, fresh_keys, id, is_known, raw, shared, to, within};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

type Configs = CachedConfigs<Arc<InMemoryConfigManager>>;

/// An instance of a server: a cache over the store that all have.
struct Instance {
    configs: Arc<Configs>,
    _reader: ChangeReader,
}

fn instance(redis: &Redis, store: &Arc<InMemoryConfigManager>) -> Instance {
    let announcer = Arc::new(RedisAnnouncer::start(redis));
    let configs = CachedConfigs::new(Arc::clone(store), 100, HOUR).with_missing_ttl(HOUR);
    let configs = Arc::new(configs.with_announcer(announcer));
    let reader = ChangeReader::start(redis, Arc::clone(&configs));
    Instance { configs, _reader: reader }
}

fn store(names: &[&str]) -> Arc<InMemoryConfigManager> {
    let configs = names.iter().map(|name| TenantConfig::builder(id(name)).build().unwrap());
    Arc::new(InMemoryConfigManager::with(configs).unwrap())
}

/// Two instances whose readers have begun to listen.
async fn two(redis: &Redis, names: &[&str]) -> (Instance, Instance) {
    let store = store(names);
    let both = (instance(redis, &store), instance(redis, &store));
    listening(&both.0, &both.1).await;
    both
}

/// A change of a tenant of its own is heard in both directions.
async fn listening(here: &Instance, there: &Instance) {
    for (teller, hearer) in [(here, there), (there, here)] {
        let probe = TenantConfig::builder(id("probe")).build().unwrap();
        let _ = teller.configs.create(probe).await;
        within(SECOND * 5, async || {
            hearer.configs.load(&id("probe")).await.unwrap();
            teller.configs.modify(&id("probe"), |_| {}).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            !is_known(&hearer.configs, "probe")
        })
        .await;
    }
}

async fn status(instance: &Instance, name: &str) -> Option<TenantStatus> {
    Some(instance.configs.load(&id(name)).await.unwrap()?.config().status)
}

#[tokio::test]
async fn creation_suspension_activation_policy_limits_and_deletion_are_heard_within_a_second() {
    let (here, there) = two(&shared(), &["globex"]).await;
    assert_eq!(status(&there, "acme").await, None);
    status(&there, "globex").await;

    here.configs.create(TenantConfig::builder(id("acme")).build().unwrap()).await.unwrap();
    within(SECOND, async || status(&there, "acme").await == Some(TenantStatus::Active)).await;

    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    within(SECOND, async || context.ensure_active().is_err()).await;
    let refused = TenantContext::of(&there.configs, &id("acme")).await;
    assert!(matches!(refused, Err(AdmissionError::Inactive)));

    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Active).await.unwrap();
    within(SECOND, async || context.ensure_active().is_ok()).await;

    here.configs
        .modify(&id("acme"), |config| {
            config.policy.allowed_models = vec!["gpt-4".into()];
            config.quota.requests_per_minute = Some(7);
        })
        .await
        .unwrap();
    within(SECOND, async || {
        let record = there.configs.load(&id("acme")).await.unwrap().unwrap();
        record.config().policy.allowed_models == ["gpt-4"] && record.limits().iter().any(|l| l.limit == 7)
    })
    .await;

    here.configs.delete(&id("acme")).await.unwrap();
    within(SECOND, async || context.ensure_active().is_err()).await;
    assert_eq!(status(&there, "acme").await, Some(TenantStatus::Deleted));
    // Nobody has doubted the other tenant meanwhile.
    assert!(is_known(&there.configs, "globex"));
}

#[tokio::test]
async fn what_one_wrote_itself_is_not_read_again() {
    let (here, there) = two(&shared(), &["acme"]).await;
    here.configs.modify(&id("acme"), |config| config.name = "Acme".into()).await.unwrap();
    within(SECOND, async || there.configs.load(&id("acme")).await.unwrap().unwrap().config().name == "Acme")
        .await;
    assert!(is_known(&here.configs, "acme"));
}

/// Ends the readers' connections, as a network or an operator would.
async fn cut(url: &str) {
    let mut connection = raw(url).await;
    let _: i64 = ask(&mut connection, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
}

#[tokio::test]
async fn a_reader_that_was_cut_off_hears_what_it_missed_and_doubts_nothing_else() {
    let server = Server::start().unwrap();
    let redis = to(&server);
    let (here, there) = two(&redis, &["acme", "globex"]).await;
    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    status(&there, "globex").await;
    let mut connection = raw(&server.url()).await;
    // From here on nobody is let in but those who are.
    let _: () = ask(&mut connection, &["CONFIG", "SET", "maxclients", "1"]).await;
    let _: i64 = ask(&mut connection, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(context.ensure_active().is_ok(), "it can't have heard of it yet");
    let _: () = ask(&mut connection, &["CONFIG", "SET", "maxclients", "1000"]).await;
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
    assert!(is_known(&there.configs, "globex"), "what was not changed was not doubted");
}

#[tokio::test]
async fn a_server_that_was_restarted_and_forgot_makes_everything_doubtful() {
    let mut server = Fragile::start();
    let (here, there) = two(&server.redis(), &["acme", "globex"]).await;
    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    status(&there, "globex").await;
    server.stop();
    here.configs.store().modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    server.start_again();
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
    assert!(!is_known(&there.configs, "globex"));
}

#[tokio::test]
async fn a_server_that_took_over_makes_everything_doubtful_though_it_has_what_was_read_last() {
    let mut server = Fragile::start();
    let (here, there) = two(&server.redis(), &["acme", "globex"]).await;
    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    status(&there, "globex").await;
    let stream = "tenant:{*}:changes";
    let copy: Vec<u8> = ask(&mut raw(&server.url()).await, &["DUMP", stream]).await;
    server.stop();
    // What comes after the copy never reaches the one that takes over.
    here.configs.store().modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    let restore = async |url: String| {
        let mut connection = raw(&url).await;
        let mut command = redis::Cmd::new();
        command.arg("RESTORE").arg(stream).arg(0).arg(copy.as_slice());
        let _: () = command.query_async(&mut connection).await.unwrap();
        let _: () = ask(&mut connection, &["CONFIG", "SET", "requirepass", PASSWORD]).await;
    };
    // Nobody is let in until it has the copy.
    let url = server.start_again_with_password("another");
    restore(url).await;
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
    assert!(!is_known(&there.configs, "globex"));
}

#[tokio::test]
async fn a_reader_whose_server_stood_still_goes_on_when_it_does() {
    let server = Fragile::start();
    let (here, there) = two(&server.redis(), &["acme", "globex"]).await;
    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    status(&there, "globex").await;
    let frozen = server.freeze().await;
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    tokio::time::sleep(SECOND * 3).await;
    assert!(context.ensure_active().is_ok(), "it can't have heard of it yet");
    drop(frozen);
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
    assert!(is_known(&there.configs, "globex"));
}

#[tokio::test]
async fn more_changes_than_the_stream_holds_make_everything_doubtful() {
    let server = Server::start().unwrap();
    let redis = to(&server);
    let (here, there) = two(&redis, &["acme", "globex"]).await;
    status(&there, "globex").await;
    here.configs.store().modify(&id("globex"), |config| config.name = "New".into()).await.unwrap();
    let mut connection = raw(&server.url()).await;
    let _: i64 = ask(&mut connection, &["XTRIM", "tenant:{*}:changes", "MAXLEN", "0"]).await;
    cut(&server.url()).await;
    within(SECOND * 5, async || !is_known(&there.configs, "globex")).await;
}

#[tokio::test]
async fn a_reader_that_falls_behind_what_the_stream_holds_doubts_everything_though_it_stays_connected() {
    // What was cut off is followed by something, or by nothing.
    for then in ["", "redis.call('XADD', KEYS[1], '*', 'tenant', 'initech')"] {
        let redis = shared();
        let (_, there) = two(&redis, &["acme", "globex"]).await;
        status(&there, "globex").await;
        let stream = format!("{}:{{*}}:changes", redis.keyspace().prefix());
        let cut = format!(
            "redis.call('XADD', KEYS[1], '*', 'tenant', 'globex') redis.call('XTRIM', KEYS[1], 'MAXLEN', 0) {then}"
        );
        let mut connection = raw(&Server::shared().unwrap().url()).await;
        let _: Option<String> = ask(&mut connection, &["EVAL", &cut, "1", &stream]).await;
        within(SECOND * 3, async || !is_known(&there.configs, "globex")).await;
        // And goes on to listen.
        status(&there, "globex").await;
        let _: String = ask(&mut connection, &["XADD", &stream, "*", "tenant", "globex"]).await;
        within(SECOND * 3, async || !is_known(&there.configs, "globex")).await;
    }
}

#[tokio::test]
async fn what_was_changed_while_redis_was_away_is_told_when_it_is_back() {
    let server = Server::start_with(&ServerOptions::default()).unwrap();
    let redis = to(&server);
    let (here, there) = two(&redis, &["acme"]).await;
    let context = TenantContext::of(&there.configs, &id("acme")).await.unwrap();
    let mut connection = raw(&server.url()).await;
    // Nothing is written for a while, as with a full disk or memory, and reads go on.
    let _: () = ask(&mut connection, &["CONFIG", "SET", "maxmemory", "1"]).await;
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(context.ensure_active().is_ok(), "it can't have heard of it yet");
    let _: () = ask(&mut connection, &["CONFIG", "SET", "maxmemory", "0"]).await;
    within(SECOND * 5, async || context.ensure_active().is_err()).await;
}

#[tokio::test]
async fn two_deployments_on_one_server_hear_nothing_of_each_other() {
    let redis = shared();
    let other = redis.clone().with_keyspace(fresh_keys());
    let (here, _) = two(&redis, &["acme"]).await;
    let (there, _) = two(&other, &["acme"]).await;
    status(&there, "acme").await;
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(matches!(there.configs.peek(&id("acme")), Some(Lookup::Found(_))));
}

#[tokio::test]
async fn an_entry_that_makes_no_sense_makes_everything_doubtful() {
    let redis = shared();
    let (_, there) = two(&redis, &["acme"]).await;
    status(&there, "acme").await;
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let stream = format!("{}:{{*}}:changes", redis.keyspace().prefix());
    let _: String = ask(&mut connection, &["XADD", &stream, "*", "tenant", "a b"]).await;
    within(SECOND, async || !is_known(&there.configs, "acme")).await;
}

#[tokio::test]
async fn starting_without_redis_works_and_catches_up_when_it_comes() {
    let redis = Redis::open("redis://127.0.0.1:1").unwrap().with_keyspace(Keyspace::default());
    let there = instance(&redis, &store(&["acme"]));
    assert_eq!(status(&there, "acme").await, Some(TenantStatus::Active));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(is_known(&there.configs, "acme"));
    there.configs.modify(&id("acme"), |_| {}).await.unwrap();
    let _ = ConfigChange::Anything;
}

/// Somebody holds contexts of a hundred tenants, whose store answers nothing.
#[derive(Default)]
struct Stuck {
    heard: AtomicUsize,
    under_way: Arc<AtomicUsize>,
    most: AtomicUsize,
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl ConfigListener for Stuck {
    fn forget(&self, _: &ConfigChange) -> Vec<TenantId> {
        self.heard.fetch_add(1, Ordering::SeqCst);
        (0..100).map(|number| id(&format!("t{number}"))).collect()
    }

    async fn reload(&self, _: &TenantId) -> Result<(), StoreError> {
        let before = self.under_way.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(before + 1, Ordering::SeqCst);
        let _under_way = UnderWay(Arc::clone(&self.under_way));
        std::future::pending().await
    }
}

#[tokio::test]
async fn what_is_read_again_from_a_store_that_is_stuck_does_not_pile_up_and_ends_with_the_reader() {
    let (redis, stuck) = (shared(), Arc::new(Stuck::default()));
    let reader = ChangeReader::start(&redis, Arc::clone(&stuck));
    let announcer = RedisAnnouncer::start(&redis);
    for times in 1..=3 {
        within(SECOND * 5, async || stuck.heard.load(Ordering::SeqCst) >= times).await;
        announcer.announce(ConfigChange::of(id("t0")));
    }
    within(SECOND * 5, async || stuck.heard.load(Ordering::SeqCst) >= 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stuck.most.load(Ordering::SeqCst), 16);
    drop(reader);
    within(SECOND, async || stuck.under_way.load(Ordering::SeqCst) == 0).await;
}
