//! Transactions that the server ends.

use futures_util::future::join;
use tenant_sqlx::{ScopedTransaction, is_transient};

use super::suite::support::{Db, count, house};

async fn touch(tx: &mut ScopedTransaction<'_, Db>, email: &str) -> sqlx::Result<()> {
    let update = sqlx::query("UPDATE users SET active = NOT active WHERE email = $1").bind(email.to_owned());
    update.execute(tx).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_met_with_a_deadlock_may_try_again() {
    let house = house().await;
    let mut first = house.db.begin(&house.acme).await.unwrap();
    let mut second = house.db.begin(&house.acme).await.unwrap();
    touch(&mut first, "a@acme").await.unwrap();
    touch(&mut second, "b@acme").await.unwrap();
    let (one, other) = join(touch(&mut first, "b@acme"), touch(&mut second, "a@acme")).await;
    let victim = one.and(other).unwrap_err();
    assert!(is_transient(&victim), "{victim}");
    let refused = touch(&mut first, "a@acme").await.and(touch(&mut second, "a@acme").await).unwrap_err();
    assert!(!is_transient(&refused), "what comes after it is no conflict: {refused}");
    drop((first, second));
    assert_eq!(count(&house.db, &house.acme).await, 3);
}
