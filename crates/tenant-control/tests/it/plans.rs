//! Plans that change by themselves. What a tenant could gain or lose by that: be changed with another, twice, too early, or keep
//! what it does not pay for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::{AfterTrial, Offers, PlanChange, PlanChangeKind, PlanChanges, PlanListener, StockUsage};
use tenant_core::{
    CachedConfigs, Clock, ConfigStore, ConfigStoreExt, ManualClock, NextPlan, StoreError, TenantConfig,
    TenantId, TenantStatus, Timestamp, async_trait,
};
use tenant_sqlx::{DbConfigManager, TenantDb};

use crate::support::{clock, database, id, open};

type Configs = CachedConfigs<DbConfigManager<Sqlite>>;

/// What is used, by tenant and dimension, and what was heard.
#[derive(Default)]
struct House {
    used: Mutex<BTreeMap<(TenantId, String), u64>>,
    heard: Mutex<Vec<PlanChange>>,
    failed: Mutex<Vec<TenantId>>,
    is_away: AtomicBool,
}

#[async_trait]
impl StockUsage for House {
    async fn used(&self, tenant: &TenantConfig, dimension: &str) -> Result<u64, StoreError> {
        // So that two instances meet.
        tokio::task::yield_now().await;
        if self.is_away.load(Ordering::Relaxed) && tenant.tenant_id == id("acme") {
            return Err(StoreError::unavailable("away"));
        }
        Ok(self.used.lock().get(&(tenant.tenant_id, dimension.to_owned())).copied().unwrap_or(0))
    }
}

#[async_trait]
impl PlanListener for House {
    async fn changed(&self, change: &PlanChange) {
        self.heard.lock().push(change.clone());
    }

    async fn failed(&self, tenant: &TenantId, _: &StoreError) {
        self.failed.lock().push(*tenant);
    }
}

struct Instance {
    configs: Arc<Configs>,
    changes: PlanChanges<Configs>,
}

fn instance(db: &TenantDb<Sqlite>, house: &Arc<House>, clock: &Arc<ManualClock>) -> Instance {
    let plans = Offers::standard().plans();
    let configs = DbConfigManager::new(db).cached(100, Duration::from_secs(300)).with_plans(plans.clone());
    let configs = Arc::new(configs);
    let changes = PlanChanges::new(Arc::clone(&configs), plans, Arc::clone(house) as Arc<dyn StockUsage>)
        .with_clock(Arc::clone(clock) as Arc<dyn Clock>)
        .listen(Arc::clone(house) as Arc<dyn PlanListener>)
        .after_trial(AfterTrial::Plan("free".into()));
    Instance { configs, changes }
}

async fn alone() -> (Instance, Arc<House>, Arc<ManualClock>, TempDir) {
    let ((db, folder), clock, house) = (database().await, clock(), Arc::new(House::default()));
    (instance(&db, &house, &clock), house, clock, folder)
}

/// So many seconds after the clock's start.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros((1_700_000_000 + seconds) * 1_000_000)
}

impl House {
    fn heard(&self) -> Vec<(String, PlanChangeKind)> {
        let heard = std::mem::take(&mut *self.heard.lock());
        heard.into_iter().map(|change| (change.tenant.to_string(), change.kind)).collect()
    }

    fn uses(&self, tenant: &str, dimension: &str, amount: u64) {
        self.used.lock().insert((id(tenant), dimension.to_owned()), amount);
    }
}

impl Instance {
    async fn add(&self, name: &str, plan: &str, trial: Option<i64>, next: Option<(&str, i64)>) {
        let config = TenantConfig::builder(id(name)).plan(Some(plan.into())).trial_ends_at(trial.map(at));
        let config = config.next_plan(next.map(|(plan, when)| NextPlan::new(plan, at(when))));
        self.configs.create(config.build().unwrap()).await.unwrap();
    }

    async fn config(&self, name: &str) -> TenantConfig {
        self.configs.fetch(&id(name)).await.unwrap().unwrap()
    }

    /// Its plan, when its trial ends, which plan comes next, and whether it is served.
    async fn stands(
        &self,
        name: &str,
    ) -> (Option<String>, Option<Timestamp>, Option<NextPlan>, TenantStatus) {
        let config = self.config(name).await;
        (config.plan, config.trial_ends_at, config.next_plan, config.status)
    }
}

fn ended(plan: &str) -> PlanChangeKind {
    PlanChangeKind::TrialEnded { plan: plan.into() }
}

#[tokio::test]
async fn a_trial_ends_at_its_moment_and_nothing_of_another_tenants_does() {
    let (here, house, clock, _folder) = alone().await;
    here.add("acme", "pro", Some(10), None).await;
    here.add("globex", "pro", Some(11), None).await;
    here.add("initech", "pro", None, None).await;
    let others = (here.config("globex").await, here.config("initech").await);
    clock.advance(Duration::from_secs(10) - Duration::from_micros(1));
    assert_eq!(here.changes.sweep().await.unwrap(), 0);
    clock.advance(Duration::from_micros(1));
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(here.stands("acme").await, (Some("free".into()), None, None, TenantStatus::Active));
    assert_eq!(house.heard(), [("acme".into(), ended("free"))]);
    assert_eq!((here.config("globex").await, here.config("initech").await), others);
    // What was read before is of the past: nobody goes on by a plan that has ended.
    let acme = tenant_core::TenantContext::of(&*here.configs, &id("acme")).await.unwrap();
    assert_eq!(acme.limits().stock("users").map(|limit| limit.limit), Some(3));
    assert_eq!(here.changes.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn of_many_instances_one_makes_each_change_and_tells_of_it() {
    let ((db, folder), clock, house) = (database().await, clock(), Arc::new(House::default()));
    let other = open(&folder).await;
    let (one, two) = (instance(&db, &house, &clock), instance(&other, &house, &clock));
    // More than one page.
    for number in 0..120 {
        one.add(&format!("t{number}"), "pro", Some(number % 5), None).await;
    }
    for number in 0..20 {
        one.add(&format!("n{number}"), "pro", None, Some(("starter", 3))).await;
    }
    clock.advance(Duration::from_secs(5));
    let (first, second) = tokio::join!(one.changes.sweep(), two.changes.sweep());
    assert_eq!(first.unwrap() + second.unwrap(), 140);
    let mut told: Vec<_> = house.heard().into_iter().map(|(tenant, _)| tenant).collect();
    told.sort_unstable();
    let count = told.len();
    told.dedup();
    assert_eq!((count, told.len()), (140, 140));
    assert_eq!(one.config("t7").await.revision, 2);
    assert_eq!(two.stands("n7").await.0, Some("starter".into()));
}

#[tokio::test]
async fn who_uses_more_than_there_is_left_is_suspended_and_keeps_all_of_it() {
    let (here, house, clock, _folder) = alone().await;
    here.add("acme", "pro", Some(10), None).await;
    here.add("globex", "pro", Some(10), None).await;
    house.uses("acme", "projects", 2);
    house.uses("globex", "projects", 1);
    clock.advance(Duration::from_secs(10));
    assert_eq!(here.changes.sweep().await.unwrap(), 2);
    assert_eq!(here.stands("acme").await, (Some("pro".into()), None, None, TenantStatus::Suspended));
    assert_eq!(here.stands("globex").await.3, TenantStatus::Active);
    let heard = house.heard();
    let (tenant, PlanChangeKind::Suspended { over }) = &heard[0] else { panic!("{heard:?}") };
    assert_eq!((&**tenant, &*over[0].limit, over[0].used, over[0].allowed), ("acme", "projects", 2, 1));
    // Once: whoever serves it again has decided that.
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Active).await.unwrap();
    assert_eq!(here.changes.sweep().await.unwrap(), 0);
    assert_eq!(here.stands("acme").await.3, TenantStatus::Active);
}

#[tokio::test]
async fn a_trial_ends_in_suspension_where_that_is_wanted_or_there_is_no_such_plan() {
    for after in [AfterTrial::Suspend, AfterTrial::Plan("gold".into())] {
        let (mut here, house, clock, _folder) = alone().await;
        here.changes = here.changes.after_trial(after);
        here.add("acme", "pro", Some(10), None).await;
        clock.advance(Duration::from_secs(60));
        assert_eq!(here.changes.sweep().await.unwrap(), 1);
        assert_eq!(here.stands("acme").await, (Some("pro".into()), None, None, TenantStatus::Suspended));
        assert_eq!(house.heard(), [("acme".into(), PlanChangeKind::Suspended { over: Vec::new() })]);
    }
}

#[tokio::test]
async fn who_is_not_served_has_a_trial_that_ends_and_who_is_deleted_has_none() {
    let (here, house, clock, _folder) = alone().await;
    for name in ["acme", "globex"] {
        here.add(name, "pro", Some(10), None).await;
    }
    here.configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    here.configs.delete(&id("globex")).await.unwrap();
    clock.advance(Duration::from_secs(10));
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(here.stands("acme").await, (Some("free".into()), None, None, TenantStatus::Suspended));
    assert_eq!(here.stands("globex").await.0, Some("pro".into()));
    assert_eq!(house.heard(), [("acme".into(), ended("free"))]);
}

#[tokio::test]
async fn a_plan_that_was_chosen_begins_at_its_moment_where_what_is_used_fits_it() {
    let (here, house, clock, _folder) = alone().await;
    here.add("acme", "pro", None, Some(("starter", 10))).await;
    here.add("globex", "pro", Some(1_000), Some(("starter", 10))).await;
    house.uses("acme", "users", 10);
    house.uses("globex", "users", 11);
    clock.advance(Duration::from_secs(9));
    assert_eq!(here.changes.sweep().await.unwrap(), 0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(here.changes.sweep().await.unwrap(), 2);
    assert_eq!(here.stands("acme").await, (Some("starter".into()), None, None, TenantStatus::Active));
    // It stays until the cycle's end, and is told so once.
    let december = Timestamp::parse("2023-12-01T00:00:00Z").unwrap();
    let put_off = Some(NextPlan::new("starter", december));
    let trying = Some(at(1_000));
    assert_eq!(here.stands("globex").await, (Some("pro".into()), trying, put_off, TenantStatus::Active));
    let heard = house.heard();
    assert_eq!(heard[0], ("acme".into(), PlanChangeKind::Changed { plan: "starter".into() }));
    let PlanChangeKind::PutOff { plan, until, over } = &heard[1].1 else { panic!("{heard:?}") };
    assert_eq!((&**plan, *until, over[0].used, over[0].allowed), ("starter", december, 11, 10));
    assert_eq!(here.changes.sweep().await.unwrap(), 0);
    house.uses("globex", "users", 10);
    clock.step_unix_to(tenant_core::UnixTime::from_secs(1_701_388_800));
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(here.stands("globex").await, (Some("starter".into()), None, None, TenantStatus::Active));
}

#[tokio::test]
async fn a_trial_ends_in_the_plan_that_was_chosen_for_later() {
    let (here, house, clock, _folder) = alone().await;
    here.add("acme", "pro", Some(10), Some(("starter", 500))).await;
    clock.advance(Duration::from_secs(10));
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(here.stands("acme").await, (Some("starter".into()), None, None, TenantStatus::Active));
    assert_eq!(house.heard(), [("acme".into(), ended("starter"))]);
}

#[tokio::test]
async fn one_that_fails_holds_up_no_other_and_is_tried_again() {
    let (here, house, clock, _folder) = alone().await;
    for (name, end) in [("acme", 1), ("globex", 2)] {
        here.add(name, "pro", Some(end), None).await;
    }
    clock.advance(Duration::from_secs(10));
    house.is_away.store(true, Ordering::Relaxed);
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(house.heard(), [("globex".into(), ended("free"))]);
    assert_eq!(*house.failed.lock(), [id("acme")]);
    house.is_away.store(false, Ordering::Relaxed);
    assert_eq!(here.changes.sweep().await.unwrap(), 1);
    assert_eq!(house.heard(), [("acme".into(), ended("free"))]);
}
