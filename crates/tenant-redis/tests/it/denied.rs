//! A storm of denied requests does not reach Redis.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Algorithm, Dimension, NamedLimit, QuotaManager, TenantConfig, TenantContext, Window,
    quota::{Cost, Decision, LimitState},
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

fn states(decision: &Decision) -> Vec<LimitState> {
    decision.states().map(|(_, state)| *state).collect()
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
    assert_eq!(states(&again), states(&first));
    // What costs nothing is told the same, and what is above the limit that it never will be.
    let standing = quotas.try_decide(&tenant, &[Cost::requests(0)]).expect("it is remembered");
    assert!(standing.is_admitted());
    assert_eq!(states(&standing), states(&first));
    let never = quotas.try_decide(&tenant, &[Cost::requests(2)]).expect("it is remembered");
    assert_eq!(never.denial().unwrap().1.retry_after, None);
    // Another dimension is another question, and another tenant's denial is no reason.
    assert!(quotas.try_decide(&tenant, &[Cost::requests(1), Cost::tokens(1)]).is_some());
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

/// Of the most, and of what is left, so much.
const LIMIT: u64 = 100;
const LEFT: u64 = 10;

/// A tenant whose tokens are nearly used up, by an algorithm.
async fn nearly_used_up(quotas: &RedisQuotaManager, algorithm: Algorithm) -> TenantContext {
    let tokens = NamedLimit::rate(Dimension::Tokens, Window::Day, LIMIT).algorithm(algorithm);
    let requests = NamedLimit::rate(Dimension::Requests, Window::Day, 1_000_000);
    let config = TenantConfig::builder(id(algorithm.as_str())).limit("t", tokens).limit("r", requests);
    let tenant = context(config).await;
    let first = quotas.decide(&tenant, &[Cost::requests(1), Cost::tokens(LIMIT - LEFT)]).await.unwrap();
    assert!(first.is_admitted());
    tenant
}

const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Fixed, Algorithm::Sliding { sub_windows: 6 }, Algorithm::TokenBucket { burst: None }];

/// Denied for their tokens, most of them each for a number of its own; or by a policy, or for a count that is none.
fn varied(number: u64) -> [Cost; 2] {
    match number % 3 {
        0 => [Cost::requests(0), Cost::tokens(0)],
        _ => [Cost::requests(1), Cost::tokens(LEFT + 1 + number.wrapping_mul(7_919) % (2 * LIMIT))],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_storm_of_ever_other_costs_at_least_99_percent_never_reach_redis() {
    let server = Server::start().unwrap();
    let quotas = patient(&to(&server));
    for algorithm in ALGORITHMS {
        let tenant = nearly_used_up(&quotas, algorithm).await;
        let before = calls(&server.url(), "evalsha").await;
        let storm = (0..64).map(|task| {
            let (quotas, tenant) = (Arc::clone(&quotas), tenant.clone());
            tokio::spawn(async move {
                for number in 0..500 {
                    let costs = varied(task * 500 + number);
                    let decision = as_the_edge_does(&quotas, &tenant, &costs).await;
                    assert_eq!(decision.is_admitted(), costs[1].amount == 0, "{costs:?} of {algorithm:?}");
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in storm.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let reached = calls(&server.url(), "evalsha").await - before;
        assert!(reached <= 320, "{reached} of 32000 denied requests of {algorithm:?} reached Redis");
    }
}

#[tokio::test]
async fn what_is_told_from_memory_is_what_the_server_would_tell() {
    let server = Server::start().unwrap();
    let quotas = patient(&to(&server));
    for algorithm in ALGORITHMS {
        let tenant = nearly_used_up(&quotas, algorithm).await;
        let of = |tokens| [Cost::requests(1), Cost::tokens(tokens)];
        assert!(!quotas.decide(&tenant, &of(40)).await.unwrap().is_admitted());
        for tokens in [LEFT + 1, 30, 41, LIMIT, LIMIT + 1, u64::MAX] {
            let told = quotas.try_decide(&tenant, &of(tokens)).expect("it is remembered");
            let asked = patient(&to(&server)).decide(&tenant, &of(tokens)).await.unwrap();
            let (told_by, asked_by) = (told.denial().unwrap(), asked.denial().unwrap());
            assert_eq!(told_by.1.index, asked_by.1.index);
            let waits = (told_by.1.retry_after, asked_by.1.retry_after);
            match (algorithm, waits) {
                (_, (None, None)) => assert!(tokens > LIMIT),
                // Where a window slides, what more than was asked for needs is known to be there when all is.
                (Algorithm::Sliding { .. }, (Some(told), Some(asked))) => assert!(told >= asked - SLACK),
                (_, (Some(told), Some(asked))) => assert!(told.abs_diff(asked) < SLACK, "{told:?} {asked:?}"),
                (_, waits) => panic!("{waits:?} for {tokens} of {algorithm:?}"),
            }
            for (told, asked) in states(&told).iter().zip(states(&asked)) {
                assert_eq!((told.remaining, told.charged, told.mark), (asked.remaining, 0, asked.mark));
                assert!(told.resets_at.until_from(asked.resets_at) < SLACK);
            }
        }
        // What there is room for is asked about, and admitted.
        assert!(quotas.try_decide(&tenant, &of(LEFT)).is_none());
        assert!(quotas.decide(&tenant, &of(LEFT)).await.unwrap().is_admitted());
    }
}

const SLACK: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_flows_in_and_what_leaves_a_window_is_admitted_when_it_is_there() {
    let server = Server::start().unwrap();
    let quotas = patient(&to(&server));
    let short = Window::Length(Duration::from_secs(2));
    for algorithm in ALGORITHMS {
        let limit = NamedLimit::rate(Dimension::Tokens, short, 4).algorithm(algorithm);
        let tenant = context(TenantConfig::builder(id(algorithm.as_str())).limit("t", limit)).await;
        let (begin, mut admitted) = (std::time::Instant::now(), 0);
        // The costs take turns, so that each is denied for what another one was denied for.
        for turn in 0_u64.. {
            let decision = as_the_edge_does(&quotas, &tenant, &[Cost::tokens(1 + turn % 3)]).await;
            admitted += if decision.is_admitted() { 1 + turn % 3 } else { 0 };
            if begin.elapsed() > Duration::from_secs(6) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // At the least what flows in while two windows and a half pass; at the most what five borders let in.
        assert!((8..=20).contains(&admitted), "{admitted} by {algorithm:?}");
    }
}
