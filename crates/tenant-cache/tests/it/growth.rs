use std::time::Duration;

use tenant_cache::{InMemoryBackend, TenantCache};
use tenant_core::{InMemoryConfigManager, TenantConfig};

use crate::support::{ENTRY, House, TENANT, enter, id, now, tenants};

const MANY: usize = 20_000;

fn once_seen(house: &House, mut work: impl FnMut(&TenantCache, &tenant_core::TenantContext)) {
    for number in 0..MANY {
        let name = format!("t{number}");
        let config = TenantConfig::builder(id(&name)).build().unwrap();
        let tenant = enter(&InMemoryConfigManager::with([config]).unwrap(), &name);
        work(&house.cache, &tenant);
    }
}

#[test]
fn tenants_that_only_read_leave_nothing_behind() {
    let house = House::new();
    once_seen(&house, |cache, tenant| {
        assert_eq!(now(cache.get(tenant, "key")).unwrap(), None);
        assert!(!now(cache.exists(tenant, "key")).unwrap());
        assert!(!now(cache.delete(tenant, "key")).unwrap());
        now(cache.clear(tenant)).unwrap();
    });
    let stats = house.backend.stats();
    assert_eq!((stats.tenants, stats.bytes, stats.misses), (0, 0, MANY as u64));
}

#[test]
fn tenants_that_wrote_and_deleted_leave_nothing_behind() {
    let house = House::new();
    once_seen(&house, |cache, tenant| {
        now(cache.set(tenant, "key", "value")).unwrap();
        assert!(now(cache.delete(tenant, "key")).unwrap());
    });
    assert_eq!((house.backend.stats().tenants, house.backend.bytes()), (0, 0));
}

#[test]
fn failed_loads_leave_nothing_behind() {
    let house = House::new();
    once_seen(&house, |cache, tenant| {
        let load = async || Err::<&str, _>("no");
        now(cache.get_or_load(tenant, "key", None, load)).unwrap_err();
    });
    assert_eq!((house.backend.stats().tenants, house.backend.bytes()), (0, 0));
}

#[test]
fn the_budget_bounds_how_many_tenants_are_remembered() {
    let each = TENANT + ENTRY + 3 + 5;
    let house = House::with(InMemoryBackend::builder().max_bytes(100 * each));
    once_seen(&house, |cache, tenant| {
        now(cache.set(tenant, "key", "value")).unwrap();
        assert!(house.holds(tenant, "key"));
        assert!(house.backend.bytes() <= 100 * each);
    });
    assert_eq!(house.backend.stats().tenants, 100);
}

#[test]
fn expired_tenants_are_forgotten() {
    let house = House::new();
    once_seen(&house, |cache, tenant| {
        now(cache.set_with_ttl(tenant, "key", "value", Duration::from_secs(1))).unwrap();
    });
    assert_eq!(house.backend.stats().tenants, MANY);
    house.clock.advance(Duration::from_secs(1));
    house.backend.reclaim_expired();
    assert_eq!((house.backend.stats().tenants, house.backend.bytes()), (0, 0));
}

#[test]
fn among_equals_the_tenant_idle_the_longest_gives_way() {
    let each = TENANT + ENTRY + 4;
    let house = House::with(InMemoryBackend::builder().max_bytes(3 * each));
    let [a, b, c, late] = tenants(["a", "b", "c", "late"]);
    for tenant in [&a, &b, &c] {
        now(house.cache.set(tenant, "key", "v")).unwrap();
        house.clock.advance(Duration::from_secs(1));
    }
    now(house.cache.get(&a, "key")).unwrap();
    now(house.cache.set(&late, "key", "v")).unwrap();
    let left = [&a, &b, &c, &late].map(|tenant| house.holds(tenant, "key"));
    assert_eq!(left, [true, false, true, true]);
}
