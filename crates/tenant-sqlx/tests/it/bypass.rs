//! Going around the scope takes a reason, and is heard of.

use std::sync::Arc;

use tenant_sqlx::{
    TenantDb,
    danger::{Bypass, Unexplained},
};

use crate::support::{Heard, furnish, house, one_connection};

#[tokio::test]
async fn a_bypass_sees_all_rows_and_reports_itself_once() {
    let heard = Arc::new(Heard::default());
    let folder = tempfile::tempdir().unwrap();
    let db = TenantDb::builder(one_connection(&folder).await).hooks(heard.hooks()).build().await.unwrap();
    let house = furnish(db, folder).await;
    heard.bypasses.lock().clear();
    let unscoped = house.db.unscoped(Bypass::new("ops:ann", "count for the yearly report"));
    let heard_of = heard.bypasses.lock().clone();
    assert_eq!(heard_of, [("ops:ann".to_owned(), "count for the yearly report".to_owned())]);
    for _ in 0..2 {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&unscoped).await.unwrap();
        assert_eq!(count, 6);
    }
    assert_eq!(heard.bypasses.lock().len(), 1);
    // The next statement of a tenant is scoped as ever.
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&house.db.scoped(&house.acme))
        .await
        .unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn a_bypass_without_actor_or_reason_does_nothing() {
    let house = house().await;
    for (actor, reason) in [("", "because"), ("ann", ""), (" ", "because"), ("ann", "\t\n")] {
        let unscoped = house.db.unscoped(Bypass::new(actor, reason));
        let error = sqlx::query("DELETE FROM users").execute(&unscoped).await.unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().is::<Unexplained>());
        assert!(sqlx::query("SELECT 1").fetch_optional(&unscoped).await.is_err());
        assert!(unscoped.begin().await.is_err());
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&house.db.scoped(&house.acme))
        .await
        .unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn an_unscoped_transaction_is_kept_only_when_it_is_committed() {
    let house = house().await;
    let unscoped = || house.db.unscoped(Bypass::new("ops:ann", "repair"));
    let count = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&unscoped()).await.unwrap()
    };
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(count().await, 6);
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query("DELETE FROM users WHERE id = ?").bind(1).execute(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(count().await, 6);
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query("DELETE FROM users WHERE id = ?").bind(1).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, 5);
}
