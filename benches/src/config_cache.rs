//! A config that is in memory, among 10 000: `CachedConfigs::peek` against moka.
//!
//! Both are bounded, evict what was least recently used and let entries expire; both hash the same key and hand out an
//! `Arc`. They are asked for 64 tenants in turn, and for all in turn.

use std::{hint::black_box, sync::Arc, time::Duration};

use moka::sync::Cache;
use tenant::{ConfigManager, TenantId, TenantRecord};

use crate::{
    BoxError, Contestant,
    tenants::{self, BUSY, KNOWN, Limits},
};

/// Who takes part.
///
/// # Errors
/// A config is invalid.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    Ok(vec![
        ours("tenant", BUSY)?,
        moka("moka", BUSY, None)?,
        moka("moka with ttl", BUSY, Some(Duration::from_secs(86_400)))?,
        ours("tenant, all", KNOWN)?,
        moka("moka, all", KNOWN, None)?,
    ])
}

fn ours(name: &'static str, asked: usize) -> Result<Contestant, BoxError> {
    let configs = tenants::configs(Limits::Requests)?;
    let mut ids = ids(asked)?.into_iter().cycle();
    Ok(Contestant::new(name, move || {
        let found = ids.next().and_then(|id| configs.peek(&id));
        assert!(black_box(found).is_some());
    }))
}

fn moka(name: &'static str, asked: usize, ttl: Option<Duration>) -> Result<Contestant, BoxError> {
    let mut builder = Cache::builder().max_capacity(2 * KNOWN as u64);
    if let Some(ttl) = ttl {
        builder = builder.time_to_live(ttl);
    }
    let cache: Cache<TenantId, Arc<TenantRecord>> = builder.build();
    for name in tenants::names() {
        let record = TenantRecord::new(tenants::config(&name, Limits::Requests)?);
        cache.insert(*record.id(), Arc::new(record));
    }
    cache.run_pending_tasks();
    let mut ids = ids(asked)?.into_iter().cycle();
    Ok(Contestant::new(name, move || {
        let found = ids.next().and_then(|id| cache.get(&id));
        assert!(black_box(found).is_some());
    }))
}

fn ids(asked: usize) -> Result<Vec<TenantId>, BoxError> {
    let names = tenants::names().step_by(KNOWN / asked).take(asked);
    names.map(|name| Ok(TenantId::parse(&name)?)).collect()
}
