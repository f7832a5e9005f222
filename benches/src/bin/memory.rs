//! What a million tenants' counts take in memory while nobody asks for them, beside governor's keys: what is asked of the
//! allocator and not given back. Configs come and go, ten thousand at a time, and are not counted.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tenant::{
    InMemoryConfigManager, InMemoryQuotaManager, QuotaManager, TenantContext, TenantId, quota::Cost,
};
use tenant_benches::{
    Bar, BoxError, Spread,
    tenants::{Limits, config, name},
};

const KEYS: usize = 1_000_000;
const AT_ONCE: usize = 10_000;

fn main() -> Result<(), BoxError> {
    let (ours, peer) = (per_key(ours)?, per_key(governor)?);
    println!("bytes per idle key at {KEYS} keys: tenant {ours:.0}, governor {peer:.0}");
    let ratio = ours / peer;
    let figure = Spread { median: ratio, low: ratio, high: ratio };
    println!("{}", Bar::at_most("memory of an idle key to governor's", 1.5, figure));
    Ok(())
}

fn per_key<T>(build: fn() -> Result<T, BoxError>) -> Result<f64, BoxError> {
    let mut built = None;
    let allocated = allocation_counter::measure(|| built = Some(build()));
    built.transpose()?;
    Ok(allocated.bytes_current as f64 / KEYS as f64)
}

fn ours() -> Result<InMemoryQuotaManager, BoxError> {
    let quotas = InMemoryQuotaManager::new();
    for first in (0..KEYS).step_by(AT_ONCE) {
        let names = (first..first + AT_ONCE).map(name);
        let configs = names.clone().map(|name| config(&name, Limits::Requests));
        let configs = InMemoryConfigManager::with(configs.collect::<Result<Vec<_>, _>>()?)?;
        for name in names {
            let tenant =
                TenantContext::peek(&configs, &TenantId::parse(&name)?).ok_or("it is in memory")??;
            quotas.try_decide(&tenant, &[Cost::requests(1)]).ok_or("counts are in memory")?;
        }
    }
    Ok(quotas)
}

fn governor() -> Result<DefaultKeyedRateLimiter<String>, BoxError> {
    let limiter = RateLimiter::keyed(Quota::per_minute(NonZeroU32::MAX));
    (0..KEYS).map(name).try_for_each(|name| limiter.check_key(&name)).map_err(|denial| denial.to_string())?;
    Ok(limiter)
}
