//! Many tasks of two tenants at once on one pool.

use futures_util::{FutureExt, future::join_all};
use tenant_core::TenantContext;
use tenant_sqlx::TenantDb;

use crate::support::house;

const TASKS: usize = 32;
const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn interleaved_reads_and_writes_stay_apart() {
    let house = house().await;
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let tenant = if task % 2 == 0 { &house.acme } else { &house.globex };
        tasks.push(tokio::spawn(hammer(house.db.clone(), tenant.clone(), task)));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for tenant in [&house.acme, &house.globex] {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(&house.db.scoped(tenant))
            .await
            .unwrap();
        // Each round leaves one of the two rows it wrote.
        assert_eq!(count, i64::try_from(3 + TASKS / 2 * ROUNDS).unwrap());
    }
}

async fn hammer(db: TenantDb<sqlx::Sqlite>, tenant: TenantContext, task: usize) {
    for round in 0..ROUNDS {
        write(&db, &tenant, &format!("{task}-{round}")).await;
        let foreign: Vec<String> =
            sqlx::query_scalar("SELECT email FROM users WHERE email NOT LIKE '%@' || ?")
                .bind(tenant.id().as_str())
                .fetch_all(&db.scoped(&tenant))
                .await
                .unwrap();
        assert_eq!(foreign, Vec::<String>::new());
    }
}

/// One row outside of a transaction, and one within, which is deleted again.
async fn write(db: &TenantDb<sqlx::Sqlite>, tenant: &TenantContext, name: &str) {
    let insert = "INSERT INTO users (email) VALUES (?)";
    let email = |kind: &str| format!("{kind}-{name}@{}", tenant.id());
    sqlx::query(insert).bind(email("alone")).execute(&db.scoped(tenant)).await.unwrap();
    let mut tx = db.begin(tenant).await.unwrap();
    sqlx::query(insert).bind(email("within")).execute(&mut tx).await.unwrap();
    let deleted =
        sqlx::query("DELETE FROM users WHERE email LIKE 'within-%'").execute(&mut tx).await.unwrap();
    assert_eq!(deleted.rows_affected(), 1, "no other task's and no other tenant's");
    tx.commit().await.unwrap();
}

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
        .fetch_all(&house.db.unscoped(crate::support::setup()))
        .await
        .unwrap();
    assert_eq!(order, (0..20).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}
