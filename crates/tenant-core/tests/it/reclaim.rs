//! Tenants that came once cost nothing later.

use tenant_core::{Algorithm, Dimension, NamedLimit, Window};

use crate::support::{ALGORITHMS, acme, admit, calls, config, decide, enter, jobs, manager, secs};

/// A million; a tenth of it in a debug build.
const MANY: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

#[test]
fn tenants_that_came_once_leave_nothing() {
    let (clock, quotas) = manager();
    for number in 0..MANY {
        let tenant = enter(config(&format!("t{number}")).requests_per_minute(5));
        assert!(admit(&quotas, &tenant, 1));
    }
    assert_eq!(quotas.tenants(), MANY, "all of them count within their minute");
    let staying = enter(acme().requests_per_minute(1_000_000));
    clock.advance(secs(60));
    // One tenant goes on, a request each second.
    for _ in 0..300 {
        admit(&quotas, &staying, 1);
        clock.advance(secs(1));
    }
    assert_eq!(quotas.tenants(), 1);
    drop(staying);
    clock.advance(secs(60));
    quotas.reclaim();
    assert_eq!(quotas.tenants(), 0);
}

#[test]
fn counts_of_every_kind_are_kept_while_they_matter_and_no_longer() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let make = || enter(acme().limit("calls", calls(Window::Minute, 2, algorithm)));
        assert!(admit(&quotas, &make(), 2));
        clock.advance(secs(29));
        quotas.reclaim();
        assert_eq!(quotas.tenants(), 1, "{algorithm:?}");
        assert!(!admit(&quotas, &make(), 2), "{algorithm:?}");
        clock.advance(secs(71));
        quotas.reclaim();
        assert_eq!(quotas.tenants(), 0, "{algorithm:?}");
    }
}

#[test]
fn a_clock_that_stepped_back_does_not_stop_it() {
    let (clock, quotas) = manager();
    assert!(admit(&quotas, &enter(config("gone").requests_per_minute(5)), 1));
    clock.step_unix_to(tenant_core::UnixTime::from_secs(1_000));
    let staying = enter(acme().requests_per_minute(1_000));
    for _ in 0..600 {
        clock.advance(secs(1));
        admit(&quotas, &staying, 1);
    }
    // The count of the one that is gone lies in a future that may never come: it is kept until then.
    assert!(quotas.tenants() <= 2);
    clock.step_unix_to(tenant_core::UnixTime::from_secs(1_700_001_000));
    for _ in 0..300 {
        clock.advance(secs(1));
        admit(&quotas, &staying, 1);
    }
    assert_eq!(quotas.tenants(), 1);
}

#[test]
fn asking_for_nothing_leaves_nothing() {
    let (clock, quotas) = manager();
    let jobs_at_once = NamedLimit::concurrency(Dimension::Named("jobs".into()), 1);
    let tenant = enter(acme().limit("a", calls(Window::Month, 1, Algorithm::Fixed)).limit("b", jobs_at_once));
    admit(&quotas, &tenant, 0);
    drop(decide(&quotas, &tenant, &[jobs(1)]));
    drop(tenant);
    clock.advance(secs(1));
    quotas.reclaim();
    assert_eq!(quotas.tenants(), 0);
}
