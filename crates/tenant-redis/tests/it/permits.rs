//! Permits are given back however their holder ends.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Dimension, NamedLimit, QuotaManager, TenantConfig, TenantContext,
    quota::{Cost, Decision, Permit},
};
use tenant_redis::{Redis, RedisQuotaManager};
use tenant_testkit::servers::Redis as Server;

use crate::support::{Fragile, ask, context, id, raw, shared, within};

fn patient(redis: &Redis) -> RedisQuotaManager {
    RedisQuotaManager::builder(redis).deadline(Duration::from_secs(10)).build()
}

async fn tenant(name: &str, limit: u64) -> TenantContext {
    let limit = NamedLimit::concurrency(Dimension::Requests, limit);
    context(TenantConfig::builder(id(name)).limit("running", limit)).await
}

async fn take(quotas: &RedisQuotaManager, tenant: &TenantContext, count: u64) -> Decision {
    quotas.decide(tenant, &[Cost::requests(count)]).await.unwrap()
}

async fn used(quotas: &RedisQuotaManager, tenant: &TenantContext) -> u64 {
    quotas.usage(tenant.record()).await.unwrap().limits[0].used
}

#[tokio::test]
async fn so_many_at_once_over_all_instances_and_no_more() {
    let redis = shared();
    let (here, there) = (patient(&redis), patient(&redis));
    let acme = tenant("acme", 3).await;
    let mut first = take(&here, &acme, 2).await;
    let second = take(&there, &acme, 1).await;
    assert!(first.is_admitted() && second.is_admitted());
    let denied = take(&here, &acme, 1).await;
    assert_eq!(denied.denial().unwrap().1.retry_after_secs(), Some(1));
    assert_eq!(take(&here, &acme, 4).await.denial().unwrap().1.retry_after, None);
    let permit: Permit = first.take_permit().unwrap();
    drop(first);
    here.flush().await;
    assert_eq!(used(&here, &acme).await, 3, "whoever has taken the permit out holds it");
    drop(permit);
    drop(second);
    here.flush().await;
    there.flush().await;
    assert_eq!(used(&here, &acme).await, 0);
    assert!(take(&here, &acme, 3).await.is_admitted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_aborted_at_any_point_leave_no_permit_behind() {
    let redis = shared();
    let quotas = Arc::new(patient(&redis));
    let acme = tenant("acme", 1_000_000).await;
    for round in 0..100_u64 {
        let tasks: Vec<_> = (0..100_u64)
            .map(|number| {
                let (quotas, acme) = (Arc::clone(&quotas), acme.clone());
                tokio::spawn(async move {
                    let decision = take(&quotas, &acme, 1 + number % 3).await;
                    tokio::time::sleep(Duration::from_micros(number * 20)).await;
                    assert!(number % 7 > 0, "a handler that panics");
                    drop(decision);
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(round * 30)).await;
        for task in tasks.iter().step_by(2) {
            task.abort();
        }
        for task in tasks {
            let _ = task.await;
        }
    }
    quotas.flush().await;
    // The server may carry out what was on its way before it was given up.
    within(Duration::from_secs(5), async || {
        quotas.flush().await;
        used(&quotas, &acme).await == 0
    })
    .await;
}

#[tokio::test]
async fn a_killed_instances_permits_are_free_within_thirty_seconds() {
    let server = Server::start().unwrap();
    let redis = Redis::open(&server.url()).unwrap();
    let acme = tenant("acme", 1).await;
    let quotas = patient(&redis);
    let held = take(&quotas, &acme, 1).await;
    let mut connection = raw(&server.url()).await;
    let key = "tenant:{acme}:p:c|1|requests|running";
    let members: Vec<String> =
        ask(&mut connection, &["ZRANGEBYSCORE", key, "(0", "+inf", "WITHSCORES"]).await;
    let ends: f64 = members[1].parse().unwrap();
    let now: (u64, u64) = ask(&mut connection, &["TIME"]).await;
    let left = Duration::from_secs_f64(ends / 1e6 - now.0 as f64 - now.1 as f64 / 1e6);
    assert!((Duration::from_secs(20)..Duration::from_secs(30)).contains(&left), "{left:?}");
    // As if that time had passed without a renewal.
    let _: i64 = ask(&mut connection, &["ZADD", key, "1", &members[0]]).await;
    assert!(take(&patient(&redis), &acme, 1).await.is_admitted());
    // The instance was not killed after all: it takes its place anew, and gives back its own alone.
    quotas.renew_permits().await.unwrap();
    assert_eq!(used(&quotas, &acme).await, 1, "the other one was given back when its decision was dropped");
    drop(held);
    quotas.flush().await;
    assert_eq!(used(&quotas, &acme).await, 0);
}

#[tokio::test]
async fn permits_survive_a_server_that_forgets_them() {
    let mut server = Fragile::start();
    let quotas = patient(&server.redis());
    let acme = tenant("acme", 2).await;
    let held = take(&quotas, &acme, 2).await;
    server.stop();
    server.start_again();
    within(Duration::from_secs(5), async || quotas.renew_permits().await.is_ok()).await;
    assert_eq!(used(&quotas, &acme).await, 2);
    drop(held);
    within(Duration::from_secs(5), async || {
        quotas.flush().await;
        used(&quotas, &acme).await == 0
    })
    .await;
}

#[tokio::test]
async fn giving_back_twice_gives_back_once_and_nobody_elses() {
    let server = Server::start().unwrap();
    let quotas = patient(&Redis::open(&server.url()).unwrap());
    let (acme, globex) = (tenant("acme", 5).await, tenant("globex", 5).await);
    let (mine, theirs) = (take(&quotas, &acme, 2).await, take(&quotas, &globex, 2).await);
    let again = take(&quotas, &acme, 1).await;
    drop(mine);
    quotas.flush().await;
    assert_eq!((used(&quotas, &acme).await, used(&quotas, &globex).await), (1, 2));
    drop((again, theirs));
    quotas.flush().await;
    assert_eq!((used(&quotas, &acme).await, used(&quotas, &globex).await), (0, 0));
}
