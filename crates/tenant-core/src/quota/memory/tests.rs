use std::{
    sync::atomic::{AtomicUsize, Ordering as AtomicOrdering},
    time::Duration,
};

use super::*;
use crate::{
    Dimension, InMemoryConfigManager, ManualClock, NamedLimit, TenantConfig, TenantConfigBuilder,
    TenantHooks, TenantId, Window,
};

const NOON: UnixTime = UnixTime::from_secs(1_700_000_040);

fn config(id: &str) -> TenantConfigBuilder {
    TenantConfig::builder(TenantId::parse(id).unwrap())
}

async fn enter(config: TenantConfig) -> TenantContext {
    let id = config.tenant_id;
    TenantContext::of(&InMemoryConfigManager::with([config]).unwrap(), &id).await.unwrap()
}

fn manager() -> (Arc<ManualClock>, InMemoryQuotaManager) {
    let clock = Arc::new(ManualClock::starting_at(NOON));
    (Arc::clone(&clock), InMemoryQuotaManager::with_clock(clock))
}

fn admit(manager: &InMemoryQuotaManager, tenant: &TenantContext, costs: &[Cost]) -> bool {
    manager.try_decide(tenant, costs).unwrap().is_admitted()
}

#[tokio::test]
async fn admits_the_limit_and_starts_anew_with_the_next_minute() {
    let (clock, quotas) = manager();
    let tenant = enter(config("acme").requests_per_minute(10).build().unwrap()).await;
    clock.advance(Duration::from_millis(29_500));
    for _ in 0..10 {
        assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
    }
    let decision = quotas.try_decide(&tenant, &[Cost::requests(1)]).unwrap();
    let (limit, denial) = decision.denial().unwrap();
    assert_eq!((&*limit.name, denial.retry_after_secs()), ("rpm", Some(31)));
    clock.advance(Duration::from_millis(30_500));
    assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
}

#[tokio::test]
async fn charges_all_limits_or_none() {
    let (_, quotas) = manager();
    let tenant = enter(config("acme").requests_per_minute(10).tokens_per_minute(5).build().unwrap()).await;
    assert!(admit(&quotas, &tenant, &[Cost::requests(1), Cost::tokens(4)]));
    assert!(!admit(&quotas, &tenant, &[Cost::requests(1), Cost::tokens(2)]));
    let usage = quotas.usage(tenant.record()).await.unwrap();
    let used: Vec<u64> = usage.limits.iter().map(|limit| limit.used).collect();
    assert_eq!(used, [1, 4]);
}

#[tokio::test]
async fn a_cost_above_the_limit_is_never_admissible() {
    let (_, quotas) = manager();
    let tenant = enter(config("acme").tokens_per_minute(5).build().unwrap()).await;
    let decision = quotas.try_decide(&tenant, &[Cost::tokens(6)]).unwrap();
    assert_eq!(decision.denial().unwrap().1.retry_after, None);
    assert!(!admit(&quotas, &tenant, &[Cost::tokens(u64::MAX), Cost::tokens(u64::MAX)]));
    assert!(admit(&quotas, &tenant, &[Cost::tokens(5)]));
    assert!(admit(&quotas, &tenant, &[Cost::tokens(0)]), "asking for nothing is always fine");
}

#[tokio::test]
async fn two_tenants_never_share_a_count() {
    let (_, quotas) = manager();
    let acme = enter(config("acme").requests_per_minute(1).build().unwrap()).await;
    let globex = enter(config("globex").requests_per_minute(1).build().unwrap()).await;
    assert!(admit(&quotas, &acme, &[Cost::requests(1)]));
    assert!(admit(&quotas, &globex, &[Cost::requests(1)]));
    assert!(!admit(&quotas, &acme, &[Cost::requests(1)]));
}

#[tokio::test]
async fn a_changed_limit_keeps_its_windows_count() {
    let (_, quotas) = manager();
    let before = enter(config("acme").requests_per_minute(10).build().unwrap()).await;
    for _ in 0..6 {
        assert!(admit(&quotas, &before, &[Cost::requests(1)]));
    }
    let lower = enter(config("acme").requests_per_minute(5).build().unwrap()).await;
    assert!(!admit(&quotas, &lower, &[Cost::requests(1)]));
    let usage = quotas.usage(lower.record()).await.unwrap();
    assert_eq!((usage.limits[0].used, usage.limits[0].remaining()), (6, 0));
    let higher = enter(config("acme").requests_per_minute(7).tokens_per_minute(1).build().unwrap()).await;
    assert!(admit(&quotas, &higher, &[Cost::requests(1)]));
    assert!(!admit(&quotas, &higher, &[Cost::requests(1)]));
    assert!(admit(&quotas, &before, &[Cost::requests(1)]), "an older context counts on in the same window");
}

#[tokio::test]
async fn lifting_a_limit_for_a_moment_does_not_forget_its_count() {
    let (_, quotas) = manager();
    let limited = enter(config("acme").requests_per_minute(1).build().unwrap()).await;
    let free = enter(config("acme").build().unwrap()).await;
    assert!(admit(&quotas, &limited, &[Cost::requests(1)]));
    assert!(admit(&quotas, &free, &[Cost::requests(1)]));
    assert!(!admit(&quotas, &limited, &[Cost::requests(1)]));
}

#[tokio::test]
async fn named_limits_count_beside_the_shorthands() {
    let (clock, quotas) = manager();
    let daily = NamedLimit::rate(Dimension::Requests, Window::Day, 3);
    let tenant = enter(config("acme").requests_per_minute(2).limit("daily", daily).build().unwrap()).await;
    assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
    assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
    clock.advance(Duration::from_secs(60));
    assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
    let decision = quotas.try_decide(&tenant, &[Cost::requests(1)]).unwrap();
    assert_eq!(&*decision.denial().unwrap().0.name, "daily");
}

#[tokio::test]
async fn a_shadow_limit_counts_and_never_denies() {
    let (_, quotas) = manager();
    let shadow = NamedLimit::rate(Dimension::Requests, Window::Day, 1).shadow(true);
    let tenant = enter(config("acme").limit("trial", shadow).build().unwrap()).await;
    for _ in 0..3 {
        assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
    }
    assert_eq!(quotas.usage(tenant.record()).await.unwrap().limits[0].used, 3);
}

// Positions are those of the config that was decided under: with a limit more, they name others.
#[tokio::test]
async fn settles_the_limit_that_was_charged_though_the_config_has_changed() {
    let (_, quotas) = manager();
    let before = enter(config("acme").tokens_per_minute(100).build().unwrap()).await;
    let decision = quotas.try_decide(&before, &[Cost::requests(1), Cost::tokens(40)]).unwrap();
    let after = config("acme").requests_per_minute(10).tokens_per_minute(100).build().unwrap();
    let after = enter(after).await;
    assert!(admit(&quotas, &after, &[Cost::requests(2)]));

    quotas.settle(&after, &decision, &[Cost::requests(0), Cost::tokens(3)]);
    let usage = quotas.usage(after.record()).await.unwrap();
    let used: Vec<_> = usage.limits.iter().map(|limit| (&*limit.limit.name, limit.used)).collect();
    assert_eq!(used, [("rpm", 2), ("tpm", 3)]);
}

#[tokio::test]
async fn settles_in_the_window_it_was_charged_in_and_in_no_other() {
    let (clock, quotas) = manager();
    let tenant = enter(config("acme").tokens_per_minute(10).build().unwrap()).await;
    let decision = quotas.try_decide(&tenant, &[Cost::tokens(8)]).unwrap();
    quotas.settle(&tenant, &decision, &[Cost::tokens(3)]);
    assert!(admit(&quotas, &tenant, &[Cost::tokens(7)]));
    clock.advance(Duration::from_secs(60));
    quotas.settle(&tenant, &decision, &[Cost::tokens(0)]);
    assert!(admit(&quotas, &tenant, &[Cost::tokens(10)]));
    assert!(!admit(&quotas, &tenant, &[Cost::tokens(1)]));
}

#[tokio::test]
async fn a_dropped_reservation_is_refunded() {
    use crate::quota::Reservation;
    let quotas: Arc<dyn QuotaManager> = Arc::new(manager().1);
    let tenant = enter(config("acme").tokens_per_minute(10).build().unwrap()).await;
    let ten = [Cost::tokens(10)];
    let reserve = || Reservation::reserve(Arc::clone(&quotas), &tenant, &ten);
    let first = reserve().await.unwrap().unwrap();
    assert!(reserve().await.unwrap().is_err());
    drop(first);
    reserve().await.unwrap().unwrap().keep();
    assert!(reserve().await.unwrap().is_err());
}

#[derive(Default)]
struct Warnings(parking_lot::Mutex<Vec<(String, u8)>>);

impl TenantHooks for Warnings {
    fn on_limit_warning(&self, warning: &LimitWarning<'_>) {
        self.0.lock().push((warning.limit.to_owned(), warning.percent));
    }
}

#[tokio::test]
async fn warns_once_per_window_and_threshold() {
    let warnings = Arc::new(Warnings::default());
    let (clock, quotas) = manager();
    let quotas = quotas.with_hooks(Hooks::new([Arc::clone(&warnings) as Arc<dyn TenantHooks>]));
    let tenant = enter(config("acme").requests_per_minute(10).build().unwrap()).await;
    for _ in 0..12 {
        admit(&quotas, &tenant, &[Cost::requests(1)]);
    }
    assert_eq!(*warnings.0.lock(), [("rpm".to_owned(), 80), ("rpm".to_owned(), 100)]);
    clock.advance(Duration::from_secs(60));
    for _ in 0..8 {
        admit(&quotas, &tenant, &[Cost::requests(1)]);
    }
    assert_eq!(warnings.0.lock().len(), 3);
}

#[tokio::test]
async fn counts_of_tenants_nobody_serves_are_reclaimed() {
    let (clock, quotas) = manager();
    for number in 0..20_000 {
        let tenant = enter(config(&format!("t{number}")).requests_per_minute(5).build().unwrap()).await;
        assert!(admit(&quotas, &tenant, &[Cost::requests(1)]));
        if number % 1_000 == 0 {
            clock.advance(Duration::from_secs(60));
        }
    }
    assert!(quotas.tenants() < 10_000, "{}", quotas.tenants());
}

#[test]
fn hammered_by_many_threads_it_admits_exactly_the_limit() {
    const THREADS: usize = 16;
    const CHECKS: usize = 20_000;
    let limit = 100_000_u64;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tenant = runtime.block_on(enter(config("acme").requests_per_minute(limit).build().unwrap()));
    // Half of the threads hold a context of another revision of the same config.
    let other = runtime.block_on(enter(config("acme").requests_per_minute(limit).build().unwrap()));
    let (_, quotas) = manager();
    let admitted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let tenant = if thread % 2 == 0 { &tenant } else { &other };
            let (quotas, admitted) = (&quotas, &admitted);
            scope.spawn(move || {
                let count = (0..CHECKS).filter(|_| admit(quotas, tenant, &[Cost::requests(1)])).count();
                admitted.fetch_add(count, AtomicOrdering::Relaxed);
            });
        }
    });
    assert_eq!(admitted.into_inner() as u64, limit);
}
