//! Boosts. What a tenant could gain by one: more than was added, later than it ends, or anything of another tenant's.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Boost, CachedConfigs, Clock, GcraQuotaManager, InMemoryConfigManager, NamedLimit, Plan, Plans,
    QuotaManager, SlidingWindowQuotaManager, TenantConfigBuilder, TenantContext, TenantId, Timestamp,
    UnixTime, Window, quota::Cost,
};

use crate::support::{
    ALGORITHMS, NOON, acme, admitted, block_on, calls, config, decide, enter, jobs, manager, secs, used,
};

/// So many seconds after noon.
fn after_noon(seconds: u64) -> Timestamp {
    UnixTime::from_secs(NOON.as_secs() + seconds).into()
}

fn boosted(config: TenantConfigBuilder, until: u64) -> TenantContext {
    enter(config.boosts([Boost::new("sale", after_noon(until)).requests_per_minute(3)]))
}

#[test]
fn exactly_so_many_more_are_let_through_while_it_runs_and_none_after_it() {
    let (clock, quotas) = manager();
    let tenant = boosted(acme().requests_per_minute(5), 90);
    let other = enter(config("globex").requests_per_minute(5));
    assert_eq!((admitted(&quotas, &tenant, 20), admitted(&quotas, &other, 20)), (8, 5));
    clock.advance(secs(60));
    // The last moment but one, by a context that was there all the time.
    clock.advance(secs(30) - Duration::from_micros(1));
    assert_eq!(admitted(&quotas, &tenant, 7), 7);
    clock.advance(Duration::from_micros(1));
    assert_eq!(admitted(&quotas, &tenant, 20), 0, "what was let through counts");
    clock.advance(secs(30));
    assert_eq!((admitted(&quotas, &tenant, 20), admitted(&quotas, &other, 20)), (5, 5));
}

#[test]
fn a_config_that_is_read_again_gives_nothing_twice() {
    let (clock, quotas) = manager();
    let read = || boosted(acme().requests_per_minute(5), 30);
    assert_eq!(admitted(&quotas, &read(), 6), 6);
    assert_eq!(admitted(&quotas, &read(), 20), 2);
    clock.advance(secs(30));
    assert_eq!(admitted(&quotas, &read(), 20), 0);
}

#[test]
fn limits_of_every_algorithm_and_those_at_once_are_raised() {
    for algorithm in ALGORITHMS {
        let (clock, quotas) = manager();
        let boost = Boost::new("sale", after_noon(10)).limit("calls", 3).limit("nothing", 9);
        let tenant = enter(acme().limit("calls", calls(Window::Day, 5, algorithm)).boosts([boost]));
        assert_eq!(admitted(&quotas, &tenant, 20), 8, "{algorithm:?}");
        clock.advance(secs(10));
        assert_eq!(admitted(&quotas, &tenant, 20), 0, "{algorithm:?}");
    }
    let (clock, quotas) = manager();
    let at_once = NamedLimit::concurrency("jobs".parse().unwrap(), 1);
    let boost = Boost::new("sale", after_noon(10)).limit("at_once", 1);
    let tenant = enter(acme().limit("at_once", at_once).boosts([boost]));
    let [first, second] = [(); 2].map(|()| decide(&quotas, &tenant, &[jobs(1)]));
    assert!(first.is_admitted() && second.is_admitted());
    clock.advance(secs(10));
    drop(first);
    assert!(!decide(&quotas, &tenant, &[jobs(1)]).is_admitted(), "one is still at work");
    drop(second);
    assert!(decide(&quotas, &tenant, &[jobs(1)]).is_admitted());
}

#[test]
fn what_was_decided_before_the_end_is_settled_after_it() {
    let (clock, quotas) = manager();
    let boost = Boost::new("sale", after_noon(10)).tokens_per_minute(50);
    let tenant = enter(acme().tokens_per_minute(100).boosts([boost]));
    let decision = decide(&quotas, &tenant, &[Cost::tokens(150)]);
    assert!(decision.is_admitted());
    clock.advance(secs(10));
    assert!(!decide(&quotas, &tenant, &[Cost::tokens(1)]).is_admitted());
    quotas.settle(&tenant, &decision, &[Cost::tokens(40)]);
    assert_eq!(used(&quotas, &tenant), [("tpm".to_owned(), 40)]);
    assert!(decide(&quotas, &tenant, &[Cost::tokens(60)]).is_admitted());
    assert!(!decide(&quotas, &tenant, &[Cost::tokens(1)]).is_admitted());
}

#[test]
fn the_ready_made_managers_let_boosts_through_too() {
    let (clock, _) = manager();
    let clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let sliding = SlidingWindowQuotaManager::new(secs(60), 6).with_clock(Arc::clone(&clock));
    let bucket = GcraQuotaManager::new().with_clock(clock);
    assert_eq!(admitted(&sliding, &boosted(acme().requests_per_minute(5), 10), 20), 8);
    assert_eq!(admitted(&bucket, &boosted(acme().requests_per_minute(5), 10), 20), 8);
}

#[test]
fn a_plans_limits_are_raised_and_a_cache_need_not_read_anything_for_it_to_end() {
    let (clock, quotas) = manager();
    let config = acme().plan(Some("pro".into())).limit("projects", 4);
    let config = config.boosts([Boost::new("sale", after_noon(10)).limit("seats", 2).limit("projects", 1)]);
    let stock = |name: &str| NamedLimit::stock(name.parse().unwrap(), 2);
    let plan = Plan::new().limit("seats", stock("seats")).limit("projects", stock("projects"));
    let store = InMemoryConfigManager::with([config.build().unwrap()]).unwrap();
    let configs = CachedConfigs::new(store, 10, secs(3_600)).with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let configs = configs.with_plans(Plans::new([("pro", plan)]).unwrap());
    let tenant = block_on(TenantContext::of(&configs, &TenantId::parse("acme").unwrap())).unwrap();
    let stocks =
        |now| ["projects", "seats"].map(|name| tenant.limits_at(now).stock(name).map(|limit| limit.limit));
    assert_eq!(stocks(clock.unix()), [Some(5), Some(4)]);
    clock.advance(secs(10));
    assert_eq!(stocks(clock.unix()), [Some(4), Some(2)]);
    assert_eq!(tenant.limits().stock("seats").map(|limit| limit.limit), Some(2));
    assert_eq!(admitted(&quotas, &tenant, 3), 3);
}
