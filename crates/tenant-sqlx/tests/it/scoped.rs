//! Two tenants on one database see only their own rows, whichever way they ask.

use crate::support::house;

#[tokio::test]
async fn each_tenant_sees_its_own_rows() {
    let house = house().await;
    for tenant in [&house.acme, &house.globex] {
        let emails: Vec<String> = sqlx::query_scalar("SELECT email FROM users ORDER BY email")
            .fetch_all(&house.db.scoped(tenant))
            .await
            .unwrap();
        assert_eq!(emails, ["a", "b", "c"].map(|name| format!("{name}@{}", tenant.id())));
    }
}
