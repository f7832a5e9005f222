//! The same on a Redis Cluster of three nodes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tenant_cache::{CacheBackend, TenantCache};
use tenant_core::{
    Algorithm, CachedConfigs, ConfigStoreExt, Dimension, FailurePolicy, InMemoryConfigManager, NamedLimit,
    QuotaManager, TenantConfig, TenantContext, TenantStatus, Window, quota::Cost,
};
use tenant_redis::{ChangeReader, Redis, RedisAnnouncer, RedisCache, RedisQuotaManager};

use crate::residue::House;
use crate::support::{Fragile, ask, context, free_port, id, raw, within};

const ASK: [Cost; 1] = [Cost::requests(1)];
const RATE: [Cost; 1] = [Cost::tokens(1)];
const NOTHING: [Cost; 1] = [Cost::tokens(0)];

struct Cluster(Vec<Fragile>);

impl Cluster {
    async fn start() -> Self {
        let node = || {
            Fragile::start_with(vec![
                ("cluster-enabled", "yes".to_owned()),
                ("cluster-port", free_port().to_string()),
                ("cluster-require-full-coverage", "no".to_owned()),
                ("cluster-node-timeout", "30000".to_owned()),
            ])
        };
        let nodes: Vec<Fragile> = (0..3).map(|_| node()).collect();
        let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in nodes.iter().zip(slots) {
            let mut connection = raw(&node.url()).await;
            let _: () = ask(&mut connection, &["CLUSTER", "ADDSLOTSRANGE", first, last]).await;
        }
        let mut connection = raw(&nodes[0].url()).await;
        for node in &nodes[1..] {
            let (port, bus) = (node.port().to_string(), node.setting("cluster-port").to_owned());
            let _: () = ask(&mut connection, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        for node in &nodes {
            let mut connection = raw(&node.url()).await;
            within(Duration::from_secs(20), async || {
                let info: String = ask(&mut connection, &["CLUSTER", "INFO"]).await;
                info.contains("cluster_slots_assigned:16384") && info.contains("cluster_state:ok")
            })
            .await;
        }
        Self(nodes)
    }

    async fn redis(&self) -> Redis {
        let urls: Vec<String> = self.0.iter().map(Fragile::url).collect();
        Redis::cluster(urls.iter().map(String::as_str)).await.unwrap()
    }

    /// How many keys each node has.
    async fn sizes(&self) -> Vec<u64> {
        let mut sizes = Vec::new();
        for node in &self.0 {
            sizes.push(ask(&mut raw(&node.url()).await, &["DBSIZE"]).await);
        }
        sizes
    }
}

fn patient(redis: &Redis) -> RedisQuotaManager {
    RedisQuotaManager::builder(redis).deadline(Duration::from_secs(10)).build()
}

async fn tenant(name: &str, limit: u64) -> TenantContext {
    let rate = NamedLimit::rate(Dimension::Requests, Window::Month, limit);
    let config = TenantConfig::builder(id(name))
        .limit("fixed", rate.clone())
        .limit("sliding", rate.clone().algorithm(Algorithm::Sliding { sub_windows: 6 }))
        .limit("at-once", NamedLimit::concurrency("jobs".parse().unwrap(), limit));
    context(config).await
}

/// Ids that are as close to each other and to keys as ids may be.
fn hostile_ids() -> Vec<String> {
    let pieces = ["a", "A", "q", "p", "c", "l", "d", ".", "-", "_", "tenant", "0", "changes"];
    let mut ids: Vec<String> = Vec::new();
    for first in pieces {
        for second in pieces {
            for third in pieces {
                ids.push(format!("{first}{second}{third}"));
            }
        }
    }
    ids.retain(|text| tenant_core::TenantId::parse(text).is_ok());
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(1_000);
    ids
}

fn hostile_keys(other: &str) -> [Vec<u8>; 8] {
    [
        format!("{{{other}}}"),
        format!("}}{{{other}}}:k"),
        format!("tenant:{{{other}}}:q"),
        "{".to_owned(),
        "}".to_owned(),
        "{}".to_owned(),
        "k\r\n\0{x}".to_owned(),
        String::new(),
    ]
    .map(String::into_bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_hostile_ids_and_keys_never_cross_slots_or_tenants() {
    let cluster = Cluster::start().await;
    let redis = cluster.redis().await;
    let (quotas, cache) = (patient(&redis), RedisCache::new(&redis).with_deadline(Duration::from_secs(10)));
    let ids = hostile_ids();
    assert_eq!(ids.len(), 1_000);
    let mut tenants = Vec::new();
    for name in &ids {
        tenants.push(tenant(name, 2).await);
    }
    for (number, tenant) in tenants.iter().enumerate() {
        let key = &hostile_keys(&ids[(number + 1) % ids.len()])[number % 8];
        cache.set(tenant, key, tenant.id().to_string().into(), None).await.unwrap();
        // A rate, a window that slides and a permit: keys in one slot, or the script would be refused.
        let costs = [Cost::requests(1), Cost::of("jobs".parse().unwrap(), 1)];
        assert!(quotas.decide(tenant, &costs).await.unwrap().is_admitted(), "{tenant:?}");
    }
    for (number, tenant) in tenants.iter().enumerate() {
        let key = &hostile_keys(&ids[(number + 1) % ids.len()])[number % 8];
        let value = cache.get(tenant, key).await.unwrap();
        assert_eq!(value.as_deref(), Some(tenant.id().as_str().as_bytes()), "{tenant:?}");
        let second = quotas.decide(tenant, &ASK).await.unwrap();
        assert!(second.is_admitted(), "{tenant:?}");
        let third = quotas.decide(tenant, &ASK).await.unwrap();
        assert!(!third.is_admitted(), "{tenant:?}");
        if number % 3 == 0 {
            cache.clear(tenant.record()).await.unwrap();
        }
    }
    for (number, tenant) in tenants.iter().enumerate() {
        let key = &hostile_keys(&ids[(number + 1) % ids.len()])[number % 8];
        assert_eq!(cache.exists(tenant, key).await.unwrap(), number % 3 > 0, "{tenant:?}");
    }
    // They are on all nodes.
    assert!(cluster.sizes().await.iter().all(|size| *size > 300), "{:?}", cluster.sizes().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_as_exact_as_on_one_server_while_scripts_are_flushed() {
    let cluster = Arc::new(Cluster::start().await);
    let (redis, other) = (cluster.redis().await, cluster.redis().await);
    let managers = [Arc::new(patient(&redis)), Arc::new(patient(&other))];
    let names = ["acme", "globex", "initech", "umbrella"];
    let mut tenants = Vec::new();
    for name in names {
        tenants.push((tenant(name, 300).await, Arc::new(AtomicU64::new(0))));
    }
    let tasks: Vec<_> = (0..64)
        .map(|task: usize| {
            let quotas = Arc::clone(&managers[task % 2]);
            let (tenant, admitted) = tenants[task / 2 % 4].clone();
            tokio::spawn(async move {
                for _ in 0..40 {
                    let decision = quotas.decide(&tenant, &ASK).await.unwrap();
                    admitted.fetch_add(u64::from(decision.is_admitted()), Ordering::SeqCst);
                }
            })
        })
        .collect();
    while tasks.iter().any(|task| !task.is_finished()) {
        for node in &cluster.0 {
            let _: () = ask(&mut raw(&node.url()).await, &["SCRIPT", "FLUSH"]).await;
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for (tenant, admitted) in &tenants {
        assert_eq!(admitted.load(Ordering::SeqCst), 300, "{tenant:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_still_does_not_slow_down_tenants_of_the_others() {
    let cluster = Cluster::start().await;
    let redis = cluster.redis().await;
    let quotas = Arc::new(RedisQuotaManager::builder(&redis).build());
    let closed = async |name: &str| {
        let limit = NamedLimit::rate(Dimension::Requests, Window::Month, 1_000_000);
        let limit = limit.failure_policy(FailurePolicy::Closed);
        context(TenantConfig::builder(id(name)).limit("l", limit)).await
    };
    let mut connection = raw(&cluster.0[0].url()).await;
    let (mut here, mut there) = (None, None);
    for number in 0.. {
        let name = format!("t{number}");
        let slot: u64 = ask(&mut connection, &["CLUSTER", "KEYSLOT", &name]).await;
        match slot {
            0..=5460 if here.is_none() => here = Some(closed(&name).await),
            10_923.. if there.is_none() => there = Some(closed(&name).await),
            _ => {}
        }
        if here.is_some() && there.is_some() {
            break;
        }
    }
    let (here, there) = (here.unwrap(), there.unwrap());
    for tenant in [&here, &there] {
        within(Duration::from_secs(5), async || quotas.decide(tenant, &ASK).await.is_ok()).await;
    }
    let frozen = cluster.0[0].freeze().await;
    // Many at once: their failures come in a row, whatever succeeds between.
    let storm: Vec<_> = (0..32)
        .map(|_| {
            let (quotas, here) = (Arc::clone(&quotas), here.clone());
            tokio::spawn(async move {
                for _ in 0..100 {
                    assert!(quotas.decide(&here, &ASK).await.is_err());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(quotas.decide(&there, &ASK).await.is_err());
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    for task in storm {
        task.await.unwrap();
    }
    assert!(failed <= 4, "{failed} of 200 decisions of a tenant elsewhere failed");
    drop(frozen);
    within(Duration::from_secs(5), async || quotas.decide(&here, &ASK).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_heard_and_the_cache_works() {
    let cluster = Cluster::start().await;
    let redis = cluster.redis().await;
    let acme = TenantConfig::builder(id("acme")).build().unwrap();
    let store = Arc::new(InMemoryConfigManager::with([acme]).unwrap());
    let cached = || CachedConfigs::new(Arc::clone(&store), 10, Duration::from_secs(3_600));
    let here = cached().with_announcer(Arc::new(RedisAnnouncer::start(&redis)));
    let there = Arc::new(cached());
    let _reader = ChangeReader::start(&redis, Arc::clone(&there));
    let context = TenantContext::of(&there, &id("acme")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    here.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    within(Duration::from_secs(1), async || context.ensure_active().is_err()).await;

    let mut node = raw(&cluster.0[0].url()).await;
    let mut connections = async || {
        let list: String = ask(&mut node, &["CLIENT", "LIST", "TYPE", "normal"]).await;
        list.lines().count()
    };
    let before = connections().await;
    let cache = TenantCache::new(RedisCache::new(&redis).with_deadline(Duration::from_secs(10)));
    let globex = tenant("globex", 1).await;
    assert_eq!(cache.incr(&globex, "n", 3).await.unwrap(), 3);
    assert!(connections().await > before, "the cache has one of its own");
    let load = || async { Ok::<_, std::io::Error>("v") };
    assert_eq!(cache.get_or_load(&globex, "k", None, load).await.unwrap(), "v");
    cache.clear(&globex).await.unwrap();
    assert!(!cache.exists(&globex, "k").await.unwrap());
}

/// Tenants with a rate and permits, so many whose counts are on the first node and so many whose are on the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_leaves_nothing_of_one_tenant_on_any_node_and_all_of_another() {
    let cluster = Cluster::start().await;
    let redis = cluster.redis().await;
    House::new(&redis).purge_one_of_two().await;
    let sizes = cluster.sizes().await;
    assert!(sizes.iter().all(|size| *size > 100), "sessions are on all nodes: {sizes:?}");
}

async fn holders(cluster: &Cluster, here: usize, there: usize) -> (Vec<TenantContext>, Vec<TenantContext>) {
    let mut connection = raw(&cluster.0[0].url()).await;
    let (mut on_first, mut on_last) = (Vec::new(), Vec::new());
    for number in 0.. {
        let name = format!("h{number}");
        let slot: u64 = ask(&mut connection, &["CLUSTER", "KEYSLOT", &name]).await;
        let (tenants, wanted) = match slot {
            0..=5460 => (&mut on_first, here),
            10_923.. => (&mut on_last, there),
            _ => continue,
        };
        if tenants.len() < wanted {
            let config = TenantConfig::builder(id(&name))
                .limit("l", NamedLimit::concurrency(Dimension::Requests, 5))
                .limit("rate", NamedLimit::rate(Dimension::Tokens, Window::Month, 1_000));
            tenants.push(context(config).await);
        }
        if on_first.len() == here && on_last.len() == there {
            break;
        }
    }
    (on_first, on_last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permits_are_renewed_elsewhere_while_a_node_stands_still() {
    let cluster = Cluster::start().await;
    let quotas = Arc::new(patient(&cluster.redis().await));
    let (here, there) = holders(&cluster, 200, 20).await;
    let mut held = Vec::new();
    for tenant in here.iter().chain(&there) {
        held.push(quotas.decide(tenant, &ASK).await.unwrap());
    }
    let mut connection = raw(&cluster.0[2].url()).await;
    let mut ends = async || {
        let mut ends = Vec::new();
        for tenant in &there {
            let key = format!("tenant:{{{}}}:p:c|1|requests|l", tenant.id());
            let members: Vec<(String, f64)> =
                ask(&mut connection, &["ZRANGEBYSCORE", &key, "(0", "+inf", "WITHSCORES"]).await;
            ends.push(members[0].1);
        }
        ends
    };
    let before = ends().await;
    let frozen = cluster.0[0].freeze().await;
    let renewal = tokio::spawn({
        let quotas = Arc::clone(&quotas);
        async move { quotas.renew_permits().await }
    });
    within(Duration::from_secs(5), async || {
        ends().await.iter().zip(&before).all(|(after, before)| after > before)
    })
    .await;
    drop(frozen);
    let _ = renewal.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_are_sent_elsewhere_while_those_of_a_node_that_stands_still_wait() {
    let cluster = Cluster::start().await;
    let quotas = patient(&cluster.redis().await);
    let (here, there) = holders(&cluster, 150, 1).await;
    let mut charged = Vec::new();
    for tenant in &here {
        charged.push(quotas.decide(tenant, &RATE).await.unwrap());
    }
    let elsewhere = quotas.decide(&there[0], &RATE).await.unwrap();
    let settle_all = || {
        for (tenant, decision) in here.iter().zip(&charged) {
            for _ in 0..32 {
                quotas.settle(tenant, decision, &NOTHING);
            }
        }
    };
    let frozen = cluster.0[0].freeze().await;
    // The first ones find out that nobody answers, the next ones wait for it.
    settle_all();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    settle_all();
    tokio::time::sleep(Duration::from_millis(200)).await;
    quotas.settle(&there[0], &elsewhere, &NOTHING);
    within(Duration::from_secs(1), async || {
        let usage = quotas.usage(there[0].record()).await.unwrap();
        usage.limits.iter().find(|limit| limit.limit.is_rate()).unwrap().used == 0
    })
    .await;
    drop(frozen);
}
