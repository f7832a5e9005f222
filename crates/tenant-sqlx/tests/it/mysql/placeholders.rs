//! Placeholders without numbers: the tenant is bound behind the caller's arguments, or written into the text.

use sqlx::Connection;

use super::suite::support::{emails, house, narrow_house, sql};

const BOUND: &str = "SELECT email FROM users WHERE active = ? ORDER BY email";
const WRITTEN: &str = "SELECT email FROM users WHERE active = ? ORDER BY email LIMIT ?";

#[tokio::test]
async fn a_text_that_names_a_tenant_is_not_kept() {
    let (house, pool) = narrow_house().await;
    let cached = async || pool.acquire().await.unwrap().cached_statements_size();
    let before = cached().await;
    for tenant in [&house.acme, &house.globex] {
        let query = sqlx::query_scalar::<_, String>(sql(WRITTEN)).bind(true).bind(2);
        let found = query.fetch_all(&house.db.scoped(tenant)).await.unwrap();
        assert_eq!(found, emails(tenant)[..2]);
    }
    assert_eq!(cached().await, before);
}

#[tokio::test]
async fn both_forms_find_the_same() {
    let house = house().await;
    for tenant in [&house.acme, &house.globex] {
        let scoped = house.db.scoped(tenant);
        let bound = sqlx::query_scalar::<_, String>(sql(BOUND)).bind(true).fetch_all(&scoped).await.unwrap();
        let written = sqlx::query_scalar::<_, String>(sql(WRITTEN)).bind(true).bind(100);
        assert_eq!(written.fetch_all(&scoped).await.unwrap(), bound);
        assert_eq!(bound, emails(tenant));
    }
}
