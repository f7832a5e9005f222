//! What is acknowledged survives, and the settings that make it so.

use sqlx::Sqlite;
use tenant_sqlx::TenantDb;

use super::{
    database::Place,
    suite::support::{furnish, house, setup},
};

#[tokio::test]
async fn settings_let_acknowledged_writes_survive() {
    let house = house().await;
    let unscoped = house.db.unscoped(setup());
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&unscoped).await.unwrap();
    assert_eq!(journal, "wal");
    // Eight times, so that each connection is asked: 2 is FULL.
    for _ in 0..8 {
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&unscoped).await.unwrap();
        let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&unscoped).await.unwrap();
        let timeout: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&unscoped).await.unwrap();
        assert_eq!((synchronous, foreign_keys, timeout), (2, 1, 10_000));
    }
}

#[tokio::test]
async fn another_handle_on_the_file_sees_what_was_acknowledged() {
    let house = house().await;
    sqlx::query("INSERT INTO users (email) VALUES ('new@acme')")
        .execute(&house.db.scoped(&house.acme))
        .await
        .unwrap();
    let other = TenantDb::<Sqlite>::connect(&house.place.url()).await.unwrap();
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&other.scoped(&house.acme)).await.unwrap();
    assert_eq!(count, 4);
}

#[tokio::test]
async fn a_database_in_memory_is_one_database() {
    let db = TenantDb::<Sqlite>::connect("sqlite::memory:").await.unwrap();
    let house = furnish(db, Place::new()).await;
    let count = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(&house.db.scoped(&house.acme))
            .await
            .unwrap()
    };
    assert_eq!(tokio::join!(count(), count(), count()), (3, 3, 3));
}

#[tokio::test]
async fn a_missing_file_is_not_created_where_the_url_says_so() {
    let place = Place::new();
    let answer = TenantDb::<Sqlite>::connect(&format!("{}?mode=rw", place.url())).await;
    assert!(answer.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_file_can_be_opened_by_many_at_once() {
    for _ in 0..5 {
        let place = Place::new();
        let url = place.url();
        let open = (0..8).map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let db = TenantDb::<Sqlite>::connect(&url).await?;
                db.migrate_tenants().await
            })
        });
        for opened in futures_util::future::join_all(open).await {
            opened.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn nobody_has_a_database_of_its_own_beside_one_in_memory() {
    for url in ["sqlite::memory:", "sqlite://shared?mode=memory"] {
        let builder = TenantDb::<Sqlite>::open(url).await.unwrap();
        let error = builder.databases(2).build().await.unwrap_err();
        assert!(error.to_string().contains("memory"), "{error}");
    }
}
