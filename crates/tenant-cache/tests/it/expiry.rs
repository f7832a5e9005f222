use std::time::Duration;

use tenant_cache::InMemoryBackend;

use crate::support::{ENTRY, House, TENANT, now, tenants};

const TTL: Duration = Duration::from_secs(60);
const NANO: Duration = Duration::from_nanos(1);

#[test]
fn an_entry_is_gone_at_the_very_moment() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    now(mine.set_with_ttl("key", "value", TTL)).unwrap();
    house.clock.advance(TTL - NANO);
    assert!(house.holds(&acme, "key"));
    assert!(now(mine.get("key")).unwrap().is_some());
    house.clock.advance(NANO);
    assert!(!house.holds(&acme, "key"));
    assert_eq!(now(mine.get("key")).unwrap(), None);
    assert_eq!((house.backend.bytes(), house.backend.stats().expirations), (0, 1));
}

#[test]
fn what_has_expired_is_not_there_to_be_deleted() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    now(house.cache.set_with_ttl(&acme, "key", "value", TTL)).unwrap();
    house.clock.advance(TTL);
    assert!(!now(house.cache.delete(&acme, "key")).unwrap());
    assert_eq!(house.backend.bytes(), 0);
}

#[test]
fn a_time_of_zero_drops_the_former_entry_and_writes_nothing() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    now(mine.set("key", "value")).unwrap();
    now(mine.set_with_ttl("key", "value", Duration::ZERO)).unwrap();
    assert_eq!((now(mine.get("key")).unwrap(), house.backend.bytes()), (None, 0));
}

#[test]
fn the_longest_time_does_not_overflow() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    house.clock.advance(TTL);
    now(house.cache.set_with_ttl(&acme, "key", "value", Duration::MAX)).unwrap();
    house.clock.advance(Duration::from_secs(1 << 33));
    assert!(house.holds(&acme, "key"));
}

#[test]
fn writing_anew_sets_the_time_anew_or_lifts_it() {
    let (house, [acme]) = (House::new(), tenants(["acme"]));
    let mine = house.cache.scoped(&acme);
    for key in ["again", "lifted"] {
        now(mine.set_with_ttl(key, "old", TTL)).unwrap();
    }
    house.clock.advance(TTL / 2);
    now(mine.set_with_ttl("again", "new", TTL)).unwrap();
    now(mine.set("lifted", "new")).unwrap();
    house.clock.advance(TTL - NANO);
    house.backend.reclaim_expired();
    assert!(house.holds(&acme, "again") && house.holds(&acme, "lifted"));
    house.clock.advance(NANO);
    assert!(!house.holds(&acme, "again") && house.holds(&acme, "lifted"));
}

#[test]
fn expired_entries_are_reclaimed_on_request_with_their_tenants() {
    let (house, [acme, umbrella]) = (House::new(), tenants(["acme", "umbrella"]));
    for key in 0..1_000 {
        now(house.cache.set_with_ttl(&acme, format!("{key}"), "value", TTL)).unwrap();
    }
    now(house.cache.set(&umbrella, "k", "v")).unwrap();
    house.clock.advance(TTL);
    house.backend.reclaim_expired();
    let stats = house.backend.stats();
    assert_eq!((stats.tenants, stats.entries, stats.expirations), (1, 1, 1_000));
    assert_eq!(stats.bytes, TENANT + ENTRY + 2);
}

#[test]
fn expired_entries_go_before_living_ones() {
    let cost = ENTRY + 10;
    let house = House::with(InMemoryBackend::builder().max_tenant_bytes(TENANT + 205 * cost));
    let [acme] = tenants(["acme"]);
    let mine = house.cache.scoped(&acme);
    for key in 0..5 {
        now(mine.set(format!("live-{key}"), "abcd")).unwrap();
    }
    for key in 0..200 {
        now(mine.set_with_ttl(format!("so{key:04}"), "abcd", TTL)).unwrap();
    }
    house.clock.advance(TTL);
    now(mine.set("l", vec![b'v'; 190 * cost])).unwrap();
    assert!((0..5).all(|key| house.holds(&acme, &format!("live-{key}"))));
    assert_eq!(house.backend.stats().evictions, 0);
}

#[test]
fn the_dead_entries_of_one_tenant_take_no_room_from_another() {
    let house = House::with(InMemoryBackend::builder().max_bytes(2 * TENANT + 10 * (ENTRY + 2)));
    let [idle, busy] = tenants(["idle", "busy"]);
    for key in 0..5 {
        now(house.cache.set_with_ttl(&idle, format!("{key}"), "v", TTL)).unwrap();
    }
    house.clock.advance(TTL);
    for key in 0..10 {
        now(house.cache.set(&busy, format!("{key}"), "v")).unwrap();
    }
    assert!((0..10).all(|key| house.holds(&busy, &format!("{key}"))));
    assert_eq!(house.backend.stats().tenants, 1);
}
