//! What all kinds of things that a tenant keeps have in common: they are listed, created under a limit, and deleted.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sqlx::{
    FromRow, Sqlite,
    query::QueryAs,
    sqlite::{SqliteArguments, SqliteRow},
};
use tenant::{ApiError, InMemoryQuotaManager, Rejection, TenantContext, hooks::LimitWarning};

use crate::{
    events::{Happening, Kind},
    http::{PageQuery, Paged},
    state::AppState,
    stock::{Stock, Whose},
};

/// A kind of thing that a tenant keeps.
pub(super) trait Kept: for<'r> FromRow<'r, SqliteRow> + Serialize + Send + Unpin {
    const STOCK: Stock;
    /// What is told when there is a new one, and when one is gone.
    const TOLD: [Kind; 2];
    /// Where it is found.
    const PATH: &'static str;
    /// A page, oldest first; the limit and the offset are to be bound.
    const LIST: &'static str;
    const DELETE: &'static str;

    fn id(&self) -> &str;

    fn missing() -> Rejection;

    /// Why it could not be created.
    fn not_inserted(error: sqlx::Error) -> ApiError {
        error.into()
    }
}

pub(super) async fn list<T: Kept>(
    app: &AppState,
    tenant: &TenantContext,
    query: PageQuery,
) -> Result<Paged<T>, ApiError> {
    let page = query.page()?;
    let items = sqlx::query_as(T::LIST)
        .bind(page.limit)
        .bind(i64::try_from(page.offset).unwrap_or(i64::MAX))
        .fetch_all(&app.db.scoped(tenant))
        .await?;
    let total = T::STOCK.total(app, tenant).await?;
    Ok(Paged { items, total, page, path: T::PATH })
}

pub(super) async fn create<T: Kept>(
    app: &AppState,
    tenant: &TenantContext,
    insert: QueryAs<'_, Sqlite, T, SqliteArguments>,
) -> Result<Response, ApiError> {
    let created = insert_one(app, tenant, insert).await?;
    // At once: who leaves meanwhile takes the rest along.
    let [told, _] = T::TOLD;
    app.tell(tenant, &Happening::Kept(told, created.id()));
    T::STOCK.forget(app, tenant).await;
    let location = [("location", format!("{}/{}", T::PATH, created.id()))];
    Ok((StatusCode::CREATED, location, Json(created)).into_response())
}

/// In one transaction with the check of the limit: of two that come at once, each waits for the other. And with what webhooks are
/// told of it.
async fn insert_one<T: Kept>(
    app: &AppState,
    tenant: &TenantContext,
    insert: QueryAs<'_, Sqlite, T, SqliteArguments>,
) -> Result<T, ApiError> {
    let limit = tenant.limits_at(app.clock.unix()).stock(T::STOCK.dimension());
    // A denial costs the tenant nothing: so it must not cost others their turn to write either.
    if let Some(limit) = limit.filter(|limit| !limit.shadow)
        && T::STOCK.used(app, Whose::Own(tenant)).await? >= limit.limit
    {
        let detail = format!("the limit {} is reached", limit.name);
        return Err(Rejection::quota_exceeded(None).with_detail(detail).into());
    }
    let mut transaction = app.db.begin(tenant).await?;
    let used = transaction.admit_stock(T::STOCK.dimension(), 1, T::STOCK.count()).await?;
    let created = insert.fetch_one(&mut transaction).await.map_err(T::not_inserted)?;
    let [told, _] = T::TOLD;
    app.keep(&mut transaction, &Happening::Kept(told, created.id())).await?;
    transaction.commit().await?;
    if let (Some(limit), Some(used)) = (limit, used)
        && let Some(percent) = crossed(limit.limit, used.saturating_add(1))
    {
        app.hooks.on_limit_warning(&LimitWarning::new(tenant.id(), &limit.name, percent));
    }
    Ok(created)
}

/// The highest threshold that the last one has reached: those before it had not, and were counted under the same lock, so
/// that each crossing is told of once whichever instance it was.
fn crossed(limit: u64, used: u64) -> Option<u8> {
    let reaches = |used: u64, percent: u8| u128::from(used) * 100 >= u128::from(limit) * u128::from(percent);
    let mut thresholds = InMemoryQuotaManager::THRESHOLDS.into_iter().rev();
    thresholds.find(|percent| reaches(used, *percent) && !reaches(used.saturating_sub(1), *percent))
}

pub(super) async fn delete<T: Kept>(
    app: &AppState,
    tenant: &TenantContext,
    id: String,
) -> Result<StatusCode, ApiError> {
    let [_, told] = T::TOLD;
    let mut transaction = app.db.begin(tenant).await?;
    let done = sqlx::query(T::DELETE).bind(&id).execute(&mut transaction).await?;
    if done.rows_affected() == 0 {
        return Err(T::missing().into());
    }
    app.keep(&mut transaction, &Happening::Kept(told, &id)).await?;
    transaction.commit().await?;
    app.tell(tenant, &Happening::Kept(told, &id));
    T::STOCK.forget(app, tenant).await;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
    use tenant::sql::{Catalog, Dialect, Rewriter, Table};

    use super::*;
    use crate::{
        api::{users::User, workflows::Workflow},
        server::MIGRATIONS,
    };

    /// What SQLite does for a page of a list.
    async fn plan<T: Kept>(table: Table) -> Vec<String> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let catalog = Catalog::builder(Dialect::Sqlite).table(table).build().unwrap();
        let scoped = Rewriter::new(catalog).rewrite(T::LIST).unwrap();
        let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", scoped.sql())));
        let rows = explain.fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    // Without an index of this order each page would sort all of the tenant's rows.
    #[tokio::test]
    async fn lists_are_read_in_the_order_of_an_index() {
        let users = Table::owned("users").columns(["tenant_id", "id", "email", "name", "created_at"]);
        let by_age = |table: &str| vec![format!("SEARCH {table} USING INDEX {table}_by_age (tenant_id=?)")];
        assert_eq!(plan::<User>(users).await, by_age("users"));
        let workflows = Table::owned("workflows").columns(["tenant_id", "id", "name", "created_at"]);
        assert_eq!(plan::<Workflow>(workflows).await, by_age("workflows"));
    }
}
