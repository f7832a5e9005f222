//! Tenants, clocks and managers to count with.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Algorithm, Dimension, InMemoryConfigManager, InMemoryQuotaManager, LimitSetting, ManualClock, NamedLimit,
    QuotaManager, TenantConfig, TenantConfigBuilder, TenantContext, TenantId, UnixTime, Window,
    quota::{Cost, Decision},
};

/// 2023-11-14T22:14:00Z: a full minute, and no full hour.
pub(crate) const NOON: UnixTime = UnixTime::from_secs(1_700_000_040);

pub(crate) const SLIDING: Algorithm = Algorithm::Sliding { sub_windows: 6 };
pub(crate) const BUCKET: Algorithm = Algorithm::TokenBucket { burst: None };
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::Fixed, SLIDING, BUCKET];

pub(crate) fn acme() -> TenantConfigBuilder {
    config("acme")
}

pub(crate) fn config(id: &str) -> TenantConfigBuilder {
    TenantConfig::builder(TenantId::parse(id).unwrap())
}

/// A context of the tenant that a config describes.
pub(crate) fn enter(config: TenantConfigBuilder) -> TenantContext {
    let config = config.build().unwrap();
    let id = config.tenant_id;
    let configs = InMemoryConfigManager::with([config]).unwrap();
    TenantContext::peek(&configs, &id).unwrap().unwrap()
}

/// A tenant with one limit, `calls`.
pub(crate) fn limited(limit: impl Into<LimitSetting>) -> TenantContext {
    enter(acme().limit("calls", limit))
}

pub(crate) fn calls(window: Window, limit: u64, algorithm: Algorithm) -> NamedLimit {
    NamedLimit::rate(Dimension::Requests, window, limit).algorithm(algorithm)
}

pub(crate) fn manager() -> (Arc<ManualClock>, InMemoryQuotaManager) {
    let clock = Arc::new(ManualClock::starting_at(NOON));
    (Arc::clone(&clock), InMemoryQuotaManager::with_clock(clock))
}

pub(crate) fn decide<Q: QuotaManager>(quotas: &Q, tenant: &TenantContext, costs: &[Cost]) -> Decision {
    quotas.try_decide(tenant, costs).unwrap()
}

pub(crate) fn admit<Q: QuotaManager>(quotas: &Q, tenant: &TenantContext, requests: u64) -> bool {
    decide(quotas, tenant, &[Cost::requests(requests)]).is_admitted()
}

/// How many of so many requests, one after the other, are admitted.
pub(crate) fn admitted<Q: QuotaManager>(quotas: &Q, tenant: &TenantContext, requests: u64) -> u64 {
    (0..requests).map(|_| u64::from(admit(quotas, tenant, 1))).sum()
}

pub(crate) fn used(quotas: &InMemoryQuotaManager, tenant: &TenantContext) -> Vec<(String, u64)> {
    let usage = block_on(quotas.usage(tenant.record())).unwrap();
    usage.limits.iter().map(|used| (used.limit.name.to_string(), used.used)).collect()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

pub(crate) fn jobs(count: u64) -> Cost {
    Cost::of("jobs".parse().unwrap(), count)
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `PROPTEST_CASES`, or 10 000 where the build is optimized and 1 000 where it is not.
pub(crate) fn cases() -> proptest::test_runner::Config {
    let own = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(own);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}
