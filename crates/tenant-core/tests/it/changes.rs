//! Limits that change, up and down, and tenants that are deleted and created anew.

use std::sync::Arc;

use tenant_core::{
    Algorithm, ConfigStore, Dimension, InMemoryConfigManager, NamedLimit, TenantConfig, TenantContext,
    TenantId, TenantRecord, Timestamp, Window, jobs::Residue, quota::Cost,
};

use crate::support::{
    ALGORITHMS, SLIDING, acme, admit, admitted, calls, decide, enter, jobs, limited, manager, secs, used,
};

#[test]
fn a_changed_limit_keeps_its_count_up_and_down() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let with = |limit| limited(calls(Window::Minute, limit, algorithm));
        let before = with(10);
        assert_eq!(admitted(&quotas, &before, 6), 6);
        let lower = with(5);
        let denied = decide(&quotas, &lower, &[Cost::requests(1)]);
        assert_eq!(denied.states().next().unwrap().1.remaining, 0, "{algorithm:?}");
        assert!(!denied.is_admitted());
        assert!(admit(&quotas, &lower, 0), "{algorithm:?}: asking for nothing is fine even beyond the limit");
        assert_eq!(used(&quotas, &lower), [("calls".to_owned(), 6)]);
        let higher = with(8);
        assert_eq!(admitted(&quotas, &higher, 5), 2, "{algorithm:?}");
        assert_eq!(
            admitted(&quotas, &before, 5),
            2,
            "a context of the older config goes on in the same count"
        );
        assert_eq!(admitted(&quotas, &higher, 5), 0);
    }
}

#[test]
fn lifting_a_limit_for_a_moment_forgets_nothing() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let tenant = limited(calls(Window::Minute, 2, algorithm));
        let free = enter(acme());
        assert_eq!(admitted(&quotas, &tenant, 3), 2);
        assert_eq!(admitted(&quotas, &free, 3), 3);
        assert_eq!(admitted(&quotas, &tenant, 3), 0, "{algorithm:?}");
    }
}

#[test]
fn a_bucket_that_changes_has_filled_at_the_old_rate_until_then() {
    let (clock, quotas) = manager();
    let with = |limit| limited(calls(Window::Minute, limit, Algorithm::TokenBucket { burst: Some(60) }));
    let (slow, fast) = (with(6), with(60));
    assert_eq!(admitted(&quotas, &slow, 100), 60);
    clock.advance(secs(30));
    assert_eq!(admitted(&quotas, &fast, 100), 3, "30 seconds at 6 per minute");
    clock.advance(secs(30));
    assert_eq!(admitted(&quotas, &slow, 100), 30, "30 seconds at 60 per minute");
}

#[test]
fn another_burst_or_other_sub_windows_keep_the_count() {
    let (clock, quotas) = manager();
    let bucket = |burst| limited(calls(Window::Minute, 10, Algorithm::TokenBucket { burst: Some(burst) }));
    assert_eq!(admitted(&quotas, &bucket(5), 10), 5);
    assert_eq!(admitted(&quotas, &bucket(8), 10), 3);
    assert_eq!(admitted(&quotas, &bucket(5), 10), 0);

    let (clock_of_sliding, quotas) = manager();
    drop(clock);
    let sliding = |sub_windows| limited(calls(Window::Minute, 10, Algorithm::Sliding { sub_windows }));
    assert_eq!(admitted(&quotas, &sliding(6), 4), 4);
    clock_of_sliding.advance(secs(30));
    assert_eq!(admitted(&quotas, &sliding(12), 10), 6);
    clock_of_sliding.advance(secs(50));
    assert_eq!(
        admitted(&quotas, &sliding(12), 10),
        0,
        "they count from the change on: longer, never shorter"
    );
    clock_of_sliding.advance(secs(15));
    assert_eq!(admitted(&quotas, &sliding(12), 20), 10);
}

#[test]
fn another_window_or_algorithm_is_another_count() {
    let (_, quotas) = manager();
    assert_eq!(admitted(&quotas, &limited(calls(Window::Minute, 2, Algorithm::Fixed)), 3), 2);
    assert_eq!(admitted(&quotas, &limited(calls(Window::Hour, 2, Algorithm::Fixed)), 3), 2);
    assert_eq!(admitted(&quotas, &limited(calls(Window::Minute, 2, SLIDING)), 3), 2);
    assert_eq!(admitted(&quotas, &limited(calls(Window::Minute, 2, Algorithm::Fixed)), 3), 0);
}

#[test]
fn limits_that_change_under_load_admit_exactly_the_highest() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let tenants: Vec<_> =
            [300, 500, 400].map(|limit| limited(calls(Window::Hour, limit, algorithm))).into();
        let count: u64 = std::thread::scope(|scope| {
            let workers: Vec<_> = tenants
                .iter()
                .cycle()
                .take(6)
                .map(|tenant| scope.spawn(|| admitted(&quotas, tenant, 20_000)))
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(count, 500, "{algorithm:?}");
    }
}

#[tokio::test]
async fn who_gets_the_id_of_a_purged_tenant_begins_with_no_counts() {
    let (_, quotas) = manager();
    let config = acme()
        .limit("calls", calls(Window::Day, 3, Algorithm::Fixed))
        .limit("at-once", NamedLimit::concurrency(Dimension::Named("jobs".into()), 1));
    let former = enter(config.clone());
    let other = enter(
        TenantConfig::builder(TenantId::parse("globex").unwrap())
            .limit("calls", calls(Window::Day, 3, Algorithm::Fixed)),
    );
    assert_eq!((admitted(&quotas, &former, 9), admitted(&quotas, &other, 2)), (3, 2));
    let permit = decide(&quotas, &former, &[jobs(1)]).take_permit();
    assert_eq!(quotas.left(former.id()).await.unwrap(), 1);
    quotas.erase(former.id()).await.unwrap();
    assert_eq!(quotas.left(former.id()).await.unwrap(), 0);
    let new = enter(config);
    let held = decide(&quotas, &new, &[jobs(1)]);
    assert!(held.is_admitted());
    // What the former one gives back is not this one's.
    drop(permit);
    assert!(!decide(&quotas, &new, &[jobs(1)]).is_admitted());
    assert_eq!(
        (admitted(&quotas, &new, 9), admitted(&quotas, &other, 9)),
        (3, 1),
        "nobody else's are touched"
    );
}

#[tokio::test]
async fn a_tenant_created_anew_under_its_id_goes_on_in_the_same_counts() {
    for algorithm in ALGORITHMS {
        let (_, quotas) = manager();
        let config = acme()
            .limit("calls", calls(Window::Day, 3, algorithm))
            .limit("at-once", NamedLimit::concurrency(Dimension::Named("jobs".into()), 1));
        let first = enter(config.clone());
        assert_eq!(admitted(&quotas, &first, 2), 2);
        let permit = decide(&quotas, &first, &[jobs(1)]).take_permit();
        first.record().retire();
        let mut anew = config.build().unwrap();
        anew.created_at = Timestamp::from_unix_micros(5);
        let anew = TenantRecord::new(anew);
        let configs = InMemoryConfigManager::new();
        configs.create(anew.config().clone()).await.unwrap();
        let second = TenantContext::of(&configs, anew.id()).await.unwrap();
        assert!(!Arc::ptr_eq(first.record(), second.record()));
        assert_eq!(admitted(&quotas, &second, 5), 1, "{algorithm:?}");
        assert!(!decide(&quotas, &second, &[jobs(1)]).is_admitted(), "the old tenant's work goes on");
        drop(permit);
        assert!(decide(&quotas, &second, &[jobs(1)]).is_admitted());
        assert!(admit(&quotas, &second, 0));
    }
}
