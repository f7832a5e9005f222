use tenant_cache::{CacheErrorKind, InMemoryBackend};
use tenant_core::TenantContext;

use crate::support::{ENTRY, House, TENANT, now, tenants};

/// The cost of an entry with a key of four bytes and a value of a hundred.
const COST: usize = ENTRY + 104;

fn fill(house: &House, tenant: &TenantContext, keys: std::ops::Range<usize>) {
    for key in keys {
        now(house.cache.set(tenant, format!("{key:04}"), vec![b'v'; 100])).unwrap();
    }
}

fn kept(house: &House, tenant: &TenantContext, mut keys: std::ops::Range<usize>) -> bool {
    keys.all(|key| house.holds(tenant, &format!("{key:04}")))
}

fn room_for(tenants: usize, entries: usize) -> House {
    House::with(InMemoryBackend::builder().max_bytes(tenants * TENANT + entries * COST))
}

#[test]
fn a_noisy_tenant_that_writes_ten_times_the_budget_leaves_the_quiet_ones_alone() {
    let house = room_for(3, 300);
    let [noisy, quiet, other] = tenants(["noisy", "quiet", "other"]);
    fill(&house, &quiet, 0..90);
    fill(&house, &other, 0..10);
    fill(&house, &noisy, 0..3_000);
    assert!(kept(&house, &quiet, 0..90) && kept(&house, &other, 0..10));
    assert_eq!(house.backend.tenant_stats(&quiet).evictions, 0);
    assert!(house.backend.tenant_stats(&noisy).entries >= 190);
}

#[test]
fn reading_often_protects_no_more_than_the_fair_share() {
    let house = room_for(2, 200);
    let [noisy, late] = tenants(["noisy", "late"]);
    fill(&house, &noisy, 0..200);
    for _ in 0..10 {
        for key in 0..200 {
            now(house.cache.get(&noisy, format!("{key:04}"))).unwrap();
        }
    }
    fill(&house, &late, 0..100);
    assert!(kept(&house, &late, 0..100));
    assert_eq!(house.backend.tenant_stats(&noisy).entries, 100);
}

#[test]
fn the_one_furthest_over_its_share_gives_way_first() {
    let house = room_for(3, 300);
    let [large, medium, small] = tenants(["large", "medium", "small"]);
    fill(&house, &large, 0..180);
    fill(&house, &medium, 0..110);
    fill(&house, &small, 0..60);
    assert!(kept(&house, &medium, 0..110));
    assert!(kept(&house, &small, 0..60));
    // The least recently used ones went.
    assert!(kept(&house, &large, 60..180));
    assert!(!house.holds(&large, "0000"));
}

#[test]
fn a_tenant_over_its_share_pays_for_its_own_growth() {
    let house = room_for(2, 100);
    let [over, within] = tenants(["over", "within"]);
    fill(&house, &within, 0..50);
    fill(&house, &over, 0..60);
    assert!(kept(&house, &within, 0..50));
    assert_eq!(house.backend.tenant_stats(&over).evictions, 10);
}

#[test]
fn one_tenant_alone_may_use_everything() {
    let house = room_for(1, 100);
    let [acme] = tenants(["acme"]);
    fill(&house, &acme, 0..100);
    assert!(kept(&house, &acme, 0..100));
    fill(&house, &acme, 100..101);
    assert!(kept(&house, &acme, 10..101) && !house.holds(&acme, "0000"));
}

#[test]
fn the_maximum_of_a_tenant_holds_while_others_use_nothing() {
    let most = TENANT + 10 * COST;
    let house = House::with(InMemoryBackend::builder().max_bytes(1 << 20).max_tenant_bytes(most));
    let [acme] = tenants(["acme"]);
    fill(&house, &acme, 0..10);
    assert_eq!(house.backend.bytes(), most);
    now(house.cache.get(&acme, "0000")).unwrap();
    fill(&house, &acme, 10..11);
    assert!(house.holds(&acme, "0000") && !house.holds(&acme, "0001"));
    assert!(kept(&house, &acme, 2..11));
}

#[test]
fn an_entry_that_would_need_the_shares_of_others_is_refused() {
    let house = room_for(4, 100);
    let [a, b, c, greedy] = tenants(["a", "b", "c", "greedy"]);
    for tenant in [&a, &b, &c] {
        fill(&house, tenant, 0..25);
    }
    // A quarter of everything and a bit, in one piece.
    let error = now(house.cache.set(&greedy, "k", vec![0; 25 * COST])).unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    now(house.cache.set(&greedy, "k", vec![0; 24 * COST])).unwrap();
    for tenant in [&a, &b, &c] {
        assert!(kept(&house, tenant, 0..25));
    }
}

#[test]
fn overwriting_in_a_full_cache_evicts_nothing_for_long() {
    let house = room_for(1, 100);
    let [acme] = tenants(["acme"]);
    fill(&house, &acme, 0..100);
    for _ in 0..100 {
        fill(&house, &acme, 7..8);
    }
    assert_eq!(house.backend.stats().evictions, 0);
}

#[test]
fn a_short_slice_of_a_long_buffer_does_not_keep_the_buffer() {
    let house = House::new();
    let [acme] = tenants(["acme"]);
    let long = tenant_cache::Bytes::from(vec![b'x'; 1 << 20]);
    now(house.cache.set(&acme, "key", long.slice(..3))).unwrap();
    let kept = now(house.cache.get(&acme, "key")).unwrap().unwrap();
    drop(long.try_into_mut().expect("nobody else holds the buffer"));
    assert_eq!(kept, "xxx");
}
