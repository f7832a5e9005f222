//! Redis stopped, frozen and started again, under load.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tenant_core::{
    Dimension, FailurePolicy, ManualClock, NamedLimit, QuotaManager, StoreErrorKind, TenantConfig,
    TenantContext, UnixTime, Window, quota::Cost,
};
use tenant_redis::{Redis, RedisError, RedisErrorKind, RedisQuotaManager};

use crate::support::{Fragile, Lag, NarrowWay, Proxy, Told, context, id, raw, told, within};

const ASK: [Cost; 1] = [Cost::requests(1)];

async fn tenant(name: &str, policy: FailurePolicy, limit: u64) -> TenantContext {
    // Both ways through the script: months have one of their own.
    let days = Window::Length(Duration::from_secs(30 * 86_400));
    let window = if policy == FailurePolicy::Open { Window::Month } else { days };
    let limit = NamedLimit::rate(Dimension::Requests, window, limit).failure_policy(policy);
    context(TenantConfig::builder(id(name)).limit("l", limit)).await
}

/// One of each policy.
struct Three {
    open: TenantContext,
    closed: TenantContext,
    local: TenantContext,
}

async fn three(limit: u64) -> Three {
    Three {
        open: tenant("open", FailurePolicy::Open, limit).await,
        closed: tenant("closed", FailurePolicy::Closed, limit).await,
        local: tenant("local", FailurePolicy::Local, limit).await,
    }
}

fn manager(redis: &Redis) -> (Arc<Told>, Arc<RedisQuotaManager>) {
    let (told, hooks) = told();
    (told, Arc::new(RedisQuotaManager::builder(redis).hooks(hooks).build()))
}

/// What came of some requests: admitted, denied, failed; and how long the slowest took.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    admitted: u64,
    denied: u64,
    failed: u64,
    slowest: Duration,
}

async fn ask(quotas: &RedisQuotaManager, tenant: &TenantContext, tally: &mut Tally) {
    let begin = Instant::now();
    let answer = match quotas.try_decide(tenant, &ASK) {
        Some(decision) => Ok(decision),
        None => quotas.decide(tenant, &ASK).await,
    };
    tally.slowest = tally.slowest.max(begin.elapsed());
    match answer {
        Ok(decision) if decision.is_admitted() => tally.admitted += 1,
        Ok(_) => tally.denied += 1,
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            tally.failed += 1;
        }
    }
}

async fn ask_often(quotas: &RedisQuotaManager, tenant: &TenantContext, times: u32) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..times {
        ask(quotas, tenant, &mut tally).await;
    }
    tally
}

/// Within so long each decision is there, on a machine that does nothing else.
const IN_TIME: Duration = Duration::from_millis(60);

async fn policies_hold(quotas: &RedisQuotaManager, told: &Told, three: &Three, limit: u64) {
    told.fallbacks.lock().unwrap().clear();
    let lag = Lag::watch();
    let open = ask_often(quotas, &three.open, 50).await;
    let closed = ask_often(quotas, &three.closed, 50).await;
    let local = ask_often(quotas, &three.local, 50).await;
    assert_eq!((open.admitted, open.denied, open.failed), (50, 0, 0));
    assert_eq!((closed.admitted, closed.denied, closed.failed), (0, 0, 50));
    assert!((1..=limit).contains(&local.admitted) && local.failed == 0, "{local:?}");
    for tally in [open, closed, local] {
        assert!(
            tally.slowest < IN_TIME + lag.allowance(),
            "{tally:?}, and the machine {:?}",
            lag.allowance()
        );
    }
    let told = told.fallbacks.lock().unwrap();
    for policy in [FailurePolicy::Open, FailurePolicy::Closed, FailurePolicy::Local] {
        assert_eq!(told.iter().filter(|told| **told == policy).count(), 50, "{policy:?}");
    }
}

async fn is_normal(quotas: &RedisQuotaManager, three: &Three) -> bool {
    quotas.usage(three.closed.record()).await.is_ok() && quotas.decide(&three.closed, &ASK).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_each_policy_does_what_it_says_in_time_and_all_is_normal_soon_after_the_start() {
    let mut server = Fragile::start();
    let (told, quotas) = manager(&server.redis());
    let three = three(10).await;
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    server.stop();
    policies_hold(&quotas, &told, &three, 10).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.start_again();
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    // From here on Redis counts again, from nothing, since it has forgotten all.
    within(Duration::from_secs(1), async || quotas.usage(three.local.record()).await.is_ok()).await;
    assert_eq!(ask_often(&quotas, &three.local, 50).await.admitted, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_each_policy_does_what_it_says_in_time_and_nothing_is_charged_late() {
    let server = Fragile::start();
    let (told, quotas) = manager(&server.redis());
    let three = three(1_000).await;
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    let used = async || {
        let mut used = Vec::new();
        for tenant in [&three.open, &three.local] {
            used.push(quotas.usage(tenant.record()).await.unwrap().limits[0].used);
        }
        used
    };
    for tenant in [&three.open, &three.local] {
        ask_often(&quotas, tenant, 5).await;
    }
    let before = used().await;
    let frozen = server.freeze().await;
    // On their way at once, before anybody knows.
    let on_their_way = (0..16).map(|number| {
        let tenant = if number % 2 == 0 { three.local.clone() } else { three.open.clone() };
        let quotas = Arc::clone(&quotas);
        tokio::spawn(async move { quotas.decide(&tenant, &ASK).await.unwrap() })
    });
    for task in on_their_way.collect::<Vec<_>>() {
        assert!(task.await.unwrap().is_admitted());
    }
    let begin = Instant::now();
    policies_hold(&quotas, &told, &three, 1_000).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "150 decisions do not wait 150 times");
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(frozen);
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    assert_eq!(used().await, before, "what was decided elsewhere was not charged when the server went on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_frozen_and_started_under_load_every_decision_is_in_time_and_nobody_gets_more_than_was_said()
{
    let mut server = Fragile::start();
    let redis = server.redis();
    let limit = 200;
    let instances = [manager(&redis).1, manager(&redis).1];
    let is_over = Arc::new(AtomicBool::new(false));
    let lag = Lag::watch();
    let mut tasks = Vec::new();
    for task in 0..16 {
        let (quotas, is_over) = (Arc::clone(&instances[task % 2]), Arc::clone(&is_over));
        let tenant = tenant("acme", FailurePolicy::Local, limit).await;
        tasks.push(tokio::spawn(async move {
            let mut tally = Tally::default();
            while !is_over.load(Ordering::SeqCst) {
                ask(&quotas, &tenant, &mut tally).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            tally
        }));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let frozen = server.freeze().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(frozen);
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.start_again();
    tokio::time::sleep(Duration::from_secs(2)).await;
    is_over.store(true, Ordering::SeqCst);
    let mut admitted = 0;
    for task in tasks {
        let tally = task.await.unwrap();
        assert!(
            tally.slowest < IN_TIME + lag.allowance(),
            "{tally:?}, and the machine {:?}",
            lag.allowance()
        );
        assert_eq!(tally.failed, 0);
        admitted += tally.admitted;
    }
    // What the server counted, what it counted again after it had forgotten all, and what each instance counted itself.
    assert!((limit..=limit * 4).contains(&admitted), "{admitted} were admitted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_settling_neither_blocks_nor_fails_and_what_is_lost_is_told() {
    let mut server = Fragile::start();
    let (told, quotas) = manager(&server.redis());
    let tenant = tenant("acme", FailurePolicy::Closed, 1_000_000).await;
    let mut decisions = Vec::new();
    within(Duration::from_secs(5), async || quotas.usage(tenant.record()).await.is_ok()).await;
    for _ in 0..100 {
        decisions.push(quotas.decide(&tenant, &ASK).await.unwrap());
    }
    server.stop();
    let begin = Instant::now();
    for decision in &decisions {
        quotas.settle(&tenant, decision, &[Cost::requests(0)]);
    }
    assert!(begin.elapsed() < Duration::from_millis(50));
    server.start_again();
    within(Duration::from_secs(15), async || {
        let _ = tokio::time::timeout(Duration::from_secs(10), quotas.flush()).await;
        quotas.usage(tenant.record()).await.is_ok()
    })
    .await;
    let left = quotas.usage(tenant.record()).await.unwrap().limits[0].used;
    // The server has forgotten what it counted: whatever arrives gives back what is no longer there.
    assert_eq!(left, 0);
    assert!(told.lost.load(Ordering::SeqCst) <= 100);
}

#[tokio::test]
async fn an_outage_from_the_start_is_an_outage_like_any_other() {
    let (told, quotas) = manager(&Redis::open("redis://127.0.0.1:1").unwrap());
    policies_hold(&quotas, &told, &three(10).await, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_a_network_has_swallowed_are_given_up() {
    let server = Fragile::start();
    let proxy = Proxy::to(server.port()).await;
    let redis =
        Redis::open(&server.url().replace(&server.port().to_string(), &proxy.port.to_string())).unwrap();
    let (told, quotas) = manager(&redis);
    let three = three(1_000).await;
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    proxy.swallow();
    policies_hold(&quotas, &told, &three, 1_000).await;
    // What is connected stays as it is, without a word; who connects anew is let through.
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
}

#[tokio::test]
async fn what_the_server_refuses_for_one_tenant_is_no_outage_for_another() {
    let server = Fragile::start();
    let (told, quotas) = manager(&server.redis());
    let (acme, globex) = (
        tenant("acme", FailurePolicy::Closed, 100).await,
        tenant("globex", FailurePolicy::Closed, 100).await,
    );
    within(Duration::from_secs(5), async || quotas.usage(globex.record()).await.is_ok()).await;
    let mut connection = raw(&server.url()).await;
    let _: () = crate::support::ask(&mut connection, &["SET", "tenant:{acme}:q", "no hash"]).await;
    for _ in 0..20 {
        let error = quotas.decide(&acme, &ASK).await.unwrap_err();
        assert!(!format!("{error:?}").contains("acme"));
        assert!(quotas.decide(&globex, &ASK).await.is_ok());
    }
    assert_eq!(ask_often(&quotas, &acme, 10).await.failed, 10);
    assert_eq!(ask_often(&quotas, &globex, 10).await.admitted, 10);
    assert_eq!(told.fallbacks.lock().unwrap().len(), 30);
}

#[tokio::test]
async fn a_server_that_was_demoted_is_left_for_the_one_that_took_over() {
    let (old, new) = (Fragile::start(), Fragile::start());
    let proxy = Proxy::to(old.port()).await;
    let redis = Redis::open(&old.url().replace(&old.port().to_string(), &proxy.port.to_string())).unwrap();
    let (_, quotas) = manager(&redis);
    let three = three(10).await;
    within(Duration::from_secs(5), async || is_normal(&quotas, &three).await).await;
    let mut connection = raw(&old.url()).await;
    let _: () = crate::support::ask(&mut connection, &["REPLICAOF", "127.0.0.1", "1"]).await;
    proxy.lead_to(new.port());
    within(Duration::from_secs(5), async || {
        ask_often(&quotas, &three.local, 1).await;
        is_normal(&quotas, &three).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_asked_again_because_of_the_clock_has_no_more_time_than_others() {
    let server = Fragile::start();
    let way = NarrowWay::to(&server, 1 << 17).await;
    // Ours stands still, so that what was learned of the server's is wrong after a while.
    let quotas = RedisQuotaManager::builder(&way.redis(&server))
        .clock(Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_800_000_000))))
        .deadline(Duration::from_secs(1))
        .build();
    let tenant = tenant("acme", FailurePolicy::Closed, 100).await;
    within(Duration::from_secs(10), async || quotas.decide(&tenant, &ASK).await.is_ok()).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    way.takes(700);
    let begin = Instant::now();
    assert!(quotas.decide(&tenant, &ASK).await.is_err());
    let took = begin.elapsed();
    assert!((1_000..1_350).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn an_error_tells_whether_the_server_refused_or_was_too_slow_or_was_not_asked() {
    let server = Fragile::start();
    let (_, quotas) = manager(&server.redis());
    let (acme, globex) = (
        tenant("acme", FailurePolicy::Closed, 100).await,
        tenant("globex", FailurePolicy::Closed, 100).await,
    );
    within(Duration::from_secs(5), async || quotas.usage(globex.record()).await.is_ok()).await;
    let mut connection = raw(&server.url()).await;
    let _: () = crate::support::ask(&mut connection, &["SET", "tenant:{acme}:q", "no hash"]).await;
    let cause = async |tenant| {
        let error = quotas.decide(tenant, &ASK).await.unwrap_err();
        error.source().unwrap().downcast_ref::<RedisError>().unwrap().kind()
    };
    assert_eq!(cause(&acme).await, RedisErrorKind::Refused);
    let frozen = server.freeze().await;
    assert_eq!(cause(&globex).await, RedisErrorKind::Deadline);
    within(Duration::from_secs(5), async || cause(&globex).await == RedisErrorKind::Broken).await;
    drop(frozen);
}
