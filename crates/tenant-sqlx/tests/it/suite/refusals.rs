//! What can't be scoped is refused, and says so in a way that is not the database's.

use std::sync::Arc;

use sqlx::{Executor, SqlStr};
use tenant_sql::{Refusal, RefusalKind};
use tenant_sqlx::TenantDb;

use super::support::{Heard, INTERNAL, Place, UNSUPPORTED, count, house, one_connection, refusal, sql};

#[tokio::test]
async fn hidden_and_unknown_relations_are_refused() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    for (sql, kind) in [
        ("SELECT * FROM tenants", RefusalKind::HiddenRelation),
        ("SELECT * FROM tenant_hosts", RefusalKind::HiddenRelation),
        ("SELECT * FROM _tenant_migrations", RefusalKind::HiddenRelation),
        ("SELECT * FROM secrets", RefusalKind::HiddenRelation),
        ("SELECT (SELECT value FROM secrets) FROM users", RefusalKind::HiddenRelation),
        ("SELECT * FROM nowhere", RefusalKind::UnknownRelation),
        ("INSERT INTO nowhere (x) VALUES (1)", RefusalKind::UnknownRelation),
        ("UPDATE tenants SET status = 'active'", RefusalKind::HiddenRelation),
        ("DELETE FROM tenants", RefusalKind::HiddenRelation),
    ] {
        assert_eq!(refusal(sqlx::query(sql).execute(&scoped).await), kind, "{sql}");
    }
    for sql in INTERNAL {
        assert_eq!(refusal(sqlx::query(*sql).execute(&scoped).await), RefusalKind::HiddenRelation, "{sql}");
    }
}

#[tokio::test]
async fn what_is_not_one_plain_statement_is_refused_whole() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    let mut tx = house.db.begin(&house.globex).await.unwrap();
    let everywhere = [
        "SELECT 1; DELETE FROM users",
        "DELETE FROM users; DELETE FROM users",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "CREATE TABLE t (x)",
        "DROP TABLE users",
        "EXPLAIN SELECT * FROM users",
        "",
        "-- nothing",
    ];
    for sql in everywhere.iter().chain(UNSUPPORTED).copied() {
        refusal(sqlx::raw_sql(sql).execute(&scoped).await);
        refusal(sqlx::raw_sql(sql).execute(&mut tx).await);
        refusal(scoped.execute(sql).await);
        refusal(sqlx::query(sql).fetch_all(&scoped).await.map(|rows| rows.len()));
        refusal(sqlx::query(sql).fetch_optional(&scoped).await.map(|row| row.is_some()));
    }
    tx.commit().await.unwrap();
    for tenant in [&house.acme, &house.globex] {
        assert_eq!(count(&house.db, tenant).await, 3);
    }
}

#[tokio::test]
async fn statements_are_neither_prepared_nor_described_by_hand() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    let sql = || SqlStr::from_static("SELECT * FROM users");
    refusal(scoped.prepare(sql()).await);
    refusal(scoped.prepare_with(sql(), &[]).await);
    refusal(scoped.describe(sql()).await.map(|_| ()));
    refusal(tx.prepare(sql()).await);
    refusal(tx.prepare_with(sql(), &[]).await);
    refusal(tx.describe(sql()).await.map(|_| ()));
}

#[tokio::test]
async fn an_error_of_the_database_is_no_refusal() {
    let house = house().await;
    let twice = sqlx::query("INSERT INTO users (email) VALUES ('a@acme')")
        .execute(&house.db.scoped(&house.acme))
        .await
        .unwrap_err();
    assert!(Refusal::of(&twice).is_none());
    assert!(twice.as_database_error().unwrap().is_unique_violation());
    let globex = house.db.scoped(&house.globex);
    let elsewhere = sqlx::query("INSERT INTO users (email) VALUES ('a@acme')").execute(&globex);
    elsewhere.await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_found_through_what_wraps_it() {
    #[derive(Debug)]
    struct Wrapped(sqlx::Error);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let house = house().await;
    let error =
        sqlx::query("SELECT * FROM secrets").execute(&house.db.scoped(&house.acme)).await.unwrap_err();
    assert_eq!(Refusal::of(&Wrapped(error)).unwrap().kind(), RefusalKind::HiddenRelation);
}

#[tokio::test]
async fn hooks_hear_of_hits_misses_and_refusals() {
    let heard = Arc::new(Heard::default());
    let place = Place::new();
    let db = TenantDb::builder(one_connection(&place).await).hooks(heard.hooks()).build().await.unwrap();
    let house = super::support::furnish(db, place).await;
    heard.rewrites.lock().clear();
    let scoped = house.db.scoped(&house.acme);
    let counted = || sql("SELECT count(*) FROM users WHERE active = ?");
    for _ in 0..2 {
        sqlx::query(counted()).bind(true).execute(&scoped).await.unwrap();
    }
    refusal(sqlx::query(counted()).execute(&scoped).await);
    refusal(sqlx::query("SELECT * FROM secrets").execute(&scoped).await);
    let expected = [(false, None), (true, None), (true, Some("arguments")), (false, Some("hidden_relation"))];
    assert_eq!(*heard.rewrites.lock(), expected);
}
