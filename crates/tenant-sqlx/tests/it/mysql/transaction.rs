//! Transactions that the server ends.

use futures_util::future::join;
use tenant_sqlx::ScopedTransaction;

use super::suite::support::{Db, count, house};

async fn touch(tx: &mut ScopedTransaction<'_, Db>, email: &str) -> sqlx::Result<()> {
    let update = sqlx::query("UPDATE users SET active = NOT active WHERE email = ?").bind(email.to_owned());
    update.execute(tx).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_deadlock_nothing_runs_outside_of_the_transaction() {
    let house = house().await;
    let mut first = house.db.begin(&house.acme).await.unwrap();
    let mut second = house.db.begin(&house.acme).await.unwrap();
    touch(&mut first, "a@acme").await.unwrap();
    touch(&mut second, "b@acme").await.unwrap();
    let (one, other) = join(touch(&mut first, "b@acme"), touch(&mut second, "a@acme")).await;
    assert!(one.is_err() != other.is_err(), "one is the victim: {one:?} {other:?}");
    assert!(tenant_sqlx::is_transient(one.as_ref().and(other.as_ref()).unwrap_err()));
    let (mut victim, rest) = if one.is_err() { (first, second) } else { (second, first) };
    rest.rollback().await.unwrap();
    let insert = sqlx::query("INSERT INTO users (email) VALUES ('stray')").execute(&mut victim).await;
    assert!(insert.is_err(), "it would be kept, whatever becomes of the transaction");
    drop(victim);
    assert_eq!(count(&house.db, &house.acme).await, 3);
}
