//! The settings that the server must have, and sessions that are not shared.

use sqlx::{Connection, MySql, Pool};
use tenant_sqlx::TenantDb;
use tenant_testkit::servers::{MariaDb, ServerOptions};

use super::{
    database::Place,
    suite::support::{count, emails, narrow_house, setup},
};

#[track_caller]
fn names<T>(answer: Result<T, sqlx::Error>, setting: &str) {
    let error = answer.err().expect("it was accepted").to_string();
    assert!(error.contains(setting), "{error}");
}

#[tokio::test]
async fn a_server_that_reads_texts_in_another_way_is_refused() {
    let place = Place::new();
    for (set, setting) in [
        ("SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", "sql_mode"),
        ("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')", "sql_mode"),
        ("SET sql_mode = CONCAT(@@sql_mode, ',HIGH_NOT_PRECEDENCE')", "sql_mode"),
        ("SET sql_mode = 'ORACLE,STRICT_ALL_TABLES'", "sql_mode"),
        ("SET sql_mode = ''", "sql_mode"),
        ("SET NAMES gbk", "character_set_client"),
    ] {
        let options = sqlx::mysql::MySqlPoolOptions::new().max_connections(1);
        let pool: Pool<MySql> = options.connect(&place.url()).await.unwrap();
        sqlx::raw_sql(set).execute(&pool).await.unwrap();
        names(TenantDb::builder(pool).build().await, setting);
    }
    TenantDb::<MySql>::connect(&place.url()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_acknowledges_what_is_not_on_disk_or_is_not_strict_is_refused() {
    // A server that starts clears away what the making of another one left in the folder for temporary files.
    let _made = Place::new();
    for (name, value) in [("innodb_flush_log_at_trx_commit", "2"), ("autocommit", "0"), ("sql_mode", "")] {
        let options = ServerOptions::default().setting("innodb_flush_log_at_trx_commit", "1");
        let server = MariaDb::start_with(&options.setting(name, value)).unwrap();
        names(TenantDb::<MySql>::connect(&server.database("tenants").unwrap()).await, name);
    }
}

#[tokio::test]
async fn what_an_unscoped_statement_sets_never_reaches_a_tenant() {
    let (house, _pool) = narrow_house().await;
    let unscoped = house.db.unscoped(setup());
    for sql in [
        "CREATE TEMPORARY TABLE users AS SELECT 'acme' AS tenant_id, 'temporary' AS email",
        "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
        "SET autocommit = 0",
        "SET foreign_key_checks = 0",
        "USE mysql",
    ] {
        sqlx::raw_sql(sql).execute(&unscoped).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar("SELECT email FROM users ORDER BY email")
            .fetch_all(&house.db.scoped(&house.acme))
            .await
            .unwrap();
        assert_eq!(found, emails(&house.acme), "{sql}");
    }
}

#[tokio::test]
async fn connections_survive_that_the_server_ends_them() {
    let house = super::suite::support::house().await;
    let again = TenantDb::<MySql>::connect(&house.place.url()).await.unwrap();
    assert_eq!(count(&again, &house.acme).await, 3);
    let others: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
    )
    .fetch_all(&house.db.unscoped(setup()))
    .await
    .unwrap();
    let mut killer = sqlx::MySqlConnection::connect(&house.place.url()).await.unwrap();
    for id in others {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("KILL {id}"))).execute(&mut killer).await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(count(&again, &house.acme).await, 3);
}
