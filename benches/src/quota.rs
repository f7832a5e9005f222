//! A check of one limit: `InMemoryQuotaManager::try_decide` against governor's keyed limiter.
//!
//! Ours finds the counts through the tenant's context, counts a fixed window and tells what is left and until when;
//! governor finds its cell by the key, counts cells and tells nothing. With one key, with 10 000 in turn and (in a
//! comparison of its own, because it takes a gigabyte) with a million; by one thread, and by two at once.

use std::{
    hint::black_box,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tenant::{InMemoryQuotaManager, QuotaManager, quota::Cost};

use crate::{
    BoxError, Contestant,
    tenants::{self, Limits, name},
};

const MANY: usize = 10_000;
const A_MILLION: usize = 1_000_000;

/// Who takes part with few keys and with many.
///
/// # Errors
/// A config is invalid.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    Ok(vec![
        alone("tenant, 1 key", 1, ours(1, Limits::Requests)?),
        alone("tenant, 1 key, two limits", 1, ours(1, Limits::RequestsAndTokens)?),
        alone("governor, 1 key", 1, governor(1)),
        alone("tenant, 10k keys", MANY, ours(MANY, Limits::Requests)?),
        alone("governor, 10k keys", MANY, governor(MANY)),
        in_pairs("tenant, 1 key, 2 threads", 1, ours(1, Limits::Requests)?),
        in_pairs("governor, 1 key, 2 threads", 1, governor(1)),
        in_pairs("tenant, 10k keys, 2 threads", MANY, ours(MANY, Limits::Requests)?),
        in_pairs("governor, 10k keys, 2 threads", MANY, governor(MANY)),
    ])
}

/// Who takes part with a million keys.
///
/// # Errors
/// A config is invalid.
pub fn contestants_with_a_million_keys() -> Result<Vec<Contestant>, BoxError> {
    let (tenants, keys) = (ours(A_MILLION, Limits::Requests)?, governor(A_MILLION));
    let (tenants, keys) = (Arc::new(tenants), Arc::new(keys));
    let (pair, key_pair) = (Arc::clone(&tenants), Arc::clone(&keys));
    Ok(vec![
        alone("tenant, 1M keys", A_MILLION, move |number| tenants(number)),
        alone("governor, 1M keys", A_MILLION, move |number| keys(number)),
        in_pairs("tenant, 1M keys, 2 threads", A_MILLION, move |number| pair(number)),
        in_pairs("governor, 1M keys, 2 threads", A_MILLION, move |number| key_pair(number)),
    ])
}

/// One thread, one key after the other.
fn alone(label: &'static str, keys: usize, check: impl Fn(usize) + 'static) -> Contestant {
    // Each is known before it is timed.
    (0..keys).for_each(&check);
    let mut next = 0;
    Contestant::new(label, move || {
        check(next);
        next = if next + 1 == keys { 0 } else { next + 1 };
    })
}

/// Two threads share the turns; each goes round all keys, half of them apart, and goes on where it has stopped.
fn in_pairs(label: &'static str, keys: usize, check: impl Fn(usize) + Sync + 'static) -> Contestant {
    (0..keys).for_each(&check);
    let places = [AtomicUsize::new(0), AtomicUsize::new(keys / 2)];
    Contestant::timed(label, move |turns| {
        let start = Instant::now();
        thread::scope(|scope| {
            for place in &places {
                let (check, turns) = (&check, turns / 2);
                scope.spawn(move || go_round(keys, place, turns, check));
            }
        });
        start.elapsed().max(Duration::from_nanos(1))
    })
}

fn go_round(keys: usize, place: &AtomicUsize, turns: u64, check: &impl Fn(usize)) {
    let mut next = place.load(Ordering::Relaxed);
    for _ in 0..turns {
        check(next);
        next = if next + 1 == keys { 0 } else { next + 1 };
    }
    place.store(next, Ordering::Relaxed);
}

fn ours(keys: usize, limits: Limits) -> Result<impl Fn(usize) + Send + Sync + 'static, BoxError> {
    let quotas = InMemoryQuotaManager::new();
    let contexts = tenants::contexts(keys, limits)?;
    let both = [Cost::requests(1), Cost::tokens(1)];
    let costs = both.into_iter().take(if limits == Limits::Requests { 1 } else { 2 }).collect::<Vec<_>>();
    Ok(move |number: usize| {
        let decision = contexts.get(number).and_then(|tenant| quotas.try_decide(tenant, &costs));
        assert!(black_box(decision).is_some_and(|decision| decision.is_admitted()));
    })
}

fn governor(keys: usize) -> impl Fn(usize) + Send + Sync + 'static {
    let limiter: DefaultKeyedRateLimiter<String> =
        RateLimiter::keyed(Quota::per_second(NonZeroU32::MAX).allow_burst(NonZeroU32::MAX));
    let names: Vec<_> = (0..keys).map(name).collect();
    move |number| {
        let checked = names.get(number).map(|key| limiter.check_key(key));
        assert!(black_box(checked).is_some_and(|checked| checked.is_ok()));
    }
}
