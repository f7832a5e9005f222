//! A tenant made of another one. What would tie them together: a row, a key that rows are found by, a secret, a session, a webhook,
//! a member, a key that use was told under; and what would reach a third one.

use serde_json::{Value, json};
use tenant_core::{
    ConfigStore, ConfigStoreExt, DatabaseKey, TenantConfig, TenantContext, TenantStatus,
    jobs::{Job, JobKind, JobStore, Progress},
    usage::{CUSTOMER, UsageKind, UsageRecord, UsageStore, UsageVerdict},
};
use tenant_sql::TenantType;
use tenant_sqlx::{DbConfigManager, DbJobs, DbUsage, ImportOptions, ImportReport, TenantDb};

use super::super::support::{COUNTS, Db, Place, SAME_PEOPLE, setup, sql};
use super::{
    House, LifecycleError, LifecycleErrorKind, TABLES, furnished, id,
    killed::{LEASE, now},
    kind, quiet,
    tar::entries,
};

/// What `furnished` leaves out; `~` is the tenant's id.
const MORE: [&str; 4] = [
    "INSERT INTO tenant_webhooks (tenant_id, webhook_id, url, secret, created_at) \
     VALUES ('~', 'w', 'https://~.example/', 'canary-webhook', 1)",
    "INSERT INTO tenant_webhook_events (tenant_id, event, webhook_id, place) VALUES ('~', '*', 'w', 0)",
    "INSERT INTO tenant_outbox (tenant_id, event_id, kind, created_at, data) VALUES ('~', 'e', 'user.created', 1, '{}')",
    "INSERT INTO tenant_deliveries (tenant_id, event_id, webhook_id, tries, next_try_at) VALUES ('~', 'e', 'w', 0, 1)",
];
const MORE_TABLES: [&str; 4] =
    ["tenant_webhooks", "tenant_webhook_events", "tenant_outbox", "tenant_deliveries"];
/// What a clone has.
const CLONED: [&str; 4] = ["tenant_projects", "people", "assignments", "notes"];

async fn full() -> House {
    let house = furnished().await;
    for name in ["acme", "globex"] {
        for statement in MORE {
            house.run(&statement.replace('~', name)).await;
        }
    }
    house
}

async fn cloned(house: &House, from: &str, to: &str) -> Result<ImportReport, LifecycleError> {
    let (file, options) = (house.file("scratch"), ImportOptions::new().tenant(id(to)));
    house.db().clone_tenant(house.configs(), &id(from), &file, &options, &quiet).await
}

async fn rows(house: &House, table: &str, tenant: &str) -> i64 {
    house.number(&format!("SELECT count(*) FROM {table} WHERE tenant_id = '{tenant}'")).await
}

#[tokio::test]
async fn a_clone_has_the_rows_of_its_source_and_nothing_else_of_it() {
    let house = full().await;
    let furnish = |config: &mut TenantConfig| {
        config.hosts = vec!["acme.example".into()];
        config.metadata.insert(CUSTOMER.into(), "cus_acme".into());
        config.metadata.insert("note".into(), "kept".into());
    };
    house.configs().modify(&id("acme"), furnish).await.unwrap();
    let (acme, globex) = (house.all_of("acme").await, house.all_of("globex").await);
    let report = cloned(&house, "acme", "initech").await.unwrap();
    assert_eq!(house.seen("initech").await, house.seen("acme").await);
    assert_eq!(house.number(SAME_PEOPLE).await, 30);
    for table in TABLES.iter().chain(&MORE_TABLES) {
        let expected = if CLONED.contains(table) { rows(&house, table, "acme").await } else { 0 };
        assert_eq!(rows(&house, table, "initech").await, expected, "{table}");
        assert!(table == &"tenant_moves" || rows(&house, table, "acme").await > 0, "{table} shows nothing");
    }
    let config = house.configs().fetch(&id("initech")).await.unwrap().unwrap();
    assert!(config.hosts.is_empty() && config.revision == 1, "{config:?}");
    assert_eq!(
        Value::Object(config.metadata),
        json!({ "note": "kept" }),
        "what it uses is not the source's to pay"
    );
    let mut people: Vec<&str> = report.people.iter().map(|person| person.email.as_str()).collect();
    people.sort_unstable();
    assert_eq!(people, ["both@x.example", "p@acme.example"], "they are to be invited");
    let scratch = entries(&std::fs::read(house.file("scratch")).unwrap());
    assert!(scratch.iter().all(|(name, _)| !name.contains("usage")), "what was used stays where it was");
    let text = String::from_utf8_lossy(&std::fs::read(house.file("scratch")).unwrap()).into_owned();
    assert!(!text.contains("canary") && !text.contains("globex"), "a secret, or somebody else");
    assert!(house.all_of("acme").await == acme && house.all_of("globex").await == globex);
}

#[tokio::test]
async fn what_changes_in_one_of_both_does_not_change_in_the_other() {
    let house = full().await;
    let globex = house.all_of("globex").await;
    cloned(&house, "acme", "initech").await.unwrap();
    let (acme, initech) = (house.tenant("acme").await, house.tenant("initech").await);
    let before = house.all_of("acme").await;
    let scoped = house.db().scoped(&initech);
    for statement in
        ["DELETE FROM assignments", "UPDATE people SET boss = NULL", "UPDATE notes SET text = 'x'"]
    {
        sqlx::query(statement).execute(&scoped).await.unwrap();
    }
    house.configs().modify(&id("initech"), |config| config.name = "Initech".into()).await.unwrap();
    house.run("UPDATE tenant_projects SET slug = 'r' WHERE tenant_id = 'initech'").await;
    assert!(house.all_of("acme").await == before, "the clone's changes are in its source");
    let before = house.all_of("initech").await;
    let scoped = house.db().scoped(&acme);
    sqlx::query("DELETE FROM notes").execute(&scoped).await.unwrap();
    sqlx::query(sql("UPDATE people SET email = ? WHERE id = 3")).bind("z").execute(&scoped).await.unwrap();
    if !COUNTS {
        sqlx::query("DELETE FROM assignments").execute(&scoped).await.unwrap();
    }
    house.configs().delete(&id("acme")).await.unwrap();
    house.purge("acme").await.unwrap();
    assert!(house.all_of("initech").await == before, "the source's changes are in its clone");
    assert!(house.all_of("globex").await == globex, "somebody else's rows");
}

#[tokio::test]
async fn what_the_source_used_is_not_the_clones_and_neither_are_the_keys_it_was_told_under() {
    let house = full().await;
    let usage = DbUsage::new(house.db());
    let record = |name: &str, tenant| {
        let record = UsageRecord::new(name, id(tenant), UsageKind::API_CALL, 5, now());
        UsageRecord { idempotency_key: Some("invoice-1".into()), ..record }
    };
    usage.record(&[record("a", "acme")]).await.unwrap();
    cloned(&house, "acme", "initech").await.unwrap();
    assert_eq!(usage.record(&[record("i", "initech")]).await.unwrap(), [UsageVerdict::New]);
    assert_eq!(rows(&house, "tenant_usage", "initech").await, 1);
}

#[tokio::test]
async fn there_is_no_clone_over_a_tenant_of_nobody_or_of_what_is_deleted() {
    let house = full().await;
    let (acme, globex) = (house.all_of("acme").await, house.all_of("globex").await);
    for (from, to, expected) in [
        ("acme", "globex", LifecycleErrorKind::Exists),
        ("acme", "acme", LifecycleErrorKind::Exists),
        ("nobody", "initech", LifecycleErrorKind::NotFound),
    ] {
        assert_eq!(kind(cloned(&house, from, to).await), expected, "{from} {to}");
    }
    let (file, options) = (house.file("scratch"), ImportOptions::new());
    let itself = house.db().clone_tenant(house.configs(), &id("acme"), &file, &options, &quiet).await;
    assert_eq!(kind(itself), LifecycleErrorKind::Exists);
    assert!(house.all_of("acme").await == acme && house.all_of("globex").await == globex);
    house.configs().delete(&id("acme")).await.unwrap();
    assert_eq!(kind(cloned(&house, "acme", "initech").await), LifecycleErrorKind::Deleted);
    assert_eq!(
        kind(cloned(&house, "globex", "acme").await),
        LifecycleErrorKind::Exists,
        "until it is purged"
    );
    assert!(house.configs().fetch(&id("initech")).await.unwrap().is_none());
    assert_eq!(rows(&house, "people", "initech").await, 0);
}

#[tokio::test]
async fn a_clone_of_who_is_suspended_is_suspended() {
    let house = House::new().await;
    house.configs().modify(&id("acme"), |config| config.status = TenantStatus::Suspended).await.unwrap();
    cloned(&house, "acme", "initech").await.unwrap();
    let config = house.configs().fetch(&id("initech")).await.unwrap().unwrap();
    assert_eq!(config.status, TenantStatus::Suspended);
}

#[tokio::test]
async fn a_clone_tells_how_far_it_has_come_and_never_less() {
    let house = House::new().await;
    let told = parking_lot::Mutex::new(Vec::new());
    let tell = |progress: Progress| told.lock().push(progress);
    let (file, options) = (house.file("scratch"), ImportOptions::new().tenant(id("initech")));
    house.db().clone_tenant(house.configs(), &id("acme"), &file, &options, &tell).await.unwrap();
    let told = told.into_inner();
    let last = told.last().unwrap();
    assert!(last.total >= 180 && last.done == last.total, "{told:?}");
    let half = told.iter().position(|progress| progress.done * 2 == progress.total && progress.total > 0);
    assert!(half.is_some_and(|half| half + 1 < told.len()), "{told:?}");
    assert!(told.is_sorted_by_key(|progress| progress.done), "{told:?}");
}

const LEDGERS: &str = "CREATE TABLE ledgers (tenant_id BIGINT NOT NULL, id BIGINT NOT NULL, amount BIGINT NOT NULL, \
    PRIMARY KEY (tenant_id, id))";
const EVENTS: &str = "CREATE TABLE happenings (tenant_id BIGINT NOT NULL, what BIGINT NOT NULL)";

/// Tables that are keyed by numbers, with two tenants.
async fn numbered(place: &Place) -> (TenantDb<Db>, DbConfigManager<Db>) {
    let builder = TenantDb::<Db>::open(&place.url()).await.unwrap().tenant_type(TenantType::Integer);
    let db = builder.build().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.migrate().await.unwrap();
    for statement in [LEDGERS, EVENTS] {
        sqlx::raw_sql(statement).execute(&db.unscoped(setup())).await.unwrap();
    }
    db.refresh_catalog().await.unwrap();
    for (name, key) in [("acme", 7), ("globex", 8)] {
        configs.create(with_key(name, key)).await.unwrap();
    }
    let tenant = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let scoped = db.scoped(&tenant);
    sqlx::query("INSERT INTO happenings (what) VALUES (1)").execute(&scoped).await.unwrap();
    sqlx::query("INSERT INTO ledgers (id, amount) VALUES (1, 5)").execute(&scoped).await.unwrap();
    (db, configs)
}

fn with_key(name: &str, key: i64) -> TenantConfig {
    TenantConfig::builder(id(name)).database_key(DatabaseKey::Integer(key)).build().unwrap()
}

#[tokio::test]
async fn no_two_tenants_carry_one_key_however_they_are_made() {
    let (place, folder) = (Place::new(), tempfile::tempdir().unwrap());
    let (db, configs) = numbered(&place).await;
    let file = folder.path().join("acme.tar");
    db.export_tenant(&configs, &id("acme"), &file, &quiet).await.unwrap();
    let all = "SELECT (SELECT count(*) FROM happenings) * 100 + (SELECT count(*) FROM ledgers)";
    let count = async || sqlx::query_scalar::<_, i64>(all).fetch_one(&db.unscoped(setup())).await.unwrap();
    // Rows without a key of their own would be there twice, and each would see the other's.
    let options = ImportOptions::new().tenant(id("initech"));
    let imported = db.import_tenant(&configs, &file, &options, &quiet).await;
    assert_eq!(kind(imported), LifecycleErrorKind::KeyTaken);
    let scratch = folder.path().join("scratch.tar");
    let cloned = db.clone_tenant(&configs, &id("acme"), &scratch, &options, &quiet).await;
    assert_eq!(kind(cloned), LifecycleErrorKind::KeyTaken);
    let taken = options.clone().database_key(DatabaseKey::Integer(8));
    let cloned = db.clone_tenant(&configs, &id("acme"), &scratch, &taken, &quiet).await;
    assert_eq!(kind(cloned), LifecycleErrorKind::KeyTaken);
    assert!(configs.create(with_key("initech", 7)).await.is_err());
    assert!(
        configs
            .modify(&id("globex"), |config| config.database_key = with_key("x", 7).database_key)
            .await
            .is_err()
    );
    assert!(configs.fetch(&id("initech")).await.unwrap().is_none());
    assert_eq!(count().await, 101);
    // A deleted one is one until it is purged.
    configs.delete(&id("globex")).await.unwrap();
    assert!(configs.create(with_key("initech", 8)).await.is_err());
    let own = options.database_key(DatabaseKey::Integer(9));
    db.clone_tenant(&configs, &id("acme"), &scratch, &own, &quiet).await.unwrap();
    assert_eq!(count().await, 202);
    let clone = TenantContext::of(&configs, &id("initech")).await.unwrap();
    sqlx::query("DELETE FROM happenings").execute(&db.scoped(&clone)).await.unwrap();
    assert_eq!(count().await, 102);
}

#[tokio::test]
async fn of_many_who_want_one_key_at_once_one_has_it() {
    let (place, folder) = (Place::new(), tempfile::tempdir().unwrap());
    let (db, _) = numbered(&place).await;
    let made = (0..8).map(|number| {
        let (db, configs, file) =
            (db.clone(), DbConfigManager::new(&db), folder.path().join(number.to_string()));
        tokio::spawn(async move {
            let name = format!("new-{number}");
            if number % 2 == 0 {
                return configs.create(with_key(&name, 9)).await.is_ok();
            }
            let options = ImportOptions::new().tenant(id(&name)).database_key(DatabaseKey::Integer(9));
            db.clone_tenant(&configs, &id("acme"), &file, &options, &quiet).await.is_ok()
        })
    });
    let mut there = 0;
    for made in made.collect::<Vec<_>>() {
        there += u32::from(made.await.unwrap());
    }
    let kept = "SELECT count(*) FROM tenants WHERE id LIKE 'new-%'";
    let kept: i64 = sqlx::query_scalar(kept).fetch_one(&db.unscoped(setup())).await.unwrap();
    assert_eq!((there, kept), (1, 1));
}

#[tokio::test]
async fn who_is_copied_is_neither_purged_nor_made_meanwhile() {
    let house = House::new().await;
    let jobs = DbJobs::<Db>::new(house.db());
    let job = |name: &str, kind, tenant: &str| Job::new(name, kind, id(tenant), now());
    jobs.create(&job("1", JobKind::Clone, "initech").from(id("acme"))).await.unwrap();
    let claim = jobs.claim(now(), LEASE * 100).await.unwrap().unwrap();
    jobs.create(&job("2", JobKind::Purge, "acme")).await.unwrap();
    jobs.create(&job("3", JobKind::Purge, "initech")).await.unwrap();
    jobs.create(&job("4", JobKind::Clone, "umbrella").from(id("initech"))).await.unwrap();
    assert!(jobs.claim(now(), LEASE).await.unwrap().is_none(), "of one of both");
    // What others are copied to does not wait.
    jobs.create(&job("5", JobKind::Clone, "stark").from(id("acme"))).await.unwrap();
    jobs.create(&job("6", JobKind::Purge, "globex")).await.unwrap();
    for name in ["5", "6"] {
        assert_eq!(&*jobs.claim(now(), LEASE * 100).await.unwrap().unwrap().job.job_id, name);
    }
    let done = tenant_core::jobs::JobOutcome::Done(serde_json::Map::new());
    assert!(jobs.finish(&claim, &done, now()).await.unwrap());
    assert_eq!(&*jobs.claim(now(), LEASE * 100).await.unwrap().unwrap().job.job_id, "3");
}

#[tokio::test]
async fn what_was_written_since_a_clone_began_is_in_it_or_not_at_all() {
    let house = House::new().await;
    let tenant = house.tenant("acme").await;
    let (file, options) = (house.file("scratch"), ImportOptions::new().tenant(id("initech")));
    let writes = async {
        // Of two rows of one transaction there is none without the other.
        for number in 0..40 {
            let mut tx = house.db().begin(&tenant).await.unwrap();
            for _ in 0..2 {
                let insert =
                    sqlx::query(sql("INSERT INTO notes (text) VALUES (?)")).bind(format!("pair {number}"));
                insert.execute(&mut tx).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    };
    let acme = id("acme");
    let cloned = house.db().clone_tenant(house.configs(), &acme, &file, &options, &quiet);
    let (cloned, ()) = tokio::join!(cloned, writes);
    cloned.unwrap();
    let pairs = house
        .number("SELECT count(*) FROM (SELECT text FROM notes WHERE tenant_id = 'initech' AND text LIKE 'pair%' GROUP BY text HAVING count(*) <> 2) t")
        .await;
    assert_eq!(pairs, 0);
}
