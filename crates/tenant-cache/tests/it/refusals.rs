use tenant_cache::{CacheErrorKind, InMemoryBackend};
use tenant_core::{ConfigStore, TenantStatus};

use crate::support::{ENTRY, House, TENANT, configs, enter, id, now, tenants};

#[tokio::test]
async fn a_suspended_tenant_is_refused_at_its_next_use() {
    let house = House::new();
    let configs = configs(["acme"]);
    let acme = enter(&configs, "acme");
    house.cache.set(&acme, "key", "1").await.unwrap();
    let mut config = acme.config().clone();
    config.status = TenantStatus::Suspended;
    configs.update(config).await.unwrap();

    let mine = house.cache.scoped(&acme);
    let load = || async { Ok::<_, std::io::Error>("never") };
    let errors = [
        mine.get("key").await.map(drop),
        mine.set("key", "2").await,
        mine.set_with_ttl("key", "2", std::time::Duration::MAX).await,
        mine.delete("key").await.map(drop),
        mine.exists("key").await.map(drop),
        mine.incr("key", 1).await.map(drop),
        mine.decr("key", i64::MIN).await.map(drop),
        mine.get_or_load("other", None, load).await.map(drop),
        mine.clear().await,
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().kind(), CacheErrorKind::Inactive);
    }
    assert_eq!(house.backend.tenant_stats(&acme).entries, 1);
}

#[tokio::test]
async fn the_control_plane_purges_a_tenant_that_is_no_longer_served() {
    let house = House::new();
    let configs = configs(["acme", "umbrella"]);
    let (acme, umbrella) = (enter(&configs, "acme"), enter(&configs, "umbrella"));
    for tenant in [&acme, &umbrella] {
        house.cache.set(tenant, "key", "value").await.unwrap();
    }
    configs.delete(&id("acme")).await.unwrap();
    house.cache.purge(acme.record()).await.unwrap();
    assert_eq!(house.backend.tenant_stats(&acme).entries, 0);
    assert!(house.holds(&umbrella, "key"));
}

#[test]
fn an_entry_beyond_the_tenants_maximum_is_refused_and_takes_the_former_one_along() {
    let house = House::with(InMemoryBackend::builder().max_tenant_bytes(2_000));
    let [acme] = tenants(["acme"]);
    let mine = house.cache.scoped(&acme);
    now(mine.set("key", "old")).unwrap();
    now(mine.set("other", "kept")).unwrap();
    let error = now(mine.set("key", vec![0; 2_000])).unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    assert!(!house.holds(&acme, "key"));
    assert!(house.holds(&acme, "other"));
    now(mine.set("k", vec![0; 2_000 - TENANT - ENTRY - 1])).unwrap();
    assert_eq!(house.backend.bytes(), 2_000);
    let error = now(mine.set("k", vec![0; 2_000 - TENANT - ENTRY])).unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    assert_eq!(house.backend.bytes(), 0);
}

#[test]
fn an_overlong_key_is_refused_too() {
    let house = House::with(InMemoryBackend::builder().max_tenant_bytes(2_000));
    let [acme] = tenants(["acme"]);
    let error = now(house.cache.incr(&acme, vec![b'k'; 2_000], 1)).unwrap_err();
    assert_eq!(error.kind(), CacheErrorKind::TooLarge);
    assert_eq!((house.backend.bytes(), house.backend.stats().tenants), (0, 0));
}

#[test]
fn errors_name_neither_key_nor_value_nor_tenant() {
    let house = House::new();
    let [acme] = tenants(["acme"]);
    now(house.cache.set(&acme, "secret-key", "secret-value")).unwrap();
    let error = now(house.cache.incr(&acme, "secret-key", 1)).unwrap_err();
    for text in [format!("{error}"), format!("{error:?}"), format!("{:?} {:?}", house.cache, house.backend)] {
        assert!(!text.contains("secret") && !text.contains("acme"), "{text}");
    }
}
