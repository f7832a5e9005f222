//! The tenants that every comparison knows, and those whose requests come in.

use std::{sync::Arc, time::Duration};

use tenant::{CachedConfigs, InMemoryConfigManager, TenantConfig, TenantContext, TenantId};

use crate::BoxError;

/// How many tenants there are.
pub const KNOWN: usize = 10_000;
/// How many of them send requests at the moment.
pub const BUSY: usize = 64;
/// So much that nobody is ever denied, and as many digits as tower_governor has to write.
pub const PLENTY: u64 = u32::MAX as u64;

const A_DAY: Duration = Duration::from_secs(86_400);

/// The names of all tenants.
pub fn names() -> impl Iterator<Item = String> + Clone {
    (0..KNOWN).map(name)
}

/// The names of the tenants that send requests, spread over all of them, over and over.
pub fn busy() -> impl Iterator<Item = String> + Clone {
    (0..BUSY).cycle().map(|number| name(number * (KNOWN / BUSY)))
}

/// A tenant's name.
#[must_use]
pub fn name(number: usize) -> String {
    format!("tenant-{number:05}")
}

/// What a tenant may do in each minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// Requests are limited.
    Requests,
    /// Requests and tokens are.
    RequestsAndTokens,
}

/// The config of a tenant that is limited, but never denied.
///
/// # Errors
/// The name is no tenant id.
pub fn config(name: &str, limits: Limits) -> Result<TenantConfig, BoxError> {
    let config = TenantConfig::builder(TenantId::parse(name)?).requests_per_minute(PLENTY);
    let config = match limits {
        Limits::Requests => config,
        Limits::RequestsAndTokens => config.tokens_per_minute(PLENTY),
    };
    Ok(config.build()?)
}

/// A cache that holds all tenants.
///
/// # Errors
/// A config is invalid.
pub fn configs(limits: Limits) -> Result<Arc<CachedConfigs<InMemoryConfigManager>>, BoxError> {
    // Twice as large as need be: its parts are not filled evenly.
    let configs = CachedConfigs::new(InMemoryConfigManager::new(), 2 * KNOWN, A_DAY);
    for name in names() {
        configs.refresh(config(&name, limits)?)?;
    }
    Ok(Arc::new(configs))
}

/// So many tenants, entered.
///
/// # Errors
/// A config is invalid.
pub fn contexts(tenants: usize, limits: Limits) -> Result<Vec<TenantContext>, BoxError> {
    let configs = (0..tenants).map(|number| config(&name(number), limits));
    let configs = InMemoryConfigManager::with(configs.collect::<Result<Vec<_>, _>>()?)?;
    let enter = |number| {
        let answer = TenantContext::peek(&configs, &TenantId::parse(&name(number))?);
        Ok(answer.ok_or("a tenant is not in memory")??)
    };
    (0..tenants).map(enter).collect()
}
