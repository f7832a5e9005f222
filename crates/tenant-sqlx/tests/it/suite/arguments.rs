//! The number of arguments is checked before the driver sees them: SQLite would take a missing one for NULL, and the
//! tenant for a missing one.

use sqlx::{Arguments, Database};
use tenant_sql::RefusalKind;

use super::support::{Db, TENANT_CAN_BE_GIVEN, count, house, refusal, sql};

#[tokio::test]
async fn too_few_and_too_many_are_refused_before_the_driver_is_asked() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    // Whoever gets as far as the pool now gets another error.
    house.db.close().await;
    let one = || sql("SELECT email FROM users WHERE id = ?");
    assert_eq!(refusal(sqlx::query(one()).execute(&scoped).await), RefusalKind::Arguments);
    let two = sqlx::query(one()).bind(1).bind("globex");
    assert_eq!(refusal(two.execute(&scoped).await), RefusalKind::Arguments);
    let none = sqlx::query("SELECT email FROM users").bind("globex");
    assert_eq!(refusal(none.execute(&scoped).await), RefusalKind::Arguments);
    let through = sqlx::query(one()).bind(1).execute(&scoped).await;
    assert!(matches!(through, Err(sqlx::Error::PoolClosed)));
}

#[tokio::test]
async fn the_tenants_place_can_not_be_bound_by_number() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    // The last one is where the tenant stands in the scoped text of a statement with one argument.
    let both = || sql("SELECT email FROM users WHERE active = ? AND tenant_id = ?");
    let found = sqlx::query(both()).bind(true).bind("globex").fetch_all(&scoped).await.unwrap();
    assert_eq!(found.len(), 0);
    let found = sqlx::query(both()).bind(true).bind("acme").fetch_all(&scoped).await.unwrap();
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn arguments_of_every_kind_arrive_in_their_places() {
    let house = house().await;
    let mut arguments = <Db as Database>::Arguments::default();
    arguments.add(None::<String>).unwrap();
    arguments.add(2.5_f64).unwrap();
    arguments.add(vec![1_u8, 2]).unwrap();
    let row: (Option<String>, f64, Vec<u8>, i64) =
        sqlx::query_as_with(sql("SELECT ?, ?, ?, count(*) FROM users"), arguments)
            .fetch_one(&house.db.scoped(&house.acme))
            .await
            .unwrap();
    assert_eq!(row, (None, 2.5, vec![1, 2], 3));
}

#[tokio::test]
async fn a_foreign_tenant_in_an_insert_fails_with_nothing_written() {
    let house = house().await;
    let scoped = house.db.scoped(&house.acme);
    let literal =
        sqlx::query("INSERT INTO users (tenant_id, email) VALUES ('globex', 'x')").execute(&scoped).await;
    assert_eq!(refusal(literal), RefusalKind::ForeignTenantLiteral);
    let bound = sqlx::query(sql("INSERT INTO users (tenant_id, email) VALUES (?, 'x')"))
        .bind("globex")
        .execute(&scoped)
        .await;
    assert!(bound.is_err());
    if !TENANT_CAN_BE_GIVEN {
        assert_eq!(count(&house.db, &house.globex).await, 3);
        return;
    }
    let own = sqlx::query(sql("INSERT INTO users (tenant_id, email) VALUES (?, 'x')"))
        .bind("acme")
        .execute(&scoped)
        .await;
    assert_eq!(own.unwrap().rows_affected(), 1);
    assert_eq!(count(&house.db, &house.globex).await, 3);
}
