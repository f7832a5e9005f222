//! The config store, held to the same contract as the one in memory.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tenant_core::{
    Boost, ConfigManager, ConfigStore, ConfigStoreExt, DatabaseKey, Dimension, Due, DueTenants,
    InMemoryConfigManager, ManualClock, NamedLimit, NextPlan, Page, PlaceName, Placement, PolicyConfig,
    StoreError, StoreErrorKind, TenantConfig, TenantContext, TenantStatus, Timestamp, UnixTime, Window,
    settings::{InvalidSetting, Setting, SettingsSchema},
};
use tenant_sqlx::{DbConfigManager, TenantDb};

use super::support::{DAMAGES, Db, Place, config, id, one_connection, setup};

async fn stored() -> (DbConfigManager<Db>, TenantDb<Db>, Place) {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    db.migrate_tenants().await.unwrap();
    (DbConfigManager::new(&db), db, place)
}

/// Runs a test of the contract on both stores, and on the database behind a cache.
macro_rules! contract {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            rules::$name(InMemoryConfigManager::new()).await;
            let (configs, _db, _folder) = stored().await;
            rules::$name(configs).await;
            let (configs, _db, _folder) = stored().await;
            rules::$name(configs.cached(100, Duration::from_secs(60))).await;
        }
    )*};
}

contract! {
    a_created_tenant_is_found_as_it_was_written
    an_id_is_taken_once_and_for_good
    ids_are_told_apart_byte_for_byte
    a_stale_write_is_refused
    what_is_not_as_expected_is_neither_written_nor_deleted
    a_host_belongs_to_one_tenant
    nobody_has_hosts_below_or_over_those_of_another
    a_deleted_tenant_is_kept_but_closed
    tenants_are_listed_oldest_first
    an_invalid_config_is_refused
    what_does_not_exist_is_not_found
    who_is_due_is_found_the_longest_due_first_page_by_page
}

mod rules {
    use super::*;

    pub(super) async fn a_created_tenant_is_found_as_it_was_written(configs: impl ConfigStore) {
        let written = rich();
        let created = configs.create(written.clone()).await.unwrap();
        let found = configs.fetch(&id("acme")).await.unwrap().unwrap();
        assert_eq!(&found, created.config());
        assert_eq!(found.revision, 1);
        assert_eq!(found.created_at, found.updated_at);
        let mut as_written = found;
        as_written.revision = 0;
        (as_written.created_at, as_written.updated_at) = Default::default();
        assert_eq!(as_written, written);
        let loaded = configs.load(&id("acme")).await.unwrap().unwrap();
        assert_eq!(loaded.config(), created.config());
    }

    pub(super) async fn an_id_is_taken_once_and_for_good(configs: impl ConfigStore) {
        configs.create(config("acme")).await.unwrap();
        let again = async || configs.create(config("acme")).await.unwrap_err().kind();
        assert_eq!(again().await, StoreErrorKind::AlreadyExists);
        configs.delete(&id("acme")).await.unwrap();
        assert_eq!(again().await, StoreErrorKind::AlreadyExists);
    }

    pub(super) async fn ids_are_told_apart_byte_for_byte(configs: impl ConfigStore) {
        configs.create(config("acme")).await.unwrap();
        assert!(configs.fetch(&id("ACME")).await.unwrap().is_none());
        configs.create(config("ACME")).await.unwrap();
        configs.delete(&id("ACME")).await.unwrap();
        assert!(TenantContext::of(&configs, &id("acme")).await.is_ok());
    }

    pub(super) async fn a_stale_write_is_refused(configs: impl ConfigStore) {
        configs.create(config("acme")).await.unwrap();
        let read = configs.fetch(&id("acme")).await.unwrap().unwrap();
        let mut first = read.clone();
        first.name = "First".into();
        let written = configs.update(first).await.unwrap();
        assert_eq!((written.config().revision, written.config().created_at), (2, read.created_at));
        let error = configs.update(read).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::StaleRevision);
        assert_eq!(configs.fetch(&id("acme")).await.unwrap().unwrap().name, "First");
    }

    pub(super) async fn what_is_not_as_expected_is_neither_written_nor_deleted(configs: impl ConfigStore) {
        let acme = id("acme");
        configs.create(config("acme")).await.unwrap();
        let first = |config: &TenantConfig| config.revision == 1;
        let rename = |config: &mut TenantConfig| config.name = "Renamed".into();
        let written = configs.modify_if(&acme, first, rename).await.unwrap();
        assert_eq!((written.config().revision, &*written.config().name), (2, "Renamed"));
        let context = TenantContext::of(&configs, &acme).await.unwrap();
        let stale = |error: StoreError| assert_eq!(error.kind(), StoreErrorKind::StaleRevision);
        stale(configs.modify_if(&acme, first, |config| config.name = "Late".into()).await.unwrap_err());
        stale(configs.delete_if(&acme, first).await.unwrap_err());
        for other in [0, 1, 3, u64::MAX] {
            stale(configs.delete_revision(&acme, other).await.unwrap_err());
        }
        assert_eq!(configs.fetch(&acme).await.unwrap().as_ref(), Some(written.config()));
        assert!(context.ensure_active().is_ok());
        configs.delete_revision(&acme, 2).await.unwrap();
        assert!(context.ensure_active().is_err());
        let missing = |error: StoreError| assert_eq!(error.kind(), StoreErrorKind::NotFound);
        missing(configs.delete_revision(&acme, 3).await.unwrap_err());
        missing(configs.delete_if(&acme, |_| true).await.unwrap_err());
        missing(configs.modify_if(&acme, |_| true, rename).await.unwrap_err());
    }

    pub(super) async fn a_host_belongs_to_one_tenant(configs: impl ConfigStore) {
        let with_hosts = |name: &str, hosts: &[&str]| {
            TenantConfig::builder(id(name)).hosts(hosts.iter().copied()).build().unwrap()
        };
        configs.create(with_hosts("acme", &["b.example", "a.example"])).await.unwrap();
        let error = configs.create(with_hosts("globex", &["free.example", "a.example"])).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::HostTaken);
        assert!(configs.fetch(&id("globex")).await.unwrap().is_none(), "no half of it stays");
        assert_eq!(configs.tenant_of_host("free.example").await.unwrap(), None);
        assert_eq!(configs.tenant_of_host("a.example").await.unwrap(), Some(id("acme")));

        configs.create(with_hosts("globex", &["free.example"])).await.unwrap();
        let take = configs.modify(&id("globex"), |config| config.hosts.push("b.example".into())).await;
        assert_eq!(take.unwrap_err().kind(), StoreErrorKind::HostTaken);
        assert_eq!(configs.tenant_of_host("free.example").await.unwrap(), Some(id("globex")));
        assert_eq!(configs.fetch(&id("globex")).await.unwrap().unwrap().revision, 1);

        configs.modify(&id("acme"), |config| config.hosts = vec!["a.example".into()]).await.unwrap();
        configs.modify(&id("globex"), |config| config.hosts.push("b.example".into())).await.unwrap();
        assert_eq!(configs.tenant_of_host("b.example").await.unwrap(), Some(id("globex")));
        let hosts = configs.fetch(&id("globex")).await.unwrap().unwrap().hosts;
        assert_eq!(hosts, ["free.example", "b.example"], "in their order");
    }

    pub(super) async fn nobody_has_hosts_below_or_over_those_of_another(configs: impl ConfigStore) {
        let with_hosts = |name: &str, hosts: &[String]| {
            TenantConfig::builder(id(name)).hosts(hosts.iter().cloned()).build().unwrap()
        };
        for (round, (first, second, free)) in [
            ("*.acme", "app.acme", false),
            ("app.acme", "*.acme", false),
            ("*.acme", "*.acme", false),
            ("*.acme", "acme", true),
            ("acme", "*.acme", true),
            ("*.acme", "a.b.acme", true),
            ("a.b.acme", "*.acme", true),
            ("*.b.acme", "*.acme", true),
        ]
        .into_iter()
        .enumerate()
        {
            let (acme, globex) = (format!("acme{round}"), format!("globex{round}"));
            let host = |host: &str| format!("{host}{round}.example");
            configs.create(with_hosts(&acme, &[host(first)])).await.unwrap();
            let both = [host("free"), host(second)];
            let created = configs.create(with_hosts(&globex, &both)).await.map_err(|error| error.kind());
            assert_eq!(created.err(), (!free).then_some(StoreErrorKind::HostTaken), "{first} {second}");
            assert_eq!(
                configs.tenant_of_host(&both[0]).await.unwrap(),
                free.then(|| id(&globex)),
                "all or nothing"
            );
            if free {
                continue;
            }
            configs.create(config(&globex)).await.unwrap();
            let take = configs.modify(&id(&globex), |config| config.hosts = vec![host(second)]).await;
            assert_eq!(take.unwrap_err().kind(), StoreErrorKind::HostTaken, "{first} {second}");
            let own = vec![host("*.acme"), host("app.acme")];
            let given = configs.modify(&id(&acme), |config| config.hosts = own.clone()).await.unwrap();
            assert_eq!(given.config().hosts, own, "the same tenant has both");
            for (asked, owner) in
                [("app.acme", true), ("any.acme", true), ("acme", false), ("a.b.acme", false)]
            {
                let tenant = configs.tenant_of_host(&host(asked)).await.unwrap();
                assert_eq!(tenant, owner.then(|| id(&acme)), "{asked}");
            }
            configs.delete(&id(&acme)).await.unwrap();
            configs.modify(&id(&globex), |config| config.hosts = vec![host(second)]).await.unwrap();
        }
    }

    pub(super) async fn a_deleted_tenant_is_kept_but_closed(configs: impl ConfigStore) {
        let acme = TenantConfig::builder(id("acme")).hosts(["a.example"]).build().unwrap();
        configs.create(acme).await.unwrap();
        let context = TenantContext::of(&configs, &id("acme")).await.unwrap();
        configs.delete(&id("acme")).await.unwrap();
        assert!(context.ensure_active().is_err());
        assert!(TenantContext::of(&configs, &id("acme")).await.is_err());
        assert_eq!(configs.tenant_of_host("a.example").await.unwrap(), None);
        let kept = configs.fetch(&id("acme")).await.unwrap().unwrap();
        assert_eq!((kept.status, kept.revision, kept.hosts), (TenantStatus::Deleted, 2, vec![]));
        assert_eq!(configs.delete(&id("acme")).await.unwrap_err().kind(), StoreErrorKind::NotFound);
        let revive = configs.modify(&id("acme"), |config| config.status = TenantStatus::Active).await;
        assert_eq!(revive.unwrap_err().kind(), StoreErrorKind::NotFound);
        let mut revived = configs.fetch(&id("acme")).await.unwrap().unwrap();
        revived.status = TenantStatus::Active;
        assert_eq!(configs.update(revived).await.unwrap_err().kind(), StoreErrorKind::NotFound);
    }

    pub(super) async fn tenants_are_listed_oldest_first(configs: impl ConfigStore) {
        for name in ["delta", "alpha", "charlie", "bravo"] {
            configs.create(config(name)).await.unwrap();
        }
        configs.delete(&id("alpha")).await.unwrap();
        let page = async |limit, offset| {
            let list = configs.list(Page { limit, offset }).await.unwrap();
            let names: Vec<String> = list.tenants.iter().map(|config| config.tenant_id.to_string()).collect();
            (names.join(" "), list.total)
        };
        assert_eq!(page(10, 0).await, ("delta alpha charlie bravo".into(), 4));
        assert_eq!(page(2, 1).await, ("alpha charlie".into(), 4));
        assert_eq!(page(0, 0).await, (String::new(), 4));
        assert_eq!(page(u32::MAX, u64::MAX).await, (String::new(), 4));
    }

    pub(super) async fn an_invalid_config_is_refused(configs: impl ConfigStore) {
        let mut wrong = config("acme");
        wrong.hosts = vec!["UPPER.example".into()];
        assert_eq!(configs.create(wrong).await.unwrap_err().kind(), StoreErrorKind::Invalid);
        configs.create(config("acme")).await.unwrap();
        let wrong = configs.modify(&id("acme"), |config| config.name = "two\nlines".into()).await;
        assert_eq!(wrong.unwrap_err().kind(), StoreErrorKind::Invalid);
    }

    pub(super) async fn who_is_due_is_found_the_longest_due_first_page_by_page(
        configs: impl ConfigStore + DueTenants,
    ) {
        let due = |name: &str, trial: Option<i64>, next: Option<i64>| {
            let next = next.map(|next| NextPlan::new("starter", at(next)));
            TenantConfig::builder(id(name)).trial_ends_at(trial.map(at)).next_plan(next).build().unwrap()
        };
        for (name, trial, next) in [
            ("never", None, None),
            ("later", Some(11), Some(12)),
            ("b", Some(5), None),
            ("a", Some(9), Some(5)),
            ("first", Some(1), Some(2)),
            ("last", None, Some(10)),
            ("deleted", Some(1), None),
            ("ended", Some(1), None),
        ] {
            configs.create(due(name, trial, next)).await.unwrap();
        }
        configs.delete(&id("deleted")).await.unwrap();
        configs.modify(&id("ended"), |config| config.trial_ends_at = None).await.unwrap();
        // One that is not served has a trial that ends, too.
        configs.modify(&id("b"), |config| config.status = TenantStatus::Suspended).await.unwrap();
        let names = |page: &[Due]| page.iter().map(|due| due.tenant.to_string()).collect::<Vec<_>>();
        let first = configs.due(at(10), None, 2).await.unwrap();
        assert_eq!((names(&first), first[0].at), (vec!["first".into(), "a".into()], at(1)));
        let second = configs.due(at(10), first.last(), 2).await.unwrap();
        assert_eq!(names(&second), ["b", "last"]);
        assert_eq!(configs.due(at(10), second.last(), 2).await.unwrap(), []);
        assert_eq!(names(&configs.due(at(9), None, 100).await.unwrap()), ["first", "a", "b"]);
        assert_eq!(configs.due(at(0), None, 100).await.unwrap(), []);
    }

    pub(super) async fn what_does_not_exist_is_not_found(configs: impl ConfigStore) {
        assert!(configs.load(&id("nobody")).await.unwrap().is_none());
        assert!(configs.fetch(&id("nobody")).await.unwrap().is_none());
        assert_eq!(configs.update(config("nobody")).await.unwrap_err().kind(), StoreErrorKind::NotFound);
        assert_eq!(configs.delete(&id("nobody")).await.unwrap_err().kind(), StoreErrorKind::NotFound);
        assert_eq!(configs.tenant_of_host("nowhere.example").await.unwrap(), None);
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds * 1_000_000)
}

/// A config with something in every field.
fn rich() -> TenantConfig {
    let policy = PolicyConfig {
        allowed_models: vec!["gpt-4".into(), "o\"3'".into()],
        allowed_tools: vec!["search".into()],
        allowed_methods: vec!["GET".into()],
        allowed_paths: vec!["/api".into()],
    };
    let object =
        |key: &str| [(key.to_owned(), serde_json::json!({"deep": [1, "ü", null]}))].into_iter().collect();
    TenantConfig::builder(id("acme"))
        .name("Acme 'Corp' \"Ü\"")
        .status(TenantStatus::Active)
        .plan(Some("pro".into()))
        .requests_per_minute(100)
        .tokens_per_minute(1 << 53)
        .policy(policy)
        .hosts(["b.example", "a.example"])
        .features(BTreeMap::from([("sso".to_owned(), true), ("beta".to_owned(), false)]))
        .branding(object("logo"))
        .settings(object("theme"))
        .setting("allowed_networks", serde_json::json!(["192.0.2.0/24", "2001:db8::/32"]))
        .metadata(object("contact"))
        .limit("daily", NamedLimit::rate(Dimension::Named("exports".into()), Window::Day, 5).shadow(true))
        .trial_ends_at(Some(Timestamp::from_unix_micros(1_700_000_000_500_000)))
        .next_plan(Some(NextPlan::new("starter", at(1_701_388_800))))
        .boosts([Boost::new("sale", at(1_701_000_000)).requests_per_minute(50).limit("daily", 5)])
        .database_key(DatabaseKey::Uuid(u128::MAX - 1))
        .placement(Placement::Database(PlaceName::parse("t_1").unwrap()))
        .build()
        .unwrap()
}

#[tokio::test]
async fn survives_the_process() {
    let (configs, db, place) = stored().await;
    let created = configs.create(rich()).await.unwrap();
    db.close().await;
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    let found = DbConfigManager::new(&db).fetch(&id("acme")).await.unwrap().unwrap();
    assert_eq!(&found, created.config());
}

#[tokio::test]
async fn a_schema_refuses_wrong_settings_and_holds_up_nothing_else() {
    const SEATS: Setting<u64> =
        Setting::new("seats", || 5, |value| value.as_u64().ok_or(InvalidSetting::new("must be a number")));
    let (configs, _db, _place) = stored().await;
    let seats =
        |name: &str, seats: &str| TenantConfig::builder(id(name)).setting("seats", seats).build().unwrap();
    configs.create(seats("acme", "many")).await.unwrap();
    let configs = configs.with_settings(SettingsSchema::new().with(SEATS).closed());
    let kind = |answer: Result<_, StoreError>| answer.map(drop).unwrap_err().kind();
    assert_eq!(kind(configs.create(seats("globex", "many")).await), StoreErrorKind::Invalid);
    let suspended = configs.modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await;
    assert!(!suspended.unwrap().is_live());
    let rename = |config: &mut TenantConfig| drop(config.settings.insert("seets".into(), 7.into()));
    assert_eq!(kind(configs.modify(&id("acme"), rename).await), StoreErrorKind::Invalid);
    let mend = |config: &mut TenantConfig| drop(config.settings.insert("seats".into(), 7.into()));
    assert_eq!(SEATS.of(configs.modify(&id("acme"), mend).await.unwrap().config()), Ok(7));
}

#[tokio::test]
async fn time_stamps_come_from_the_clock() {
    let clock = Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)));
    let place = Place::new();
    let pool = one_connection(&place).await;
    let db = TenantDb::builder(pool).clock(Arc::clone(&clock) as _).build().await.unwrap();
    db.migrate_tenants().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.create(config("acme")).await.unwrap();
    clock.advance(Duration::from_millis(1_500));
    let changed = configs.modify(&id("acme"), |config| config.name = "Acme".into()).await.unwrap();
    let stamps = (changed.config().created_at.to_string(), changed.config().updated_at.to_string());
    assert_eq!(stamps, ("2023-11-14T22:13:20Z".into(), "2023-11-14T22:13:21.5Z".into()));
    assert_eq!(configs.fetch(&id("acme")).await.unwrap().as_ref(), Some(changed.config()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_that_create_the_same_tenant_one_succeeds() {
    let (configs, _db, place) = stored().await;
    let elsewhere = DbConfigManager::new(&TenantDb::<Db>::connect(&place.url()).await.unwrap());
    for round in 0..20 {
        let name = format!("tenant-{round}");
        let (here, there) = tokio::join!(configs.create(config(&name)), elsewhere.create(config(&name)));
        let kinds = [here, there].map(|answer| answer.err().map(|error| error.kind()));
        assert!(kinds.contains(&None) && kinds.contains(&Some(StoreErrorKind::AlreadyExists)), "{kinds:?}");
    }
}

/// Two instances, with a pool each: whoever read the same revision writes over nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_that_have_read_the_same_revision_one_writes_or_deletes() {
    let (one, _db, place) = stored().await;
    let other = DbConfigManager::new(&TenantDb::<Db>::connect(&place.url()).await.unwrap());
    let instances = [Arc::new(one), Arc::new(other)];
    for round in 0..4 {
        let tenant = id(&format!("tenant-{round}"));
        instances[0].create(config(tenant.as_str())).await.unwrap();
        let tries: Vec<_> = (0..50)
            .map(|number| {
                let configs = Arc::clone(&instances[number % 2]);
                tokio::spawn(async move {
                    let is_expected = |config: &TenantConfig| config.revision == 1;
                    match (round + number) % 5 {
                        0 => configs.delete_if(&tenant, is_expected).await,
                        _ => {
                            let rename = |config: &mut TenantConfig| config.name = format!("{number}");
                            configs.modify_if(&tenant, is_expected, rename).await.map(drop)
                        }
                    }
                })
            })
            .collect();
        let mut done = 0;
        for attempt in tries {
            match attempt.await.unwrap() {
                Ok(()) => done += 1,
                // What was deleted is there no more.
                Err(error) => {
                    let expected = [StoreErrorKind::StaleRevision, StoreErrorKind::NotFound];
                    assert!(expected.contains(&error.kind()), "{error:?}");
                }
            }
        }
        assert_eq!((done, instances[1].fetch(&tenant).await.unwrap().unwrap().revision), (1, 2));
    }
}

/// Two instances, with a pool each: what one looks for, the other may be writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_instances_that_give_out_a_wildcard_and_a_host_below_it_one_succeeds() {
    let (one, _db, place) = stored().await;
    let other = DbConfigManager::new(&TenantDb::<Db>::connect(&place.url()).await.unwrap());
    for round in 0..40 {
        let (wild, single) = (format!("w{round}"), format!("s{round}"));
        let hosts = |name: &str, host: String| vec![format!("{name}.own.example"), host];
        let of_wild = hosts(&wild, format!("*.shop{round}.example"));
        let of_single = hosts(&single, format!("app.shop{round}.example"));
        let (first, second) = if round % 2 == 0 {
            let with = |name: &str, hosts: &Vec<String>| {
                TenantConfig::builder(id(name)).hosts(hosts.clone()).build().unwrap()
            };
            tokio::join!(
                race(one.create(with(&wild, &of_wild))),
                race(other.create(with(&single, &of_single)))
            )
        } else {
            one.create(config(&wild)).await.unwrap();
            one.create(config(&single)).await.unwrap();
            let (wild, single) = (id(&wild), id(&single));
            tokio::join!(
                race(one.modify(&wild, |config| config.hosts = of_wild.clone())),
                race(other.modify(&single, |config| config.hosts = of_single.clone()))
            )
        };
        let won = [first, second].into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "round {round}");
    }
}

/// Whether somebody got what they raced for.
async fn race<T>(change: impl Future<Output = Result<T, StoreError>>) -> bool {
    match change.await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::HostTaken, "{error:?}");
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_concurrent_change_is_lost() {
    let (configs, _db, _folder) = stored().await;
    let configs = Arc::new(configs);
    configs.create(config("acme")).await.unwrap();
    let tasks = (0..16).map(|_| {
        let configs = Arc::clone(&configs);
        tokio::spawn(async move {
            for _ in 0..3 {
                configs.modify(&id("acme"), count_up).await.unwrap();
            }
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
    let found = configs.fetch(&id("acme")).await.unwrap().unwrap();
    assert_eq!((found.metadata["count"].as_u64(), found.revision), (Some(48), 49));
}

fn count_up(config: &mut TenantConfig) {
    let count = config.metadata.get("count").and_then(serde_json::Value::as_u64).unwrap_or(0);
    config.metadata.insert("count".into(), (count + 1).into());
}

#[tokio::test]
async fn a_row_of_the_contracts_columns_alone_is_a_tenant() {
    let (configs, db, _folder) = stored().await;
    sqlx::query(
        "INSERT INTO tenants (id, quota_requests_per_minute, quota_tokens_per_minute, allowed_models, allowed_tools,
            metadata, created_at, updated_at)
         VALUES ('acme', 60, NULL, '[\"gpt-4\"]', '[]', '{\"tier\": 1}', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00+01:00')",
    )
    .execute(&db.unscoped(setup()))
    .await
    .unwrap();
    let found = configs.fetch(&id("acme")).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.status), ("acme", TenantStatus::Active));
    assert_eq!((found.quota.requests_per_minute, found.quota.tokens_per_minute), (Some(60), None));
    assert_eq!(found.policy.allowed_models, ["gpt-4"]);
    configs.modify(&id("acme"), |config| config.name = "Acme".into()).await.unwrap();
}

#[tokio::test]
async fn what_was_written_can_be_read_by_others() {
    let (configs, db, _folder) = stored().await;
    configs.create(rich()).await.unwrap();
    let row: (String, i64, i64, String, String, String) = sqlx::query_as(
        "SELECT id, quota_requests_per_minute, quota_tokens_per_minute, allowed_models, allowed_tools, created_at
         FROM tenants",
    )
    .fetch_one(&db.unscoped(setup()))
    .await
    .unwrap();
    assert_eq!((row.0.as_str(), row.1, row.2), ("acme", 100, 1 << 53));
    assert_eq!((row.3.as_str(), row.4.as_str()), (r#"["gpt-4","o\"3'"]"#, r#"["search"]"#));
    assert!(row.5.ends_with('Z'));
}

#[tokio::test]
async fn an_unreadable_row_is_an_error_and_no_panic() {
    let everywhere = [
        "UPDATE tenants SET status = 'asleep'",
        "UPDATE tenants SET allowed_models = 'gpt-4'",
        "UPDATE tenants SET allowed_models = '{}'",
        "UPDATE tenants SET quota_requests_per_minute = -1",
        "UPDATE tenants SET metadata = '[1'",
        "UPDATE tenants SET limits = '{\"x\": {\"kind\": \"rate\"}}'",
        "UPDATE tenants SET database_key = 'x'",
        "UPDATE tenants SET placement = '{\"schema\": \"public\"}'",
        "UPDATE tenants SET created_at = 'yesterday'",
        "UPDATE tenants SET revision = -5",
    ];
    for damage in everywhere.iter().chain(DAMAGES).copied() {
        let (configs, db, _folder) = stored().await;
        configs.create(config("acme")).await.unwrap();
        sqlx::query(damage).execute(&db.unscoped(setup())).await.unwrap();
        let error = configs.load(&id("acme")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{damage}");
        assert!(configs.list(Page { limit: 10, offset: 0 }).await.is_err(), "{damage}");
        assert!(TenantContext::of(&configs, &id("acme")).await.is_err(), "{damage}");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_unavailable() {
    let (configs, db, _folder) = stored().await;
    db.close().await;
    assert_eq!(configs.load(&id("acme")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!(configs.create(config("acme")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
}
