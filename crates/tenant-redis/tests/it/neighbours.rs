//! What a tenant that gives no rest costs the others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tenant_core::{
    Dimension, FailurePolicy, NamedLimit, QuotaManager, TenantConfig, TenantContext, Window, quota::Cost,
};
use tenant_redis::RedisQuotaManager;
use tenant_testkit::servers::Redis as Server;

use crate::support::{Fragile, NarrowWay, ask, context, id, raw, to, told, within};

const ASK: [Cost; 1] = [Cost::requests(1)];
const NOTHING: [Cost; 1] = [Cost::requests(0)];
/// So many corrections of one tenant wait at most.
const SHARE: u32 = 4_096;

async fn tenant(name: &str) -> TenantContext {
    let limit = NamedLimit::rate(Dimension::Requests, Window::Month, 1_000_000);
    let limit = limit.failure_policy(FailurePolicy::Closed);
    let at_once = NamedLimit::concurrency("jobs".parse().unwrap(), 5);
    context(TenantConfig::builder(id(name)).limit("l", limit).limit("running", at_once)).await
}

async fn used(quotas: &RedisQuotaManager, tenant: &TenantContext, limit: usize) -> u64 {
    quotas.usage(tenant.record()).await.unwrap().limits[limit].used
}

// Nobody else runs while it settles: the queue is as full as it gets.
#[tokio::test]
async fn a_tenant_that_floods_the_queue_loses_its_own_corrections_and_no_others() {
    let server = Server::start().unwrap();
    let (told, hooks) = told();
    let builder = RedisQuotaManager::builder(&to(&server)).deadline(Duration::from_secs(10));
    let quotas = builder.hooks(hooks).build();
    let (noisy, quiet) = (tenant("noisy").await, tenant("quiet").await);
    let by_noisy = quotas.decide(&noisy, &ASK).await.unwrap();
    let by_quiet = quotas.decide(&quiet, &ASK).await.unwrap();
    for _ in 0..70_000 {
        quotas.settle(&noisy, &by_noisy, &NOTHING);
    }
    quotas.settle(&quiet, &by_quiet, &NOTHING);
    quotas.flush().await;
    assert_eq!(used(&quotas, &quiet, 0).await, 0);
    assert_eq!(told.lost.load(Ordering::SeqCst), 70_000 - SHARE);
}

#[tokio::test]
async fn a_permit_that_is_given_back_into_a_full_queue_is_renewed_no_more() {
    let server = Server::start().unwrap();
    let quotas = RedisQuotaManager::builder(&to(&server)).deadline(Duration::from_secs(10)).build();
    let acme = tenant("acme").await;
    let charged = quotas.decide(&acme, &ASK).await.unwrap();
    let job = [Cost::of("jobs".parse().unwrap(), 1)];
    let (given_back, held) =
        (quotas.decide(&acme, &job).await.unwrap(), quotas.decide(&acme, &job).await.unwrap());
    for _ in 0..SHARE {
        quotas.settle(&acme, &charged, &NOTHING);
    }
    drop(given_back);
    quotas.flush().await;
    assert_eq!(used(&quotas, &acme, 1).await, 2, "there was no room for it");
    // As if the time of both leases were up.
    let mut connection = raw(&server.url()).await;
    let key = "tenant:{acme}:p:c|1|jobs|running";
    let members: Vec<String> = ask(&mut connection, &["ZRANGEBYSCORE", key, "(0", "+inf"]).await;
    for member in members {
        let _: i64 = ask(&mut connection, &["ZADD", key, "1", &member]).await;
    }
    quotas.renew_permits().await.unwrap();
    assert_eq!(used(&quotas, &acme, 1).await, 1);
    drop(held);
    quotas.flush().await;
    assert_eq!(used(&quotas, &acme, 1).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_gives_no_rest_does_not_push_another_into_its_failure_policy() {
    let server = Server::start().unwrap();
    let quotas = Arc::new(RedisQuotaManager::new(&to(&server)));
    let (noisy, quiet) = (tenant("noisy").await, tenant("quiet").await);
    within(Duration::from_secs(5), async || quotas.usage(quiet.record()).await.is_ok()).await;
    let charged = loop {
        if let Ok(charged) = quotas.decide(&noisy, &ASK).await {
            break charged;
        }
    };
    let is_over = Arc::new(AtomicBool::new(false));
    let flood = tokio::spawn({
        let (quotas, is_over) = (Arc::clone(&quotas), Arc::clone(&is_over));
        async move {
            while !is_over.load(Ordering::SeqCst) {
                for _ in 0..4 * SHARE {
                    quotas.settle(&noisy, &charged, &NOTHING);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let mut failed = 0;
    for _ in 0..300 {
        failed += u32::from(quotas.decide(&quiet, &ASK).await.is_err());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    is_over.store(true, Ordering::SeqCst);
    flood.await.unwrap();
    assert!(failed <= 15, "{failed} of 300 decisions of the quiet tenant failed");
}

#[tokio::test]
async fn what_the_server_refuses_about_one_tenant_fails_no_other_in_the_same_call() {
    let server = Server::start().unwrap();
    let quotas = RedisQuotaManager::builder(&to(&server)).deadline(Duration::from_secs(10)).build();
    let mut connection = raw(&server.url()).await;
    let _: () = ask(&mut connection, &["SET", "tenant:{acme}:q", "no hash"]).await;
    // Both ways through the script: months have one of their own.
    for window in [Window::Month, Window::Length(Duration::from_secs(30 * 86_400))] {
        let limit = NamedLimit::rate(Dimension::Requests, window, 100).failure_policy(FailurePolicy::Closed);
        let of = |name| context(TenantConfig::builder(id(name)).limit("l", limit.clone()));
        let (acme, globex) = (of("acme").await, of("globex").await);
        let ask = &ASK;
        let both = (0..40).map(|number| quotas.decide(if number % 2 == 0 { &acme } else { &globex }, ask));
        for (number, answer) in futures_util::future::join_all(both).await.into_iter().enumerate() {
            assert_eq!(answer.is_ok(), number % 2 == 1, "{answer:?}");
        }
        assert_eq!(used(&quotas, &globex, 0).await, 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_questions_of_one_tenant_keep_another_waiting_for_one_turn() {
    let server = Server::start().unwrap();
    let quotas = Arc::new(RedisQuotaManager::builder(&to(&server)).deadline(Duration::from_secs(10)).build());
    let (noisy, quiet) = (tenant("noisy").await, tenant("quiet").await);
    quotas.decide(&quiet, &ASK).await.unwrap();
    let done = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let flood: Vec<_> = (0..3_000)
        .map(|number| {
            let (quotas, noisy, done) = (Arc::clone(&quotas), noisy.clone(), Arc::clone(&done));
            // Each of a cost of its own, so that none is decided along with another.
            let costs = [Cost::requests(1 + number % 7)];
            tokio::spawn(async move {
                assert!(quotas.decide(&noisy, &costs).await.unwrap().is_admitted());
                done.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    within(Duration::from_secs(5), async || done.load(Ordering::SeqCst) > 0).await;
    let before = done.load(Ordering::SeqCst);
    assert!(quotas.decide(&quiet, &ASK).await.unwrap().is_admitted());
    let meanwhile = done.load(Ordering::SeqCst) - before;
    for task in flood {
        task.await.unwrap();
    }
    assert!(before + meanwhile < 2_500, "{before} and {meanwhile} of 3000 were answered first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_wait_for_each_other_here_are_no_outage_for_another_tenant() {
    let server = Fragile::start();
    // Some way off: each call is answered in a tenth of the deadline, and thousands of questions are not.
    let way = NarrowWay::to(&server, 1 << 17).await;
    way.takes(50);
    let redis = way.redis(&server);
    let quotas = Arc::new(RedisQuotaManager::builder(&redis).deadline(Duration::from_millis(500)).build());
    let (noisy, quiet) = (tenant("noisy").await, tenant("quiet").await);
    within(Duration::from_secs(5), async || quotas.decide(&quiet, &ASK).await.is_ok()).await;
    let flood: Vec<_> = (0..4_000)
        .map(|number| {
            let (quotas, noisy) = (Arc::clone(&quotas), noisy.clone());
            let costs = [Cost::requests(1 + number % 7)];
            tokio::spawn(async move { quotas.decide(&noisy, &costs).await.is_ok() })
        })
        .collect();
    let mut in_time = 0;
    for task in flood {
        in_time += u32::from(task.await.unwrap());
    }
    assert!((1..3_000).contains(&in_time), "{in_time} of 4000 were answered in time");
    for _ in 0..3 {
        assert!(quotas.decide(&quiet, &ASK).await.is_ok());
    }
}
