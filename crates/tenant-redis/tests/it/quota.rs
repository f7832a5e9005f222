//! Limits hold exactly, whoever counts.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Algorithm, Boost, Clock, Dimension, ManualClock, NamedLimit, QuotaManager, TenantConfig, TenantContext,
    UnixTime, Window,
    quota::{Cost, Reservation},
};
use tenant_redis::{Keyspace, Redis, RedisQuotaManager};
use tenant_testkit::servers::Redis as Server;

use crate::support::{
    ask, calls, context, fresh_keys, id, plain, raw, room_in_the_minute, shared, to, told, within,
};

const REQUEST: [Cost; 1] = [Cost::requests(1)];

/// The machine that tests run on may be slow.
fn patient(redis: &Redis) -> RedisQuotaManager {
    RedisQuotaManager::builder(redis).deadline(Duration::from_secs(10)).build()
}

async fn limited(name: &str, requests: u64) -> TenantContext {
    context(TenantConfig::builder(id(name)).requests_per_minute(requests)).await
}

/// A window so long that hardly any test sees its end.
fn long(dimension: Dimension, limit: u64) -> NamedLimit {
    NamedLimit::rate(dimension, Window::Length(Duration::from_secs(30 * 86_400)), limit)
}

async fn admitted(quotas: &RedisQuotaManager, tenant: &TenantContext, times: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..times {
        let decision = match quotas.try_decide(tenant, &REQUEST) {
            Some(decision) => decision,
            None => quotas.decide(tenant, &REQUEST).await.unwrap(),
        };
        admitted += usize::from(decision.is_admitted());
    }
    admitted
}

async fn hammer(managers: Vec<Arc<RedisQuotaManager>>, tenants: Vec<TenantContext>, times: usize) -> usize {
    let tasks = (0..64).map(|task: usize| {
        let (quotas, tenant) =
            (Arc::clone(&managers[task % managers.len()]), tenants[task % tenants.len()].clone());
        tokio::spawn(async move { admitted(&quotas, &tenant, times).await })
    });
    let mut sum = 0;
    for task in tasks.collect::<Vec<_>>() {
        sum += task.await.unwrap();
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tasks_admit_exactly_the_limit_while_scripts_are_flushed() {
    let redis = shared();
    for algorithm in [Algorithm::Fixed, Algorithm::Sliding { sub_windows: 6 }] {
        let limit = long(Dimension::Requests, 1_000).algorithm(algorithm);
        let name = algorithm.as_str();
        let tenant = context(TenantConfig::builder(id(name)).limit("l", limit)).await;
        let flush = tokio::spawn(async {
            let mut connection = raw(&Server::shared().unwrap().url()).await;
            loop {
                let _: () = ask(&mut connection, &["SCRIPT", "FLUSH"]).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
        let quotas = Arc::new(patient(&redis));
        assert_eq!(hammer(vec![quotas], vec![tenant], 40).await, 1_000, "{name}");
        flush.abort();
    }
}

/// An instance whose clock is wrong by some minutes.
fn instance(redis: &Redis, minutes: u64) -> Arc<RedisQuotaManager> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(now + minutes * 60)));
    let builder = RedisQuotaManager::builder(redis).deadline(Duration::from_secs(10));
    Arc::new(builder.clock(clock as Arc<dyn Clock>).build())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_instances_whose_clocks_are_five_minutes_apart_admit_exactly_the_limit_together() {
    let redis = shared();
    room_in_the_minute(Duration::from_secs(20)).await;
    let managers = (0..4).map(|number| instance(&redis, number * 5)).collect();
    let mut tenants = Vec::new();
    for _ in 0..4 {
        tenants.push(limited("acme", 1_000).await);
    }
    assert_eq!(hammer(managers, tenants, 40).await, 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leased_batches_never_admit_more_and_strand_less_than_was_said() {
    let redis = shared();
    let tenant =
        context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Requests, 1_000))).await;
    let (batch, instances) = (50, 3);
    let managers: Vec<_> = (0..instances)
        .map(|_| {
            let builder = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(10));
            Arc::new(builder.batch(batch).build())
        })
        .collect();
    let mut tenants = Vec::new();
    for _ in 0..instances {
        let limit = long(Dimension::Requests, 1_000);
        tenants.push(context(TenantConfig::builder(id("acme")).limit("l", limit)).await);
    }
    // One instance alone, as busy as can be, leaves the others at most what it has leased.
    let sum = hammer(managers.clone(), tenants.clone(), 40).await;
    let stranded = usize::try_from(batch + batch / 4).unwrap() * usize::try_from(instances).unwrap();
    assert!((1_000 - stranded..=1_000).contains(&sum), "{sum} were admitted");
    // What was not spent is given back.
    for quotas in &managers {
        quotas.flush().await;
    }
    let fresh = patient(&redis);
    assert_eq!(admitted(&fresh, &tenant, 300).await + sum, 1_000);
}

#[tokio::test]
async fn what_was_leased_is_charged_spent_without_asking_and_given_back_at_the_end() {
    let server = Server::start().unwrap();
    let redis = to(&server);
    let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(10)).batch(100).build();
    let tenant =
        context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Requests, 1_000))).await;
    let used = async || quotas.usage(tenant.record()).await.unwrap().limits[0].used;
    assert_eq!(admitted(&quotas, &tenant, 1).await, 1);
    assert_eq!(used().await, 100);
    let before = calls(&server.url(), "evalsha").await;
    assert_eq!(admitted(&quotas, &tenant, 70).await, 70);
    assert_eq!(calls(&server.url(), "evalsha").await, before);
    let last = quotas.try_decide(&tenant, &REQUEST).unwrap();
    assert_eq!(last.states().map(|(_, state)| state.remaining).collect::<Vec<_>>(), [1_000 - 72]);
    quotas.settle(&tenant, &last, &[Cost::requests(0)]);
    quotas.flush().await;
    assert_eq!(used().await, 71);
    // A batch for which there is no room leaves the rest to be admitted one by one.
    assert_eq!(admitted(&quotas, &tenant, 1_000).await, 929);
}

#[tokio::test]
async fn what_was_leased_under_a_config_that_is_gone_is_given_back_at_once() {
    let redis = shared();
    let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(10)).batch(100).build();
    let fresh = patient(&redis);
    let now = |limit| context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Requests, limit)));
    // As often as a config changes, or is evicted and read again.
    for changes in 1..=20 {
        let tenant = now(1_000 + changes).await;
        assert_eq!(admitted(&quotas, &tenant, 1).await, 1);
        drop(tenant);
        let after = now(10_000).await;
        let used = async || fresh.usage(after.record()).await.unwrap().limits[0].used;
        within(Duration::from_secs(2), async || used().await == changes).await;
    }
    // Whatever else there is of it is given back by a flush.
    let before = now(1_000).await;
    assert_eq!(admitted(&quotas, &before, 1).await, 1);
    quotas.flush().await;
    assert_eq!(fresh.usage(before.record()).await.unwrap().limits[0].used, 21);
}

#[tokio::test]
async fn all_admit_or_nothing_is_charged_and_one_round_trip_does_it() {
    let (redis, quotas) = (shared(), patient(&shared()));
    let _ = redis;
    let config = TenantConfig::builder(id("acme"))
        .limit("a", long(Dimension::Requests, 10))
        .limit("b", long(Dimension::Tokens, 5).algorithm(Algorithm::Sliding { sub_windows: 3 }))
        .limit("c", NamedLimit::concurrency(Dimension::Requests, 100));
    let tenant = context(config).await;
    let both = |tokens| [Cost::requests(1), Cost::tokens(tokens)];
    let first = quotas.decide(&tenant, &both(4)).await.unwrap();
    assert!(first.is_admitted());
    let denied = quotas.decide(&tenant, &both(2)).await.unwrap();
    assert_eq!(denied.denial().map(|(limit, _)| &*limit.name), Some("b"));
    assert!(denied.states().all(|(_, state)| state.charged == 0));
    let never = quotas.decide(&tenant, &both(6)).await.unwrap();
    assert_eq!(never.denial().and_then(|(_, denial)| denial.retry_after), None);
    for usage in quotas.usage(tenant.record()).await.unwrap().limits {
        let expected = if &*usage.limit.name == "b" { 4 } else { 1 };
        assert_eq!(usage.used, expected, "{}", usage.limit.name);
    }
}

#[tokio::test]
async fn what_is_denied_leaves_every_limit_as_it_was() {
    let quotas = patient(&shared());
    for window in [Window::Month, Window::Length(Duration::from_secs(30 * 86_400))] {
        let name = if window == Window::Month { "month" } else { "days" };
        let config = TenantConfig::builder(id(name))
            .limit("a", NamedLimit::rate(Dimension::Requests, window, 10))
            .limit("b", NamedLimit::rate(Dimension::Tokens, window, 5));
        let tenant = context(config).await;
        for (tokens, is_admitted) in [(4, true), (2, false), (1, true), (1, false)] {
            let costs = [Cost::requests(1), Cost::tokens(tokens)];
            let decision = quotas.decide(&tenant, &costs).await.unwrap();
            assert_eq!(decision.is_admitted(), is_admitted);
            let used = quotas.usage(tenant.record()).await.unwrap().limits;
            let told: Vec<_> = decision.states().map(|(_, state)| state.remaining).collect();
            let left: Vec<_> = used.iter().map(tenant_core::quota::LimitUsage::remaining).collect();
            assert_eq!(told, left);
        }
        let used: Vec<_> =
            quotas.usage(tenant.record()).await.unwrap().limits.iter().map(|limit| limit.used).collect();
        assert_eq!(used, [2, 5]);
    }
}

#[tokio::test]
async fn what_is_counted_for_one_tenant_is_not_counted_against_another() {
    let quotas = patient(&shared());
    // Ids that begin like each other, and names of limits that look like parts of keys.
    let names = ["a", "a.b", "a.b.q", "A", "a_b", "a-b", "p.f.60"];
    let mut tenants = Vec::new();
    for name in names {
        let config = TenantConfig::builder(id(name))
            .limit("a.b", long(Dimension::Requests, 3))
            .limit("q", NamedLimit::concurrency("p".parse().unwrap(), 2));
        tenants.push(context(config).await);
    }
    let mut held = Vec::new();
    for tenant in &tenants {
        assert_eq!(admitted(&quotas, tenant, 10).await, 3, "{tenant:?}");
        for _ in 0..2 {
            let mut decision = quotas.decide(tenant, &[Cost::of("p".parse().unwrap(), 1)]).await.unwrap();
            assert!(decision.is_admitted(), "{tenant:?}");
            held.push(decision.take_permit().unwrap());
        }
    }
}

#[tokio::test]
async fn a_reservation_is_settled_and_a_dropped_one_refunded() {
    let redis = shared();
    let quotas = Arc::new(patient(&redis));
    let config = || TenantConfig::builder(id("acme")).limit("t", long(Dimension::Tokens, 100));
    let tenant = context(config()).await;
    let reserve = async |tokens| {
        let quotas: Arc<dyn QuotaManager> = quotas.clone();
        Reservation::reserve(quotas, &tenant, &[Cost::tokens(tokens)]).await.unwrap()
    };
    let used = async || {
        quotas.flush().await;
        quotas.usage(tenant.record()).await.unwrap().limits[0].used
    };
    reserve(80).await.unwrap().settle(&[Cost::tokens(12)]);
    assert_eq!(used().await, 12);
    let open = reserve(80).await.unwrap();
    assert!(reserve(80).await.is_err());
    drop(open);
    assert_eq!(used().await, 12);
    reserve(80).await.unwrap().settle(&[Cost::tokens(200)]);
    assert_eq!(used().await, 212);
}

#[tokio::test]
async fn a_changed_limit_keeps_its_count_and_an_old_context_settles_what_it_was_charged() {
    let redis = shared();
    let quotas = patient(&redis);
    let of = |limit| context(TenantConfig::builder(id("acme")).limit("t", long(Dimension::Tokens, limit)));
    let (before, after) = (of(100).await, of(50).await);
    let decision = quotas.decide(&before, &[Cost::tokens(70)]).await.unwrap();
    let denied = quotas.decide(&after, &[Cost::tokens(1)]).await.unwrap();
    assert_eq!(denied.states().map(|(_, state)| state.remaining).collect::<Vec<_>>(), [0]);
    quotas.settle(&after, &decision, &[Cost::tokens(10)]);
    quotas.flush().await;
    assert_eq!(quotas.usage(after.record()).await.unwrap().limits[0].used, 10);
}

#[tokio::test]
async fn a_boost_lets_exactly_so_many_more_through_until_it_ends_on_every_instance() {
    let redis = shared();
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)));
    let instance = |batch| {
        let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(10)).batch(batch);
        quotas.clock(Arc::clone(&clock) as Arc<dyn Clock>).build()
    };
    let (one, two) = (instance(0), instance(4));
    let sale = Boost::new("sale", UnixTime::from_secs(1_700_000_010).into()).limit("calls", 3);
    let limited = |name: &str| TenantConfig::builder(id(name)).limit("calls", long(Dimension::Requests, 5));
    let read = async || context(limited("acme").boosts([sale.clone()])).await;
    let (here, there, other) = (read().await, read().await, context(limited("globex")).await);
    assert_eq!(admitted(&one, &here, 6).await, 6);
    assert_eq!(admitted(&two, &there, 20).await, 2);
    assert_eq!((admitted(&one, &here, 20).await, admitted(&one, &other, 20).await), (0, 5));
    let usage = one.usage(here.record()).await.unwrap();
    assert_eq!(usage.limits.iter().map(|used| (used.limit.limit, used.used)).collect::<Vec<_>>(), [(8, 8)]);
    clock.advance(Duration::from_secs(10));
    assert_eq!((admitted(&one, &here, 20).await, admitted(&two, &there, 20).await), (0, 0));
    let usage = two.usage(there.record()).await.unwrap();
    assert_eq!(usage.limits.iter().map(|used| (used.limit.limit, used.used)).collect::<Vec<_>>(), [(5, 8)]);
}

#[tokio::test]
async fn each_warning_is_told_once_over_all_instances() {
    let redis = shared();
    let (told, hooks) = told();
    let instances: Vec<_> = (0..3)
        .map(|_| {
            let builder = RedisQuotaManager::builder(&redis).deadline(Duration::from_secs(10));
            builder.hooks(hooks.clone()).build()
        })
        .collect();
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Requests, 10))).await;
    for number in 0..30 {
        admitted(&instances[number % 3], &tenant, 1).await;
    }
    let expected = [80, 100].map(|percent| ("acme".to_owned(), "l".to_owned(), percent));
    assert_eq!(*told.warnings.lock().unwrap(), expected);
}

#[tokio::test]
async fn looking_at_usage_neither_tells_a_warning_nor_keeps_it_from_being_told() {
    let (told, hooks) = told();
    let quotas = RedisQuotaManager::builder(&shared()).deadline(Duration::from_secs(10)).hooks(hooks).build();
    let of = |limit| context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Requests, limit)));
    let (before, lowered) = (of(100).await, of(10).await);
    assert_eq!(admitted(&quotas, &before, 9).await, 9);
    for _ in 0..2 {
        quotas.usage(lowered.record()).await.unwrap();
        assert!(told.warnings.lock().unwrap().is_empty());
    }
    quotas.decide(&lowered, &[Cost::requests(0)]).await.unwrap();
    assert_eq!(*told.warnings.lock().unwrap(), [("acme".to_owned(), "l".to_owned(), 80)]);
    assert_eq!(admitted(&quotas, &lowered, 2).await, 1);
    assert_eq!(told.warnings.lock().unwrap().iter().map(|told| told.2).collect::<Vec<_>>(), [80, 100]);
}

#[tokio::test]
async fn shadow_limits_count_and_never_deny() {
    let quotas = patient(&shared());
    let limit = long(Dimension::Requests, 2).shadow(true);
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", limit)).await;
    assert_eq!(admitted(&quotas, &tenant, 5).await, 5);
    assert_eq!(quotas.usage(tenant.record()).await.unwrap().limits[0].used, 5);
}

#[tokio::test]
async fn costs_beyond_all_bounds_are_denied_and_count_nothing() {
    let quotas = patient(&shared());
    let tenant =
        context(TenantConfig::builder(id("acme")).limit("l", long(Dimension::Tokens, 1 << 53))).await;
    for cost in [u64::MAX, (1 << 53) + 1] {
        let decision = quotas.decide(&tenant, &[Cost::tokens(cost), Cost::tokens(cost)]).await.unwrap();
        let (_, denial) = decision.denial().expect("more than the limit");
        assert_eq!(denial.retry_after, None);
    }
    assert!(quotas.decide(&tenant, &[Cost::tokens(1 << 53)]).await.unwrap().is_admitted());
    assert!(!quotas.decide(&tenant, &[Cost::tokens(1)]).await.unwrap().is_admitted());
}

#[tokio::test]
async fn a_tenant_without_limits_costs_nothing() {
    let redis = Redis::open("redis://127.0.0.1:1").unwrap();
    let quotas = RedisQuotaManager::new(&redis);
    assert!(quotas.try_decide(&plain("acme").await, &REQUEST).unwrap().is_admitted());
}

#[tokio::test]
async fn counts_expire_and_limits_of_old_leave_no_trace() {
    let redis = shared();
    let quotas = patient(&redis);
    for number in 0..60 {
        let limit = NamedLimit::rate(Dimension::Requests, Window::Second, 5);
        let config = TenantConfig::builder(id("acme")).limit(format!("l{number}"), limit);
        admitted(&quotas, &context(config).await, 1).await;
        if number == 40 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
    }
    let mut connection = raw(&Server::shared().unwrap().url()).await;
    let key = format!("{}:{{acme}}:q", redis.keyspace().prefix());
    let fields: u64 = ask(&mut connection, &["HLEN", &key]).await;
    assert!(fields <= 40, "{fields} limits are still counted");
    let millis: i64 = ask(&mut connection, &["PTTL", &key]).await;
    assert!((1..=200_000).contains(&millis), "they live for {millis} ms");
}

/// What a process of the next test does: it is one instance of many.
#[tokio::test]
#[ignore = "another test runs it, as a process"]
async fn as_a_process() {
    let var = |name: &str| std::env::var(name).unwrap();
    let redis =
        Redis::open(&var("CHILD_URL")).unwrap().with_keyspace(Keyspace::new(&var("CHILD_KEYS")).unwrap());
    let quotas = instance(&redis, var("CHILD_MINUTES").parse().unwrap());
    let limit = long(Dimension::Requests, 1_000);
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", limit)).await;
    let sum = hammer(vec![quotas], vec![tenant], 30).await;
    println!("admitted={sum}.");
}

#[tokio::test]
async fn four_processes_whose_clocks_are_five_minutes_apart_admit_exactly_the_limit_through_flushes() {
    let (url, keys) = (Server::shared().unwrap().url(), fresh_keys());
    let process = |minutes: u32| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["quota::as_a_process", "--exact", "--ignored", "--nocapture"]);
        command.env("CHILD_URL", &url).env("CHILD_KEYS", keys.prefix());
        command.env("CHILD_MINUTES", minutes.to_string());
        command.stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..4).map(|number| process(number * 5)).collect();
    let flush = tokio::spawn(async move {
        let mut connection = raw(&url).await;
        loop {
            let _: () = ask(&mut connection, &["SCRIPT", "FLUSH"]).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut sum = 0;
    for process in processes {
        let output = tokio::task::spawn_blocking(|| process.wait_with_output().unwrap()).await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let admitted = text.split("admitted=").nth(1).unwrap().split('.').next().unwrap();
        sum += admitted.parse::<u32>().unwrap();
    }
    flush.abort();
    assert_eq!(sum, 1_000);
}
