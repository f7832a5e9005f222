//! However many ask at once, exactly the limit is admitted.

use std::sync::Arc;

use tenant_core::{
    Algorithm, Dimension, InMemoryQuotaManager, NamedLimit, QuotaManager, TenantContext, Window,
    quota::{Cost, Decision},
};

use crate::support::{
    ALGORITHMS, BUCKET, SLIDING, acme, admit, admitted, calls, decide, enter, jobs, limited, manager, secs,
    used,
};

/// A debug build takes its time.
const EACH: u64 = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

/// How many checks of so many threads, so many each, are admitted; every second thread holds the second context.
fn hammer(threads: u64, each: u64, quotas: &InMemoryQuotaManager, tenants: [&TenantContext; 2]) -> u64 {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let tenant = tenants[usize::try_from(number % 2).unwrap()];
                scope.spawn(move || admitted(quotas, tenant, each))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

#[test]
fn sixteen_threads_get_exactly_the_limit_in_each_window() {
    for algorithm in ALGORITHMS {
        let limit = 12_345;
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, limit, algorithm));
        assert_eq!(hammer(16, EACH, &quotas, [&tenant; 2]), limit, "{algorithm:?}");
        clock.advance(secs(120));
        assert_eq!(hammer(16, EACH, &quotas, [&tenant; 2]), limit, "{algorithm:?}, the next window");
    }
}

#[test]
fn contexts_of_two_revisions_share_one_count() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let tenants = [0, 1].map(|_| limited(calls(Window::Hour, 5_000, algorithm)));
        let count = hammer(4, 10_000, &quotas, [&tenants[0], &tenants[1]]);
        assert_eq!(count, 5_000, "{algorithm:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_get_exactly_the_limit_in_each_window() {
    for algorithm in ALGORITHMS {
        let limit = 54_321;
        let (clock, quotas) = manager();
        let (quotas, tenant) = (Arc::new(quotas), limited(calls(Window::Second, limit, algorithm)));
        for _ in 0..2 {
            let work = |_| {
                let (quotas, tenant) = (Arc::clone(&quotas), tenant.clone());
                tokio::spawn(async move {
                    let mut count = 0;
                    for number in 0..EACH {
                        let decision = quotas.decide(&tenant, &[Cost::requests(1)]).await.unwrap();
                        count += u64::from(decision.is_admitted());
                        if number % 1_000 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                    count
                })
            };
            let mut count = 0;
            for task in (0..64).map(work).collect::<Vec<_>>() {
                count += task.await.unwrap();
            }
            assert_eq!(count, limit, "{algorithm:?}");
            clock.advance(secs(2));
        }
    }
}

/// Of all kinds, in dimensions that costs share.
fn mixed() -> TenantContext {
    let jobs = || Dimension::Named("jobs".into());
    enter(
        acme()
            .requests_per_minute(1_000)
            .tokens_per_minute(1_500)
            .limit("bucket", calls(Window::Hour, 900, BUCKET))
            .limit("sliding", NamedLimit::rate(Dimension::Tokens, Window::Day, 1_200).algorithm(SLIDING))
            .limit("at-once", NamedLimit::concurrency(jobs(), 700))
            .limit("jobs", NamedLimit::rate(jobs(), Window::Month, 650))
            .limit("seats", NamedLimit::stock(jobs(), 1)),
    )
}

#[test]
fn all_limits_are_charged_or_none_however_many_ask() {
    let (_, quotas) = manager();
    let tenant = mixed();
    let held: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8_u64)
            .map(|number| {
                let (quotas, tenant) = (&quotas, &tenant);
                scope.spawn(move || {
                    let costs = [Cost::requests(1 + number % 2), Cost::tokens(1 + number % 3), jobs(1)];
                    let decisions = (0..2_000).map(|_| decide(quotas, tenant, &costs));
                    let admitted = decisions.filter(Decision::is_admitted);
                    (costs.clone(), admitted.collect::<Vec<_>>())
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let sum = |which: usize| {
        let of = held.iter().map(|(costs, decisions)| costs[which].amount * decisions.len() as u64);
        of.sum::<u64>()
    };
    let (requests, tokens, jobs) = (sum(0), sum(1), sum(2));
    let expected = [
        ("rpm", requests),
        ("tpm", tokens),
        ("at-once", jobs),
        ("bucket", requests),
        ("jobs", jobs),
        ("sliding", tokens),
    ];
    assert_eq!(used(&quotas, &tenant), expected.map(|(name, used)| (name.to_owned(), used)));
    assert!(jobs <= 650 && requests <= 900 && tokens <= 1_200, "{jobs}, {requests}, {tokens}");
    let is_full = jobs == 650 || requests >= 899 || tokens >= 1_198;
    assert!(is_full, "{jobs}, {requests}, {tokens}");
    drop(held);
    assert_eq!(used(&quotas, &tenant)[2], ("at-once".to_owned(), 0));
}

#[test]
fn two_limits_of_one_dimension_and_window_count_once_each() {
    let (_, quotas) = manager();
    let tenant = enter(
        acme()
            .requests_per_minute(10)
            .limit("a", calls(Window::Minute, 10, Algorithm::Fixed))
            .limit("b", calls(Window::Minute, 10, Algorithm::Fixed)),
    );
    assert!(admit(&quotas, &tenant, 3));
    let names = ["rpm", "a", "b"];
    assert_eq!(used(&quotas, &tenant), names.map(|name| (name.to_owned(), 3)));
}

#[test]
fn a_cost_above_what_can_ever_be_admitted_says_so() {
    let burst = Algorithm::TokenBucket { burst: Some(5) };
    for (algorithm, most) in [(Algorithm::Fixed, 10), (SLIDING, 10), (BUCKET, 10), (burst, 5)] {
        let (_, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 10, algorithm));
        for cost in [most + 1, u64::MAX] {
            let decision = decide(&quotas, &tenant, &[Cost::requests(cost)]);
            assert_eq!(decision.denial().unwrap().1.retry_after, None, "{algorithm:?}");
        }
        let twice = [Cost::requests(u64::MAX), Cost::requests(u64::MAX)];
        assert!(!decide(&quotas, &tenant, &twice).is_admitted());
        assert!(admit(&quotas, &tenant, most));
        assert!(admit(&quotas, &tenant, 0), "asking for nothing is always fine");
        let denied = decide(&quotas, &tenant, &[Cost::requests(most)]);
        assert!(denied.denial().unwrap().1.retry_after.is_some(), "{algorithm:?}");
    }
}

#[test]
fn a_limit_of_none_admits_nothing_but_nothing() {
    for algorithm in ALGORITHMS.into_iter().chain([Algorithm::TokenBucket { burst: Some(5) }]) {
        let (clock, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 0, algorithm));
        clock.advance(secs(100_000));
        let decision = decide(&quotas, &tenant, &[Cost::requests(1)]);
        assert_eq!(decision.denial().unwrap().1.retry_after, None, "{algorithm:?}");
        assert!(admit(&quotas, &tenant, 0));
    }
    let (_, quotas) = manager();
    let tenant = limited(NamedLimit::concurrency(Dimension::Requests, 0));
    let decision = decide(&quotas, &tenant, &[Cost::requests(1)]);
    assert_eq!(decision.denial().unwrap().1.retry_after, None);
}

#[test]
fn the_largest_numbers_saturate() {
    let most = 1 << 53;
    for algorithm in ALGORITHMS.into_iter().chain([Algorithm::TokenBucket { burst: Some(most) }]) {
        let (clock, quotas) = manager();
        let shadow = calls(Window::Month, most, algorithm).shadow(true);
        let tenant =
            enter(acme().limit("calls", calls(Window::Month, most, algorithm)).limit("shadow", shadow));
        assert!(admit(&quotas, &tenant, most), "{algorithm:?}");
        assert!(!admit(&quotas, &tenant, 1), "{algorithm:?}");
        let trial = limited(calls(Window::Month, most, algorithm).shadow(true));
        for _ in 0..3 {
            assert!(admit(&quotas, &trial, u64::MAX));
        }
        clock.step_unix_to(tenant_core::UnixTime::from_nanos(u64::MAX));
        let _ = decide(&quotas, &tenant, &[Cost::requests(u64::MAX)]);
        let _ = used(&quotas, &trial);
    }
}

#[test]
fn a_shadow_limit_of_any_kind_counts_and_never_denies() {
    let (_, quotas) = manager();
    let mut config = acme().limit("at-once", NamedLimit::concurrency(Dimension::Requests, 1).shadow(true));
    for algorithm in ALGORITHMS {
        config = config.limit(algorithm.as_str(), calls(Window::Minute, 1, algorithm).shadow(true));
    }
    let tenant = enter(config);
    let decisions: Vec<_> = (0..3).map(|_| decide(&quotas, &tenant, &[Cost::requests(1)])).collect();
    assert!(decisions.iter().all(Decision::is_admitted));
    assert!(used(&quotas, &tenant).iter().all(|(_, used)| *used == 3), "{:?}", used(&quotas, &tenant));
    assert!(decisions[2].states().all(|(_, state)| state.remaining == 0));
}

#[test]
fn two_tenants_never_share_a_count() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let of = |id: &str| {
            let config = crate::support::config(id);
            enter(config.limit("calls", calls(Window::Minute, 1, algorithm)))
        };
        let (acme, globex) = (of("acme"), of("globex"));
        assert!(admit(&quotas, &acme, 1) && admit(&quotas, &globex, 1));
        assert!(!admit(&quotas, &acme, 1) && !admit(&quotas, &globex, 1));
    }
}
