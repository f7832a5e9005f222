//! One at a time, in the order in which they came.

use futures_util::{FutureExt, future::join_all};

use super::suite::support::{house, setup};

#[tokio::test]
async fn writers_of_all_tenants_are_served_in_the_order_they_came() {
    let house = house().await;
    let first = house.db.begin(&house.acme).await.unwrap();
    let scoped = [house.db.scoped(&house.acme), house.db.scoped(&house.globex)];
    let insert = |number: usize| {
        let query = sqlx::query("INSERT INTO users (email) VALUES (?)").bind(format!("{number:02}"));
        query.execute(&scoped[number % 2]).boxed()
    };
    let mut writers: Vec<_> = (0..20).map(insert).collect();
    for writer in &mut writers {
        assert!(writer.now_or_never().is_none(), "it waits");
    }
    first.commit().await.unwrap();
    for written in join_all(writers).await {
        written.unwrap();
    }
    let order: Vec<String> = sqlx::query_scalar("SELECT email FROM users WHERE email < '99' ORDER BY id")
        .fetch_all(&house.db.unscoped(setup()))
        .await
        .unwrap();
    assert_eq!(order, (0..20).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}
