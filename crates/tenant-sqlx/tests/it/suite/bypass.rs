//! Going around the scope takes a reason, and is heard of.

use std::sync::Arc;

use tenant_sqlx::{
    TenantDb,
    danger::{Bypass, Unexplained},
};

use super::support::{Heard, Place, count, count_all, furnish, house, one_connection, sql};

#[tokio::test]
async fn a_bypass_sees_all_rows_and_reports_itself_once() {
    let heard = Arc::new(Heard::default());
    let place = Place::new();
    let db = TenantDb::builder(one_connection(&place).await).hooks(heard.hooks()).build().await.unwrap();
    let house = furnish(db, place).await;
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
    assert_eq!(count(&house.db, &house.acme).await, 3);
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
    assert_eq!(count(&house.db, &house.acme).await, 3);
}

#[tokio::test]
async fn an_unscoped_transaction_is_kept_only_when_it_is_committed() {
    let house = house().await;
    let unscoped = || house.db.unscoped(Bypass::new("ops:ann", "repair"));
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(count_all(&house.db).await, 6);
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query(sql("DELETE FROM users WHERE id = ?")).bind(1).execute(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(count_all(&house.db).await, 6);
    let mut tx = unscoped().begin().await.unwrap();
    sqlx::query(sql("DELETE FROM users WHERE id = ?")).bind(1).execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count_all(&house.db).await, 5);
}
