//! Plans, as config managers merge them in.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    AdmissionError, Algorithm, CachedConfigs, ConfigStore, ConfigStoreExt, InMemoryConfigManager, NamedLimit,
    Plan, Plans, QuotaConfig, StoreErrorKind, TenantConfig, TenantContext, TenantId, TenantStatus, Window,
    quota::Cost,
};

use crate::support::{acme, admitted, calls, decide, manager};

fn per_minute(requests: u64) -> Plan {
    Plan::new().quota(QuotaConfig { requests_per_minute: Some(requests), tokens_per_minute: None })
}

fn plans(requests: u64) -> Plans {
    let seats = NamedLimit::stock("seats".parse().unwrap(), 2);
    Plans::new([("pro", per_minute(requests).limit("seats", seats).limit("workflows", 9))]).unwrap()
}

fn on_pro() -> TenantConfig {
    acme().plan(Some("pro".into())).limit("seats", 3).build().unwrap()
}

fn id() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn cached() -> CachedConfigs<InMemoryConfigManager> {
    let store = InMemoryConfigManager::with([on_pro()]).unwrap();
    CachedConfigs::new(store, 100, Duration::from_secs(300)).with_plans(plans(5))
}

#[tokio::test]
async fn a_tenants_limits_are_merged_as_its_config_is_loaded() {
    let in_memory = InMemoryConfigManager::with([on_pro()]).unwrap().with_plans(plans(5)).unwrap();
    let (_, quotas) = manager();
    for tenant in [
        TenantContext::of(&cached(), &id()).await.unwrap(),
        TenantContext::of(&in_memory, &id()).await.unwrap(),
    ] {
        let limits = tenant.limits();
        assert_eq!(limits.stock("seats").unwrap().limit, 3);
        assert_eq!(limits.stock("workflows").unwrap().limit, 9);
        assert!(decide(&quotas, &tenant, &[Cost::requests(1)]).states().next().is_some());
    }
}

#[tokio::test]
async fn changed_plans_hold_at_once_and_keep_the_counts() {
    let (configs, (_, quotas)) = (cached(), manager());
    let tenant = TenantContext::of(&configs, &id()).await.unwrap();
    assert_eq!(admitted(&quotas, &tenant, 10), 5);
    configs.set_plans(plans(7));
    let tenant = TenantContext::of(&configs, &id()).await.unwrap();
    assert_eq!(admitted(&quotas, &tenant, 10), 2);
    assert_eq!(configs.plans(), plans(7));
}

#[tokio::test]
async fn limits_that_make_no_sense_are_neither_written_nor_served() {
    let configs = cached();
    let rate = calls(Window::Day, 1, Algorithm::Fixed);
    let nonsense = |config: &mut TenantConfig| {
        config.limits.insert("seats".into(), rate.clone().into());
    };
    let error = configs.modify(&id(), nonsense).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid);
    assert!(error.to_string().contains("limits.seats"), "{error}");
    let unknown = configs.modify(&id(), |config| config.plan = Some("gold".into())).await.unwrap_err();
    assert!(unknown.to_string().contains("plan"), "{unknown}");
    assert!(TenantContext::of(&configs, &id()).await.is_ok(), "nothing was written");

    // Written past the cache, by someone who knows no plans.
    configs.store().modify(&id(), nonsense).await.unwrap();
    configs.invalidate(&id());
    let refused = TenantContext::of(&configs, &id()).await.unwrap_err();
    assert!(matches!(refused, AdmissionError::Store(_)), "{refused}");
}

#[tokio::test]
async fn a_tenant_whose_plan_is_gone_can_be_suspended_and_its_contexts_hear_of_it() {
    let configs = cached();
    let tenant = TenantContext::of(&configs, &id()).await.unwrap();
    configs.set_plans(Plans::new([("other", per_minute(1))]).unwrap());
    assert!(TenantContext::of(&configs, &id()).await.is_err());
    assert!(tenant.ensure_active().is_ok(), "what runs, runs");
    configs.modify(&id(), |config| config.status = TenantStatus::Suspended).await.unwrap();
    assert!(tenant.ensure_active().is_err());
    let refused = TenantContext::of(&configs, &id()).await.unwrap_err();
    assert!(matches!(refused, AdmissionError::Inactive), "{refused}");
    assert!(configs.modify(&id(), |config| config.status = TenantStatus::Active).await.is_err());
    configs.delete(&id()).await.unwrap();
}

#[tokio::test]
async fn a_config_taken_over_from_elsewhere_is_held_against_the_plans_too() {
    let configs = Arc::new(cached());
    let mut config = configs.fetch(&id()).await.unwrap().unwrap();
    config.revision += 1;
    config.plan = Some("gold".into());
    assert!(configs.refresh(config.clone()).is_err());
    config.plan = Some("pro".into());
    assert_eq!(configs.refresh(config).unwrap().limits().stock("seats").unwrap().limit, 3);
}
