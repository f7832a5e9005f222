//! Many schemas, and their migrations.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenant_core::{ConfigStore, PlaceName, Placement, TenantConfig};
use tenant_sqlx::{DbConfigManager, Fleet, PlaceState, TenantDb};

use super::suite::{
    fleet::{FIRST, SECOND, migrator, state},
    support::{Place, id, setup},
};

/// How many there are; `TENANT_SCHEMAS` says otherwise.
fn many() -> usize {
    std::env::var("TENANT_SCHEMAS").ok().and_then(|many| many.parse().ok()).unwrap_or(100)
}

fn schema(number: usize) -> Placement {
    Placement::Schema(PlaceName::parse(&format!("fleet_{number:04}")).unwrap())
}

async fn town(schemas: usize) -> (Place, TenantDb<sqlx::Postgres>, DbConfigManager<sqlx::Postgres>) {
    let place = Place::new();
    let db = TenantDb::<sqlx::Postgres>::open(&place.url()).await.unwrap().schemas().build().await.unwrap();
    let configs = DbConfigManager::new(&db);
    configs.migrate().await.unwrap();
    let mut system = PgConnection::connect(&place.url()).await.unwrap();
    for number in 0..schemas {
        let name = schema(number).name().unwrap().to_string();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&mut system).await.unwrap();
        let config = TenantConfig::builder(id(&format!("tenant-{number}"))).placement(schema(number));
        configs.create(config.build().unwrap()).await.unwrap();
    }
    (place, db, configs)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_schemas_are_migrated_and_once_they_are_one_query_says_so() {
    let schemas = many();
    let (_place, db, configs) = town(schemas).await;
    for steps in [&[FIRST][..], &[FIRST, SECOND]] {
        let migrator = migrator(steps);
        let begin = Instant::now();
        let report = Fleet::new(&configs, &migrator).concurrency(4).migrate().await.unwrap();
        println!("{schemas} schemas migrated in {:?}", begin.elapsed());
        assert_eq!(report.count(|state| matches!(state, PlaceState::Migrated { .. })), schemas + 1);
        let begin = Instant::now();
        let report = Fleet::new(&configs, &migrator).migrate().await.unwrap();
        println!("{schemas} schemas found up to date in {:?}", begin.elapsed());
        assert_eq!(report.count(|state| *state == PlaceState::Current), schemas + 1);
        let begin = Instant::now();
        let report = Fleet::new(&configs, &migrator).look_everywhere().inspect().await.unwrap();
        println!("{schemas} schemas looked at in {:?}", begin.elapsed());
        assert!(report.is_current());
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE tablename = 'more'")
        .fetch_one(&db.unscoped(setup()))
        .await
        .unwrap();
    assert_eq!(usize::try_from(tables).unwrap(), schemas + 1);
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_missing_and_not_made() {
    let (_place, db, configs) = town(2).await;
    sqlx::raw_sql("DROP SCHEMA fleet_0000").execute(&db.unscoped(setup())).await.unwrap();
    let first = migrator(&[FIRST]);
    let report = Fleet::new(&configs, &first).keep_going().migrate().await.unwrap();
    assert_eq!(*state(&report, &schema(0)), PlaceState::Missing);
    assert!(state(&report, &schema(1)).is_current());
    let report = Fleet::new(&configs, &first).migrate().await.unwrap();
    assert_eq!(*state(&report, &schema(0)), PlaceState::Missing);
}

/// A migration that takes its time, for which the others would wait if the lock were that of the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn schemas_don_t_wait_for_each_other() {
    let (place, _db, configs) = town(4).await;
    let first = migrator(&[FIRST]);
    assert!(Fleet::new(&configs, &first).migrate().await.unwrap().is_current());
    // All of them hold a lock that only all of them together give free.
    let meet = "SELECT pg_advisory_lock_shared(4711); SELECT pg_sleep(0.5)";
    let steps = migrator(&[FIRST, (2, meet)]);
    let watcher = tokio::spawn(async move {
        let mut system = PgConnection::connect(&place.url()).await.unwrap();
        let mut most: i64 = 0;
        for _ in 0..100 {
            let held =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted";
            let held: i64 = sqlx::query_scalar(held).fetch_one(&mut system).await.unwrap();
            most = most.max(held);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        (most, place)
    });
    assert!(Fleet::new(&configs, &steps).concurrency(3).migrate().await.unwrap().is_current());
    let (most, _place) = watcher.await.unwrap();
    assert!(most >= 2, "{most} at a time");
}
