//! A tenant that is suspended is refused at its next statement, wherever it stands.

use std::pin::pin;

use futures_util::{FutureExt, TryStreamExt};
use tenant_core::{ConfigStore, ConfigStoreExt, TenantContext, TenantStatus};
use tenant_sqlx::NoLongerActive;

use super::support::{House, count_all, house, id, narrow_house};

async fn suspend(house: &House) {
    let suspend = |config: &mut tenant_core::TenantConfig| config.status = TenantStatus::Suspended;
    house.configs.modify(&id("acme"), suspend).await.unwrap();
}

#[track_caller]
fn gone<T: std::fmt::Debug>(answer: Result<T, sqlx::Error>) {
    let error = answer.unwrap_err();
    assert!(NoLongerActive::of(&error).is_some(), "{error}");
}

#[tokio::test]
async fn at_its_next_statement() {
    let house = house().await;
    suspend(&house).await;
    let scoped = house.db.scoped(&house.acme);
    gone(sqlx::query("SELECT 1 FROM users").fetch_all(&scoped).await.map(|rows| rows.len()));
    gone(sqlx::query("SELECT 1 FROM users").fetch_optional(&scoped).await.map(|row| row.is_some()));
    gone(sqlx::query("DELETE FROM users").execute(&scoped).await);
    gone(house.db.begin(&house.acme).await);
    assert_eq!(count_all(&house.db).await, 6);
    sqlx::query("SELECT 1 FROM users").execute(&house.db.scoped(&house.globex)).await.unwrap();
    assert!(TenantContext::of(&house.configs, &id("acme")).await.is_err());
}

#[tokio::test]
async fn within_a_transaction_and_at_its_commit() {
    let (house, _pool) = narrow_house().await;
    // The transaction holds the only connection, so the suspension comes from the record, as from another instance.
    let mut suspended = house.acme.config().clone();
    suspended.status = TenantStatus::Suspended;
    suspended.revision += 1;

    let mut tx = house.db.begin(&house.acme).await.unwrap();
    sqlx::query("DELETE FROM users").execute(&mut tx).await.unwrap();
    let _newer = house.acme.record().succeed(suspended);
    gone(sqlx::query("DELETE FROM users").execute(&mut tx).await);
    gone(sqlx::query("SELECT 1 FROM users").fetch_optional(&mut tx).await.map(|row| row.is_some()));
    gone(tx.begin().await.map(|_| ()));
    gone(tx.commit().await);
    assert_eq!(count_all(&house.db).await, 6, "nothing of it was kept");
}

#[tokio::test]
async fn while_the_statement_waits_for_a_connection() {
    let (house, pool) = narrow_house().await;
    let held = pool.acquire().await.unwrap();
    let scoped = house.db.scoped(&house.acme);
    let mut delete = pin!(sqlx::query("DELETE FROM users").execute(&scoped));
    let mut stream = sqlx::query("SELECT 1 FROM users").fetch(&scoped);
    let mut optional = pin!(sqlx::query("SELECT 1 FROM users").fetch_optional(&scoped));
    assert!(delete.as_mut().now_or_never().is_none());
    assert!(optional.as_mut().now_or_never().is_none());
    assert!(stream.try_next().now_or_never().is_none());
    house.acme.record().retire();
    drop(held);
    gone(delete.await);
    gone(optional.await.map(|row| row.is_some()));
    gone(stream.try_next().await.map(|row| row.is_some()));
    assert_eq!(count_all(&house.db).await, 6);
}

/// Nobody who is suspended stands in the queue.
#[tokio::test]
async fn before_a_connection_is_waited_for() {
    let (house, pool) = narrow_house().await;
    let _held = pool.acquire().await.unwrap();
    house.acme.record().retire();
    let scoped = house.db.scoped(&house.acme);
    gone(sqlx::query("DELETE FROM users").execute(&scoped).now_or_never().unwrap());
    let row = sqlx::query("SELECT 1 FROM users").fetch_optional(&scoped).now_or_never().unwrap();
    gone(row.map(|row| row.is_some()));
    gone(house.db.begin(&house.acme).now_or_never().unwrap());
}

#[tokio::test]
async fn until_it_is_activated_again() {
    let house = house().await;
    suspend(&house).await;
    let activate = |config: &mut tenant_core::TenantConfig| config.status = TenantStatus::Active;
    house.configs.modify(&id("acme"), activate).await.unwrap();
    sqlx::query("SELECT 1 FROM users").execute(&house.db.scoped(&house.acme)).await.unwrap();
}

#[tokio::test]
async fn and_for_good_when_it_is_deleted() {
    let house = house().await;
    house.configs.delete(&id("acme")).await.unwrap();
    gone(sqlx::query("DELETE FROM users").execute(&house.db.scoped(&house.acme)).await);
    assert_eq!(count_all(&house.db).await, 6);
}
