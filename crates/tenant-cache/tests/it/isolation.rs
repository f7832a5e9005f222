use std::sync::Arc;

use tenant_cache::CacheBackend;
use tenant_core::{
    ConfigStore, InMemoryConfigManager, ManualClock, TenantConfig, Timestamp, UnixTime, jobs::Residue,
};

use crate::support::{House, enter, id, now, tenants};

#[tokio::test]
async fn a_tenant_neither_sees_nor_changes_what_another_keeps_under_the_same_key() {
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    let (ours, theirs) = (house.cache.scoped(&acme), house.cache.scoped(&umbrella));
    ours.set("key", "ours").await.unwrap();
    assert_eq!(theirs.get("key").await.unwrap(), None);
    assert!(!theirs.exists("key").await.unwrap());
    assert!(!theirs.delete("key").await.unwrap());
    theirs.set("key", "theirs").await.unwrap();
    assert_eq!(ours.get("key").await.unwrap().unwrap(), "ours");
    assert!(theirs.delete("key").await.unwrap());
    assert_eq!(ours.get("key").await.unwrap().unwrap(), "ours");
}

#[tokio::test]
async fn keys_that_spell_another_tenants_key_lead_nowhere() {
    let house = House::new();
    let [a, ab] = tenants(["a", "a.b"]);
    house.cache.set(&ab, "k", "secret").await.unwrap();
    for key in ["tenant:a.b:k", "a.b:k", ".b:k", ":a.b:k", "../a.b/k", "k\0", "\0k", ""] {
        assert_eq!(house.cache.get(&a, key).await.unwrap(), None, "{key}");
    }
}

#[tokio::test]
async fn ids_that_differ_in_case_are_different_tenants() {
    let house = House::new();
    let [small, large] = tenants(["acme", "ACME"]);
    house.cache.set(&small, "key", "value").await.unwrap();
    assert_eq!(house.cache.get(&large, "key").await.unwrap(), None);
}

#[tokio::test]
async fn counters_of_two_tenants_are_two_counters() {
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    assert_eq!(house.cache.incr(&acme, "hits", 5).await.unwrap(), 5);
    assert_eq!(house.cache.incr(&umbrella, "hits", 1).await.unwrap(), 1);
    assert_eq!(house.cache.decr(&acme, "hits", 2).await.unwrap(), 3);
}

#[tokio::test]
async fn clearing_one_tenant_leaves_the_others() {
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    for key in 0..100 {
        house.cache.set(&acme, format!("{key}"), "ours").await.unwrap();
        house.cache.set(&umbrella, format!("{key}"), "theirs").await.unwrap();
    }
    let theirs = house.backend.tenant_stats(&umbrella);
    house.cache.clear(&acme).await.unwrap();
    assert_eq!(house.backend.tenant_stats(&acme).entries, 0);
    assert_eq!(house.backend.tenant_stats(&umbrella), theirs);
    assert_eq!(house.backend.bytes(), theirs.bytes);
}

#[tokio::test]
async fn statistics_of_one_tenant_say_nothing_about_another() {
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    house.cache.set(&umbrella, "key", "value").await.unwrap();
    let before = house.backend.tenant_stats(&umbrella);
    house.cache.set(&acme, "key", "value").await.unwrap();
    for key in ["key", "other"] {
        house.cache.get(&acme, key).await.unwrap();
    }
    assert_eq!(house.backend.tenant_stats(&umbrella), before);
    let ours = house.backend.tenant_stats(&acme);
    assert_eq!((ours.hits, ours.misses), (1, 1));
}

#[tokio::test]
async fn a_tenant_created_anew_under_an_old_id_finds_nothing_of_its_predecessor() {
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1)));
    let house = House::new();
    let create = || {
        let configs = InMemoryConfigManager::with_clock(Arc::clone(&clock) as Arc<_>);
        now(configs.create(TenantConfig::builder(id("acme")).build().unwrap())).unwrap();
        enter(&configs, "acme")
    };
    let old = create();
    house.cache.set(&old, "key", "of the old one").await.unwrap();
    clock.advance(std::time::Duration::from_secs(1));
    let new = create();
    assert_eq!(house.cache.get(&new, "key").await.unwrap(), None);
    house.cache.set(&new, "key", "of the new one").await.unwrap();
    assert_eq!(house.cache.get(&old, "key").await.unwrap().unwrap(), "of the old one");
}

#[tokio::test]
async fn a_purge_leaves_no_entry_of_whoever_had_the_id() {
    let house = House::new();
    let [acme, other] = tenants(["acme", "acme2"]);
    let mut anew = acme.config().clone();
    anew.created_at = Timestamp::from_unix_micros(1);
    let anew = enter(&InMemoryConfigManager::with([anew]).unwrap(), "acme");
    for tenant in [&acme, &anew, &other] {
        house.cache.set(tenant, "key", "value").await.unwrap();
    }
    assert_eq!(house.backend.left(&id("acme")).await.unwrap(), 2);
    house.backend.erase(&id("acme")).await.unwrap();
    assert_eq!(house.backend.left(&id("acme")).await.unwrap(), 0);
    assert_eq!(house.backend.left(&id("acme2")).await.unwrap(), 1);
    assert!(house.holds(&other, "key") && !house.holds(&acme, "key") && !house.holds(&anew, "key"));
}

#[tokio::test]
async fn a_lease_of_one_tenant_fills_no_entry_of_another() {
    use tenant_cache::{Bytes, Leased};
    let house = House::new();
    let [acme, umbrella] = tenants(["acme", "umbrella"]);
    let Leased::Granted(lease) = house.backend.lease(&acme, b"key").await.unwrap() else {
        panic!("nothing is there");
    };
    house.backend.lease(&umbrella, b"key").await.unwrap();
    let filled = house.backend.fill(&umbrella, b"key", lease, Bytes::from("ours"), None).await;
    assert!(!filled.unwrap());
    assert!(!house.holds(&umbrella, "key"));
}
