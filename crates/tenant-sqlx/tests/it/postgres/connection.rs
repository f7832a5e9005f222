//! The settings that the server must have, and sessions that are not shared.

use sqlx::{AssertSqlSafe, Postgres};
use tenant_core::{DatabaseKey, Placement};
use tenant_sqlx::TenantDb;

use super::{
    database::Place,
    suite::{
        places::{fresh, living, migrator, read, write},
        support::{count, emails, house, narrow_house, one_connection, refusal, setup, tenant},
    },
};

/// A URL that sets something in each session, as a role or the server may.
fn with(place: &Place, setting: &str) -> String {
    format!("{}?options=-c%20{setting}", place.url().split('?').next().unwrap())
}

#[track_caller]
fn names<T>(answer: Result<T, sqlx::Error>, setting: &str) {
    let error = answer.err().expect("it was accepted").to_string();
    assert!(error.contains(setting), "{error}");
}

#[tokio::test]
async fn a_server_that_reads_backslashes_in_literals_is_refused() {
    let place = Place::new();
    let url = with(&place, "standard_conforming_strings%3Doff");
    names(TenantDb::<Postgres>::connect(&url).await, "standard_conforming_strings");
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    names(TenantDb::builder(pool).build().await, "standard_conforming_strings");
    TenantDb::<Postgres>::connect(&place.url()).await.unwrap();
}

/// A database can have settings of its own, which a pool that was given does not look at.
#[tokio::test]
async fn a_tenants_own_database_that_reads_backslashes_in_literals_is_refused() {
    let place = Place::new();
    let open = async || {
        let pool = sqlx::PgPool::connect(&place.url()).await.unwrap();
        TenantDb::builder(pool).databases(2).build().await.unwrap()
    };
    let (db, name) = (open().await, fresh());
    for placement in [Placement::Shared, Placement::Database(name.clone())] {
        db.provision(&placement, &migrator()).await.unwrap();
    }
    let acme = living("acme", Placement::Database(name.clone())).await;
    write(&db, &acme, "mine").await.unwrap();
    db.close().await;
    let off = format!("ALTER DATABASE {name} SET standard_conforming_strings = off");
    let again = open().await;
    sqlx::raw_sql(AssertSqlSafe(off)).execute(&again.unscoped(setup())).await.unwrap();
    names(read(&again, &acme).await, "standard_conforming_strings");
    names(again.begin(&acme).await, "standard_conforming_strings");
    again.close().await;
}

#[tokio::test]
async fn a_search_path_in_which_the_applications_functions_come_first_is_refused() {
    let place = Place::new();
    let url = with(&place, "search_path%3Dpublic,pg_catalog");
    names(TenantDb::<Postgres>::connect(&url).await, "search_path");
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    names(TenantDb::builder(pool).build().await, "search_path");
}

#[tokio::test]
async fn a_server_that_acknowledges_what_is_not_on_disk_is_refused() {
    let place = Place::new();
    let url = with(&place, "synchronous_commit%3Doff");
    names(TenantDb::<Postgres>::connect(&url).await, "synchronous_commit");
    let url = with(&place, "synchronous_commit%3Dlocal");
    TenantDb::<Postgres>::connect(&url).await.unwrap();
}

#[tokio::test]
async fn what_an_unscoped_statement_sets_never_reaches_a_tenant() {
    let (house, _pool) = narrow_house().await;
    let unscoped = house.db.unscoped(setup());
    for sql in [
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.users AS SELECT 'acme' AS tenant_id, 'stolen' AS email",
        "CREATE TEMPORARY TABLE users AS SELECT 'acme' AS tenant_id, 'temporary' AS email",
        "SET search_path = elsewhere",
        "SET standard_conforming_strings = off",
        "SET default_transaction_read_only = on",
    ] {
        sqlx::raw_sql(sql).execute(&unscoped).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar("SELECT email FROM users ORDER BY email")
            .fetch_all(&house.db.scoped(&house.acme))
            .await
            .unwrap();
        assert_eq!(found, emails(&house.acme), "{sql}");
    }
    sqlx::query("DELETE FROM users").execute(&house.db.scoped(&house.acme)).await.unwrap();
}

#[tokio::test]
async fn connections_survive_that_the_server_ends_them() {
    let house = house().await;
    let again = TenantDb::<Postgres>::connect(&house.place.url()).await.unwrap();
    assert_eq!(count(&again, &house.acme).await, 3);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(end).execute(&house.db.unscoped(setup())).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(count(&again, &house.acme).await, 3);
}

#[tokio::test]
async fn bare_names_are_those_of_the_first_schema_and_others_are_hidden() {
    let place = Place::new();
    let pool = one_connection(&place).await;
    for sql in [
        "CREATE SCHEMA app",
        "CREATE TABLE app.users (tenant_id TEXT NOT NULL, x INT)",
        "CREATE TABLE public.users (tenant_id TEXT NOT NULL, x INT)",
        "CREATE TABLE public.orders (tenant_id TEXT NOT NULL, x INT)",
        "INSERT INTO app.users VALUES ('acme', 1), ('globex', 2)",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let db = TenantDb::<Postgres>::connect(&with(&place, "search_path%3Dapp,public")).await.unwrap();
    assert_eq!(db.catalog().schema(), Some("app"));
    let acme = tenant(DatabaseKey::Integer(7)).await;
    let found = async |sql: &'static str| -> Result<Vec<i32>, sqlx::Error> {
        sqlx::query_scalar(sql).fetch_all(&db.scoped(&acme)).await
    };
    assert_eq!(found("SELECT x FROM users").await.unwrap(), [1]);
    assert_eq!(found("SELECT x FROM app.users").await.unwrap(), [1]);
    for sql in ["SELECT x FROM public.users", "SELECT x FROM orders", "SELECT x FROM public.orders"] {
        refusal(found(sql).await);
    }
}
