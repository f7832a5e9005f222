//! How many users a tenant has: counted by the database, remembered by the cache.

use std::time::Duration;

use tenant::{ApiError, TenantContext};

use crate::state::AppState;

const KEY: &str = "users:total";
// Bounds how long another process on the same database may be behind; in this one a write forgets the count.
const REMEMBERED: Duration = Duration::from_secs(1);

pub(super) async fn total(app: &AppState, tenant: &TenantContext) -> Result<u64, ApiError> {
    let (db, owner) = (app.clone(), tenant.clone());
    let load = move || async move { count(&db, &owner).await.map(|count| count.to_string()) };
    let remembered = app.cache.scoped(tenant).get_or_load(KEY, REMEMBERED, load).await;
    let parsed = remembered.ok().and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok());
    match parsed {
        Some(total) => Ok(total),
        // A cache that fails slows down; it does not fail the request.
        None => Ok(count(app, tenant).await?),
    }
}

/// To be called once a change of the number of users is committed.
pub(super) async fn forget(app: &AppState, tenant: &TenantContext) {
    if let Err(error) = app.cache.scoped(tenant).delete(KEY).await {
        tracing::warn!(%error, "the number of users may be out of date for a second");
    }
}

async fn count(app: &AppState, tenant: &TenantContext) -> Result<u64, sqlx::Error> {
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&app.db.scoped(tenant)).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
