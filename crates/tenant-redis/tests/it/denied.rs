//! A storm of denied requests does not reach Redis.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Dimension, NamedLimit, QuotaManager, TenantConfig, TenantContext, Window,
    quota::{Cost, Decision},
};
use tenant_redis::RedisQuotaManager;
use tenant_testkit::servers::Redis as Server;

use crate::support::{calls, context, id, to};

fn daily(limit: u64) -> NamedLimit {
    NamedLimit::rate(Dimension::Requests, Window::Month, limit)
}

fn patient(redis: &tenant_redis::Redis) -> Arc<RedisQuotaManager> {
    Arc::new(RedisQuotaManager::builder(redis).deadline(Duration::from_secs(10)).build())
}

/// First what is in memory, then what is not.
async fn as_the_edge_does(quotas: &RedisQuotaManager, tenant: &TenantContext, costs: &[Cost]) -> Decision {
    match quotas.try_decide(tenant, costs) {
        Some(decision) => decision,
        None => quotas.decide(tenant, costs).await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_storm_of_denied_requests_at_least_99_percent_never_reach_redis() {
    let server = Server::start().unwrap();
    let quotas = patient(&to(&server));
    for (name, limit) in [("acme", daily(10)), ("globex", NamedLimit::concurrency(Dimension::Requests, 10))] {
        let tenant = context(TenantConfig::builder(id(name)).limit("l", limit)).await;
        let mut held = Vec::new();
        for _ in 0..10 {
            held.push(quotas.decide(&tenant, &[Cost::requests(1)]).await.unwrap());
        }
        let before = calls(&server.url(), "evalsha").await;
        let storm = (0..64).map(|_| {
            let (quotas, tenant) = (Arc::clone(&quotas), tenant.clone());
            tokio::spawn(async move {
                for _ in 0..500 {
                    let decision = as_the_edge_does(&quotas, &tenant, &[Cost::requests(1)]).await;
                    assert!(!decision.is_admitted());
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in storm.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let reached = calls(&server.url(), "evalsha").await - before;
        assert!(reached <= 320, "{reached} of 32000 denied requests of {name} reached Redis");
    }
}

#[tokio::test]
async fn what_is_denied_again_from_memory_says_the_same_and_waits_less() {
    let server = Server::start().unwrap();
    let quotas = patient(&to(&server));
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", daily(1))).await;
    let ask = [Cost::requests(1)];
    assert!(quotas.try_decide(&tenant, &ask).is_none());
    assert!(quotas.decide(&tenant, &ask).await.unwrap().is_admitted());
    let first = quotas.decide(&tenant, &ask).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let again = quotas.try_decide(&tenant, &ask).expect("it is remembered");
    let wait = |decision: &Decision| decision.denial().unwrap().1.retry_after.unwrap();
    let less = wait(&first) - wait(&again);
    assert!((Duration::from_millis(15)..Duration::from_secs(2)).contains(&less), "{less:?}");
    assert!(again.decided_at() > first.decided_at());
    assert_eq!(
        first.states().map(|(_, state)| *state).collect::<Vec<_>>(),
        again.states().map(|(_, state)| *state).collect::<Vec<_>>()
    );
    // Another cost is another question, and another tenant's denial is no reason.
    assert!(quotas.try_decide(&tenant, &[Cost::requests(0)]).is_none());
    let other = context(TenantConfig::builder(id("globex")).limit("l", daily(1))).await;
    assert!(quotas.try_decide(&other, &ask).is_none());
    // A limit that was raised is asked about at once.
    let raised = context(TenantConfig::builder(id("acme")).limit("l", daily(2))).await;
    assert!(quotas.decide(&raised, &ask).await.unwrap().is_admitted());
}

#[tokio::test]
async fn a_refund_here_is_felt_at_once_and_one_elsewhere_within_two_seconds() {
    let server = Server::start().unwrap();
    let (here, there) = (patient(&to(&server)), patient(&to(&server)));
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", daily(1))).await;
    let ask = [Cost::requests(1)];
    let charged = here.decide(&tenant, &ask).await.unwrap();
    for quotas in [&here, &there] {
        assert!(!quotas.decide(&tenant, &ask).await.unwrap().is_admitted());
    }
    here.settle(&tenant, &charged, &[Cost::requests(0)]);
    here.flush().await;
    let charged = here.decide(&tenant, &ask).await.unwrap();
    assert!(charged.is_admitted());
    here.settle(&tenant, &charged, &[Cost::requests(0)]);
    here.flush().await;
    assert!(!there.decide(&tenant, &ask).await.unwrap().is_admitted(), "it has not heard of it");
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert!(there.decide(&tenant, &ask).await.unwrap().is_admitted());
}

#[tokio::test]
async fn one_of_many_asks_again_whoever_tries_before_he_asks() {
    let server = Server::start().unwrap();
    let (here, there) = (patient(&to(&server)), patient(&to(&server)));
    let tenant = context(TenantConfig::builder(id("acme")).limit("l", daily(1))).await;
    let ask = [Cost::requests(1)];
    let charged = there.decide(&tenant, &ask).await.unwrap();
    assert!(!as_the_edge_does(&here, &tenant, &ask).await.is_admitted());
    there.settle(&tenant, &charged, &[Cost::requests(0)]);
    there.flush().await;
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    let before = calls(&server.url(), "evalsha").await;
    let both = futures_util::future::join_all((0..10).map(|_| as_the_edge_does(&here, &tenant, &ask))).await;
    assert_eq!(both.iter().filter(|decision| decision.is_admitted()).count(), 1);
    assert!(calls(&server.url(), "evalsha").await - before <= 3);
}
