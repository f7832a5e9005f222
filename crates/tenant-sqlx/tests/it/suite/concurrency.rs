//! Many tasks of two tenants at once on one pool.

use sqlx::error::DatabaseError;
use tenant_core::TenantContext;
use tenant_sqlx::TenantDb;

use super::support::{Db, count, house, sql};

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
        // Each round leaves one of the two rows it wrote.
        assert_eq!(count(&house.db, tenant).await, i64::try_from(3 + TASKS / 2 * ROUNDS).unwrap());
    }
}

async fn hammer(db: TenantDb<Db>, tenant: TenantContext, task: usize) {
    for round in 0..ROUNDS {
        write(&db, &tenant, &format!("{task}-{round}")).await;
        let foreign: Vec<String> = sqlx::query_scalar(sql("SELECT email FROM users WHERE email NOT LIKE ?"))
            .bind(format!("%@{}", tenant.id()))
            .fetch_all(&db.scoped(&tenant))
            .await
            .unwrap();
        assert_eq!(foreign, Vec::<String>::new());
    }
}

/// One row outside of a transaction, and one within, which is deleted again.
async fn write(db: &TenantDb<Db>, tenant: &TenantContext, name: &str) {
    let insert = || sql("INSERT INTO users (email) VALUES (?)");
    let email = |kind: &str| format!("{kind}-{name}@{}", tenant.id());
    sqlx::query(insert()).bind(email("alone")).execute(&db.scoped(tenant)).await.unwrap();
    while let Err(error) = within(db, tenant, &email("within")).await {
        // MySQL locks what lies between rows, and ends one of two that wait for each other.
        let code = error.as_database_error().and_then(DatabaseError::code);
        assert_eq!(code.as_deref(), Some("40001"), "{error}");
    }
}

async fn within(db: &TenantDb<Db>, tenant: &TenantContext, email: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.begin(tenant).await?;
    sqlx::query(sql("INSERT INTO users (email) VALUES (?)")).bind(email.to_owned()).execute(&mut tx).await?;
    let deleted = sqlx::query("DELETE FROM users WHERE email LIKE 'within-%'").execute(&mut tx).await?;
    assert_eq!(deleted.rows_affected(), 1, "no other task's and no other tenant's");
    tx.commit().await
}
