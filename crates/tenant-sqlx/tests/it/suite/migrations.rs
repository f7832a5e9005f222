//! The application's migrations and the framework's, on one database.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use tenant_core::{ConfigStore, DueTenants, TenantConfig, TenantContext, Timestamp};
use tenant_sql::RefusalKind;
use tenant_sqlx::{DbConfigManager, TenantDb};

use super::support::{Db, MIGRATIONS_ROLL_BACK, NOTES, Place, TABLES, config, house, id, refusal, setup};

fn migrator(steps: &[(i64, &'static str)]) -> Migrator {
    let migration = |&(version, sql): &(i64, &'static str)| {
        Migration::new(version, "step".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

const FIRST: (i64, &str) = (1, NOTES);

#[tokio::test]
async fn the_catalog_follows_a_migration() {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    assert_eq!(db.catalog().tables().count(), 0, "a new database is empty");
    db.migrate_tenants().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.create(config("acme")).await.unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    let insert = "INSERT INTO notes (text) VALUES ('hello')";
    let early = sqlx::query(insert).execute(&db.scoped(&acme)).await;
    assert_eq!(refusal(early), RefusalKind::UnknownRelation);
    db.migrate(&migrator(&[FIRST])).await.unwrap();
    sqlx::query(insert).execute(&db.scoped(&acme)).await.unwrap();
}

#[tokio::test]
async fn a_table_made_past_it_is_known_after_a_refresh_and_gone_after_another() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    let read = async || sqlx::query("SELECT * FROM notes").execute(&scoped).await;
    sqlx::raw_sql(NOTES).execute(&house.db.unscoped(setup())).await.unwrap();
    assert_eq!(refusal(read().await), RefusalKind::UnknownRelation);
    house.db.refresh_catalog().await.unwrap();
    read().await.unwrap();
    sqlx::raw_sql("DROP TABLE notes").execute(&house.db.unscoped(setup())).await.unwrap();
    house.db.refresh_catalog().await.unwrap();
    assert_eq!(refusal(read().await), RefusalKind::UnknownRelation);
}

#[tokio::test]
async fn both_keep_their_books_apart_and_may_run_again() {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    for _ in 0..3 {
        db.migrate(&migrator(&[FIRST])).await.unwrap();
        db.migrate_tenants().await.unwrap();
    }
    let rows = async |table: &'static str| -> i64 {
        sqlx::query_scalar(table).fetch_one(&db.unscoped(setup())).await.unwrap()
    };
    assert_eq!(rows("SELECT count(*) FROM _sqlx_migrations").await, 1);
    assert_eq!(rows("SELECT count(*) FROM _tenant_migrations").await, 20);
}

#[tokio::test]
async fn a_trial_that_began_before_anybody_ended_trials_is_due_too() {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    db.migrate_tenants().await.unwrap();
    let configs = DbConfigManager::new(&db);
    let moment = |text: &str| Timestamp::parse(text).unwrap();
    for (name, trial) in [("acme", Some("2024-03-01T00:00:00.25Z")), ("globex", None)] {
        let config = TenantConfig::builder(id(name)).trial_ends_at(trial.map(moment)).build().unwrap();
        configs.create(config).await.unwrap();
    }
    // As it was before; how an index is dropped hangs on the database.
    let run = async |sql: &'static str| sqlx::raw_sql(sql).execute(&db.unscoped(setup())).await.map(drop);
    let dropped =
        [run("DROP INDEX tenants_by_due").await, run("ALTER TABLE tenants DROP INDEX tenants_by_due").await];
    assert!(dropped.iter().any(Result::is_ok));
    for column in [
        "ALTER TABLE tenants DROP COLUMN due_at",
        "ALTER TABLE tenants DROP COLUMN boosts",
        "ALTER TABLE tenants DROP COLUMN next_plan",
        "DELETE FROM _tenant_migrations WHERE version = 17",
    ] {
        run(column).await.unwrap();
    }
    db.migrate_tenants().await.unwrap();
    let due = configs.due(moment("2024-03-01T00:00:01Z"), None, 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.tenant).collect::<Vec<_>>(), [id("acme")]);
    assert_eq!(configs.due(moment("2024-02-29T23:59:59Z"), None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn one_that_fails_leaves_nothing_behind_or_is_not_run_again() {
    let place = Place::new();
    let db = TenantDb::<Db>::connect(&place.url()).await.unwrap();
    let broken = migrator(&[(1, "CREATE TABLE more (x INTEGER); CREATE TABLE more (x INTEGER);")]);
    db.migrate(&broken).await.unwrap_err();
    let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(&db.unscoped(setup())).await.unwrap();
    assert_eq!(tables, i64::from(!MIGRATIONS_ROLL_BACK));
    let again = db.migrate(&migrator(&[(1, "CREATE TABLE more (x INTEGER)")])).await;
    assert_eq!(again.is_ok(), MIGRATIONS_ROLL_BACK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_starters_migrate_once() {
    let place = Place::new();
    let url = place.url();
    // The books are there already: looking into them is no write, and takes no lock by itself.
    let first = TenantDb::<Db>::connect(&url).await.unwrap();
    first.migrate(&migrator(&[FIRST])).await.unwrap();
    let starters = (0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let db = TenantDb::<Db>::connect(&url).await.unwrap();
            db.migrate_tenants().await.unwrap();
            db.migrate(&migrator(&[FIRST, (2, "INSERT INTO notes VALUES ('acme', 'once')")])).await.unwrap();
        })
    });
    for starter in futures_util::future::join_all(starters).await {
        starter.unwrap();
    }
    let db = TenantDb::<Db>::connect(&url).await.unwrap();
    let notes: i64 =
        sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(&db.unscoped(setup())).await.unwrap();
    assert_eq!(notes, 1);
}
