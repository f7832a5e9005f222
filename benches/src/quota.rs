//! A check of one limit: `InMemoryQuotaManager::try_decide` against governor's keyed limiter.
//!
//! Ours counts a fixed window and tells what is left and until when; governor counts cells and tells nothing. With one
//! key, and with 10 000 in turn.

use std::{hint::black_box, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tenant::{InMemoryQuotaManager, QuotaManager, quota::Cost};

use crate::{
    BoxError, Contestant,
    tenants::{self, KNOWN},
};

/// Who takes part.
///
/// # Errors
/// A config is invalid.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    Ok(vec![
        ours("tenant, 1 key", 1)?,
        governor("governor, 1 key", 1),
        ours("tenant, 10k keys", KNOWN)?,
        governor("governor, 10k keys", KNOWN),
    ])
}

fn ours(name: &'static str, keys: usize) -> Result<Contestant, BoxError> {
    let quotas = InMemoryQuotaManager::new();
    let contexts: Vec<_> = tenants::contexts()?.into_iter().take(keys).collect();
    let mut turn = 0;
    Ok(Contestant::new(name, move || {
        let tenant = contexts.get(turn);
        turn = (turn + 1) % keys;
        let decision = tenant.and_then(|tenant| quotas.try_decide(tenant, &[Cost::requests(1)]));
        assert!(black_box(decision).is_some_and(|decision| decision.is_admitted()));
    }))
}

fn governor(name: &'static str, keys: usize) -> Contestant {
    let limiter: DefaultKeyedRateLimiter<String> =
        RateLimiter::keyed(Quota::per_second(NonZeroU32::MAX).allow_burst(NonZeroU32::MAX));
    let names: Vec<_> = tenants::names().take(keys).collect();
    let mut turn = 0;
    Contestant::new(name, move || {
        let key = names.get(turn);
        turn = (turn + 1) % keys;
        assert!(black_box(key.map(|key| limiter.check_key(key))).is_some_and(|checked| checked.is_ok()));
    })
}
