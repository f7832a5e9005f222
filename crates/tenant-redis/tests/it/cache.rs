//! The cache: whose entries they are first of all.

use std::{sync::Arc, time::Duration};

use tenant_cache::{CacheBackend, CacheErrorKind, Leased, TenantCache};
use tenant_core::{
    Dimension, FailurePolicy, NamedLimit, QuotaManager, TenantConfig, Timestamp, Window, quota::Cost,
};
use tenant_redis::{Redis, RedisCache, RedisQuotaManager};
use tenant_testkit::servers::Redis as Server;

use crate::support::{Fragile, NarrowWay, ask, context, id, plain, raw, shared, within};

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> TenantCache {
    TenantCache::new(patient(&shared()))
}

/// The machine that tests run on may be slow.
fn patient(redis: &Redis) -> RedisCache {
    RedisCache::new(redis).with_deadline(Duration::from_secs(5))
}

#[tokio::test]
async fn a_tenant_neither_sees_nor_changes_nor_drops_nor_counts_what_another_keeps() {
    let (cache, acme, globex) = (cache(), plain("acme").await, plain("globex").await);
    cache.set(&acme, "k", "mine").await.unwrap();
    assert_eq!(cache.get(&globex, "k").await.unwrap(), None);
    assert!(!cache.exists(&globex, "k").await.unwrap());
    assert!(!cache.delete(&globex, "k").await.unwrap());
    assert_eq!(cache.incr(&globex, "k", 5).await.unwrap(), 5);
    cache.set(&globex, "k", "yours").await.unwrap();
    cache.clear(&globex).await.unwrap();
    assert_eq!(cache.get(&acme, "k").await.unwrap().as_deref(), Some(&b"mine"[..]));
}

#[tokio::test]
async fn keys_with_braces_and_colons_and_any_bytes_lead_nowhere() {
    let redis = shared();
    let (cache, acme, globex) =
        (TenantCache::new(patient(&redis)), plain("acme").await, plain("globex").await);
    let prefix = redis.keyspace().prefix();
    cache.set(&globex, "k", "secret").await.unwrap();
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let theirs: Vec<String> = ask(&mut connection, &["KEYS", &format!("{prefix}:{{globex}}*")]).await;
    assert_eq!(theirs.len(), 2);
    let mut hostile: Vec<Vec<u8>> = theirs.into_iter().map(String::into_bytes).collect();
    hostile
        .extend([&b"{globex}:k"[..], b"}:{globex}:c", b"", b"\0\xff\r\n", b":d:k", b"k:l:"].map(Vec::from));
    for key in &hostile {
        assert_eq!(cache.get(&acme, key).await.unwrap(), None);
        cache.set(&acme, key, "x").await.unwrap();
        assert_eq!(cache.get(&acme, key).await.unwrap().as_deref(), Some(&b"x"[..]));
    }
    assert_eq!(cache.get(&globex, "k").await.unwrap().as_deref(), Some(&b"secret"[..]));
    for key in &hostile {
        assert!(cache.delete(&acme, key).await.unwrap());
    }
}

#[tokio::test]
async fn clearing_one_tenant_leaves_the_others_and_nothing_comes_back() {
    let redis = shared();
    let (here, there) = (TenantCache::new(patient(&redis)), TenantCache::new(patient(&redis)));
    let (acme, globex) = (plain("acme").await, plain("globex").await);
    for number in 0..100 {
        here.set(&acme, format!("k{number}"), "v").await.unwrap();
        here.set(&globex, format!("k{number}"), "v").await.unwrap();
    }
    there.clear(&acme).await.unwrap();
    for number in 0..100 {
        assert_eq!(here.get(&acme, format!("k{number}")).await.unwrap(), None);
        assert!(here.exists(&globex, format!("k{number}")).await.unwrap());
    }
    here.set(&acme, "k1", "new").await.unwrap();
    assert_eq!(there.get(&acme, "k1").await.unwrap().as_deref(), Some(&b"new"[..]));
    assert_eq!(there.get(&acme, "k2").await.unwrap(), None);
}

#[tokio::test]
async fn a_tenant_created_anew_under_an_old_id_finds_nothing_of_its_predecessor() {
    let redis = shared();
    let backend = patient(&redis);
    let born = |micros| {
        let moment = Timestamp::from_unix_micros(micros);
        context(TenantConfig::builder(id("acme")).timestamps(moment, moment))
    };
    let (old, new) = (born(1).await, born(2).await);
    if old.config().created_at == new.config().created_at {
        panic!("the store has to keep the time stamps for this test");
    }
    backend.set(&old, b"k", "v".into(), None).await.unwrap();
    assert_eq!(backend.get(&new, b"k").await.unwrap(), None);
}

#[tokio::test]
async fn everything_expires_and_nothing_is_kept_for_longer_than_the_maximum() {
    let redis = shared();
    let cache = TenantCache::new(patient(&redis).with_max_ttl(MINUTE));
    let acme = plain("acme").await;
    cache.set(&acme, "for ever", "v").await.unwrap();
    cache.set_with_ttl(&acme, "long", "v", MINUTE * 1_000_000).await.unwrap();
    cache.incr(&acme, "count", 1).await.unwrap();
    cache.get_or_load(&acme, "loaded", None, || async { Ok::<_, std::io::Error>("v") }).await.unwrap();
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let prefix = redis.keyspace().prefix();
    let keys: Vec<String> = ask(&mut connection, &["KEYS", &format!("{prefix}:*")]).await;
    assert_eq!(keys.len(), 5, "four entries and an epoch");
    for key in keys {
        let millis: i64 = ask(&mut connection, &["PTTL", &key]).await;
        let most = if key.contains(":d:") { 60_000 } else { 120_000 };
        assert!((1..=most).contains(&millis), "{key} lives for {millis} ms");
    }
}

#[tokio::test]
async fn times_to_live_are_kept_to_the_millisecond_and_zero_writes_nothing() {
    let (cache, acme) = (cache(), plain("acme").await);
    cache.set_with_ttl(&acme, "k", "v", Duration::from_millis(60)).await.unwrap();
    assert_eq!(cache.incr(&acme, "n", 1).await.unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(61)).await;
    assert!(!cache.exists(&acme, "k").await.unwrap());
    cache.set_with_ttl(&acme, "n", "7", Duration::ZERO).await.unwrap();
    assert!(!cache.exists(&acme, "n").await.unwrap());
    cache.set_with_ttl(&acme, "n", "7", Duration::from_millis(80)).await.unwrap();
    assert_eq!(cache.incr(&acme, "n", 1).await.unwrap(), 8);
    tokio::time::sleep(Duration::from_millis(81)).await;
    assert_eq!(cache.get(&acme, "n").await.unwrap(), None, "counting kept the time to live");
}

#[tokio::test]
async fn counters_are_exact_over_all_64_bits_and_refuse_what_they_can_not_count() {
    let (cache, acme) = (cache(), plain("acme").await);
    let large = (1_i64 << 53) + 1;
    assert_eq!(cache.incr(&acme, "n", large).await.unwrap(), large);
    assert_eq!(cache.incr(&acme, "n", i64::MAX - large).await.unwrap(), i64::MAX);
    assert_eq!(cache.incr(&acme, "n", 1).await.unwrap_err().kind(), CacheErrorKind::Overflow);
    assert_eq!(cache.decr(&acme, "n", 1).await.unwrap(), i64::MAX - 1);
    // What the backend in memory refuses, too.
    for value in ["", " ", "1 ", "+1", "01", "-0", "1.0", "1e3", "9223372036854775808", "\u{0661}", "abc"] {
        cache.set(&acme, "word", value).await.unwrap();
        let error = cache.incr(&acme, "word", 1).await.unwrap_err();
        assert_eq!(error.kind(), CacheErrorKind::NotANumber, "{value:?}");
        assert_eq!(cache.get(&acme, "word").await.unwrap().unwrap(), value);
    }
}

#[tokio::test]
async fn sixty_four_tasks_count_exactly_while_scripts_are_flushed() {
    let redis = shared();
    let (cache, acme) = (TenantCache::new(patient(&redis)), plain("acme").await);
    let count = |_| {
        let (cache, acme) = (cache.clone(), acme.clone());
        tokio::spawn(async move {
            for _ in 0..50 {
                cache.incr(&acme, "n", 1).await.unwrap();
            }
        })
    };
    let tasks: Vec<_> = (0..64).map(count).collect();
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    while tasks.iter().any(|task| !task.is_finished()) {
        let _: () = ask(&mut connection, &["SCRIPT", "FLUSH"]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(cache.incr(&acme, "n", 0).await.unwrap(), 64 * 50);
}

#[tokio::test]
async fn a_lease_ends_with_any_write_with_a_clear_and_with_a_later_lease() {
    let backend = patient(&shared());
    let (acme, globex) = (plain("acme").await, plain("globex").await);
    let lease = async || match backend.lease(&acme, b"k").await.unwrap() {
        Leased::Granted(lease) => lease,
        Leased::Found(value) => panic!("there is {value:?}"),
    };
    let fill = async |tenant, lease| backend.fill(tenant, b"k", lease, "v".into(), None).await.unwrap();

    let first = lease().await;
    backend.set(&acme, b"k", "other".into(), None).await.unwrap();
    assert!(!fill(&acme, first).await);
    assert_eq!(backend.get(&acme, b"k").await.unwrap().as_deref(), Some(&b"other"[..]));
    backend.delete(&acme, b"k").await.unwrap();

    let first = lease().await;
    backend.delete(&acme, b"k").await.unwrap();
    assert!(!fill(&acme, first).await);

    let first = lease().await;
    backend.add(&acme, b"k", 1).await.unwrap();
    assert!(!fill(&acme, first).await);
    backend.delete(&acme, b"k").await.unwrap();

    let first = lease().await;
    backend.clear(acme.record()).await.unwrap();
    assert!(!fill(&acme, first).await);

    let (first, second) = (lease().await, lease().await);
    assert!(!fill(&globex, second).await, "another tenant's");
    assert!(!fill(&acme, first).await);
    assert!(fill(&acme, second).await);
    assert!(!fill(&acme, second).await, "it is spent");
    assert_eq!(backend.lease(&acme, b"k").await.unwrap(), Leased::Found("v".into()));
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_takes_the_former_entry_along() {
    let cache = TenantCache::new(patient(&shared()).with_max_entry_bytes(100));
    let acme = plain("acme").await;
    cache.set(&acme, "k", "v").await.unwrap();
    let error = cache.set(&acme, "k", "v".repeat(100)).await.unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    assert_eq!(cache.get(&acme, "k").await.unwrap(), None);
    let error = cache.incr(&acme, "k".repeat(101), 1).await.unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
}

#[tokio::test]
async fn the_right_to_fill_what_is_too_large_is_refused_and_leaves_nothing_behind() {
    let redis = shared();
    let cache = TenantCache::new(patient(&redis).with_max_entry_bytes(100));
    let acme = plain("acme").await;
    let load = || async { Ok::<_, std::io::Error>("v") };
    assert_eq!(cache.get_or_load(&acme, "k".repeat(101), MINUTE, load).await.unwrap(), "v");
    let error = patient(&redis).with_max_entry_bytes(100).lease(&acme, &[b'k'; 101]).await.unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let pattern = format!("{}:*", redis.keyspace().prefix());
    assert_eq!(ask::<Vec<String>>(&mut connection, &["KEYS", &pattern]).await, Vec::<String>::new());
}

#[tokio::test]
async fn without_redis_it_is_an_error_in_time_that_names_nothing_and_loads_go_on() {
    let redis = Redis::open("redis://:topsecret@127.0.0.1:1").unwrap();
    let (cache, acme) = (TenantCache::new(RedisCache::new(&redis)), plain("acme").await);
    for _ in 0..20 {
        let begin = std::time::Instant::now();
        let error = cache.set(&acme, "the key", "the value").await.unwrap_err();
        assert_eq!(error.kind(), CacheErrorKind::Unavailable);
        assert!(begin.elapsed() < Duration::from_millis(150));
        let text = format!("{error} {error:?}");
        for secret in ["topsecret", "the key", "the value", "acme"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let loaded = cache.get_or_load(&acme, "k", MINUTE, || async { Ok::<_, std::io::Error>("v") }).await;
    assert_eq!(loaded.unwrap(), "v");
}

#[tokio::test]
async fn a_wrong_type_under_the_key_is_an_error_without_its_contents() {
    let redis = shared();
    let (cache, acme) = (TenantCache::new(patient(&redis)), plain("acme").await);
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let base =
        format!("{}:{{acme}}:c:{}", redis.keyspace().prefix(), acme.config().created_at.as_unix_micros());
    let _: i64 = ask(&mut connection, &["HSET", &base, "field", "contents"]).await;
    let error = cache.get(&acme, "k").await.unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("contents"));
}

#[tokio::test]
async fn one_load_per_key_within_an_instance_and_its_answer_is_everybodys() {
    let redis = shared();
    let (here, there) = (TenantCache::new(patient(&redis)), TenantCache::new(patient(&redis)));
    let acme = plain("acme").await;
    let loads = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let ask = |cache: TenantCache| {
        let (acme, loads) = (acme.clone(), Arc::clone(&loads));
        tokio::spawn(async move {
            cache
                .get_or_load(&acme, "k", MINUTE, move || async move {
                    loads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    Ok::<_, std::io::Error>("v")
                })
                .await
                .unwrap()
        })
    };
    for task in (0..50).map(|_| ask(here.clone())).collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), "v");
    }
    assert_eq!(ask(there).await.unwrap(), "v");
    assert_eq!(loads.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_a_server_quotes_in_an_error_is_not_passed_on() {
    // It answers with the arguments of a command that it does not know.
    let server = Fragile::start_with(vec![("rename-command", "EVALSHA \"\"".to_owned())]);
    let cache = TenantCache::new(patient(&server.redis()));
    let error = cache.set(&plain("acme").await, "the key", "the value").await.unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::Unavailable);
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    for secret in ["the key", "the value", "acme"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_tenant_keeps_does_not_keep_decisions_about_another_waiting() {
    let server = Fragile::start();
    // A megabyte takes more than a second.
    let way = NarrowWay::to(&server, 8_192).await;
    way.takes(10);
    let redis = way.redis(&server);
    let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_millis(400)).build();
    let limit = NamedLimit::rate(Dimension::Requests, Window::Day, 100).failure_policy(FailurePolicy::Closed);
    let globex = context(TenantConfig::builder(id("globex")).limit("l", limit)).await;
    within(MINUTE, async || quotas.decide(&globex, &[Cost::requests(0)]).await.is_ok()).await;
    let large = tokio::spawn({
        let (cache, acme) = (patient(&redis), plain("acme").await);
        async move { cache.set(&acme, b"k", vec![0; 1_000_000].into(), None).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..3 {
        assert!(quotas.decide(&globex, &[Cost::requests(1)]).await.is_ok());
    }
    assert!(!large.is_finished());
    large.await.unwrap().unwrap();
}
