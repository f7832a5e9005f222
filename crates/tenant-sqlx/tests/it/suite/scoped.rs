//! One connection serves tenants in turn: nothing of one stays behind for the next.

use futures_util::TryStreamExt;
use sqlx::Connection;

use super::support::{Place, count, emails, house, narrow_house, sql};

fn users() -> sqlx::AssertSqlSafe<String> {
    sql("SELECT email FROM users WHERE active = ? ORDER BY email")
}

#[tokio::test]
async fn a_cached_statement_never_carries_the_tenant_before() {
    let (house, pool) = narrow_house().await;
    for round in 0..50 {
        for tenant in [&house.acme, &house.globex] {
            let found: Vec<String> =
                sqlx::query_scalar(users()).bind(true).fetch_all(&house.db.scoped(tenant)).await.unwrap();
            assert_eq!(found, emails(tenant), "round {round}");
        }
    }
    drop(pool);
}

#[tokio::test]
async fn tenants_share_one_prepared_statement() {
    let (house, pool) = narrow_house().await;
    let cached = async || pool.acquire().await.unwrap().cached_statements_size();
    let before = cached().await;
    for tenant in [&house.acme, &house.globex, &house.acme] {
        sqlx::query(users()).bind(true).fetch_all(&house.db.scoped(tenant)).await.unwrap();
    }
    assert_eq!(cached().await, before + 1);
}

#[tokio::test]
async fn a_statement_that_is_not_to_be_kept_is_not() {
    let (house, pool) = narrow_house().await;
    let cached = async || pool.acquire().await.unwrap().cached_statements_size();
    let before = cached().await;
    let scoped = house.db.scoped(&house.acme);
    sqlx::query(users()).bind(true).persistent(false).fetch_all(&scoped).await.unwrap();
    sqlx::raw_sql("SELECT id FROM users").fetch_all(scoped).await.unwrap();
    assert_eq!(cached().await, before);
}

#[tokio::test]
async fn a_stream_dropped_half_way_leaves_nothing_for_the_next_tenant() {
    let (house, _pool) = narrow_house().await;
    for _ in 0..10 {
        for tenant in [&house.acme, &house.globex] {
            let scoped = house.db.scoped(tenant);
            let mut stream = sqlx::query_scalar::<_, String>(users()).bind(true).fetch(&scoped);
            assert_eq!(stream.try_next().await.unwrap(), emails(tenant).into_iter().next());
            drop(stream);
        }
    }
    let mut tx = house.db.begin(&house.acme).await.unwrap();
    let mut stream = sqlx::query_scalar::<_, String>(users()).bind(true).fetch(&mut tx);
    stream.try_next().await.unwrap();
    drop(stream);
    let found: Vec<String> = sqlx::query_scalar(users()).bind(true).fetch_all(&mut tx).await.unwrap();
    assert_eq!(found, emails(&house.acme));
}

#[tokio::test]
async fn another_tenants_row_is_not_there_whatever_it_is_asked_by() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    let foreign: i64 = sqlx::query_scalar("SELECT min(id) FROM users")
        .fetch_one(&house.db.scoped(&house.globex))
        .await
        .unwrap();
    let found =
        sqlx::query(sql("SELECT email FROM users WHERE id = ?")).bind(foreign).fetch_optional(&scoped).await;
    assert!(found.unwrap().is_none());
    let found = sqlx::query(sql("SELECT email FROM users WHERE id = ? OR 1 = 1 OR tenant_id = 'globex'"))
        .bind(foreign)
        .fetch_all(&scoped)
        .await;
    assert_eq!(found.unwrap().len(), 3);
    for write in ["DELETE FROM users WHERE id = ?", "UPDATE users SET email = 'x' WHERE id = ?"] {
        let done = sqlx::query(sql(write)).bind(foreign).execute(&scoped).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{write}");
    }
    assert_eq!(count(&house.db, &house.acme).await, 3);
}

#[tokio::test]
async fn shared_tables_are_read_where_they_are_declared() {
    let place = Place::new();
    let pool = super::support::one_connection(&place).await;
    let db = tenant_sqlx::TenantDb::builder(pool)
        .shared(["plans", "tenants", "tenant_hosts"])
        .build()
        .await
        .unwrap();
    let house = super::support::furnish(db, place).await;
    let scoped = house.db.scoped(&house.acme);
    let plans: i64 = sqlx::query_scalar("SELECT count(*) FROM plans").fetch_one(&scoped).await.unwrap();
    assert_eq!(plans, 2);
    let write = sqlx::query("DELETE FROM plans").execute(&scoped).await;
    assert_eq!(super::support::refusal(write), tenant_sql::RefusalKind::WriteToShared);
    for table in ["SELECT * FROM tenants", "SELECT * FROM tenant_hosts"] {
        let read = sqlx::query(table).fetch_all(&scoped).await.map(|rows| rows.len());
        assert_eq!(super::support::refusal(read), tenant_sql::RefusalKind::HiddenRelation, "{table}");
    }
}
