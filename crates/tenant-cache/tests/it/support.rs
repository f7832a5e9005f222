//! Tenants, clocks and caches for the tests.

use std::sync::Arc;

use futures_util::FutureExt;
use tenant_cache::{InMemoryBackend, InMemoryBackendBuilder, TenantCache};
use tenant_core::{InMemoryConfigManager, ManualClock, TenantConfig, TenantContext, TenantId, UnixTime};

pub(crate) const ENTRY: usize = 288;
pub(crate) const TENANT: usize = 640;

pub(crate) fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(crate) fn configs<const N: usize>(names: [&str; N]) -> InMemoryConfigManager {
    let config = |name| TenantConfig::builder(id(name)).build().unwrap();
    InMemoryConfigManager::with(names.map(config)).unwrap()
}

pub(crate) fn enter(configs: &InMemoryConfigManager, name: &str) -> TenantContext {
    TenantContext::peek(configs, &id(name)).unwrap().unwrap()
}

pub(crate) fn tenants<const N: usize>(names: [&str; N]) -> [TenantContext; N] {
    let configs = configs(names);
    names.map(|name| enter(&configs, name))
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)))
}

pub(crate) struct House {
    pub(crate) cache: TenantCache,
    pub(crate) backend: Arc<InMemoryBackend>,
    pub(crate) clock: Arc<ManualClock>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(InMemoryBackend::builder())
    }

    pub(crate) fn with(builder: InMemoryBackendBuilder) -> Self {
        let clock = clock();
        let backend = Arc::new(builder.clock(Arc::clone(&clock) as Arc<_>).build());
        let cache = TenantCache::new(Arc::clone(&backend));
        Self { cache, backend, clock }
    }

    pub(crate) fn holds(&self, tenant: &TenantContext, key: &str) -> bool {
        now(self.cache.exists(tenant, key)).unwrap()
    }
}

/// The answer of a future that never waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    future.now_or_never().unwrap()
}
