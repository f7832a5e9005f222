//! The tenant's own users.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, FromRow, Sqlite};
use tenant::{ApiError, Rejection, Tenant, TenantContext};
use uuid::Uuid;

use crate::{
    http::{PageQuery, Paged, StrictJson, StrictQuery, check_name},
    state::AppState,
    stock::Stock,
};

#[derive(FromRow, Serialize)]
pub(super) struct User {
    id: String,
    tenant_id: String,
    email: String,
    name: String,
    created_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    email: String,
    name: String,
}

impl NewUser {
    fn check(&self) -> Result<(), Rejection> {
        if !is_email(&self.email) {
            return Err(Rejection::invalid_request("email must be an address of at most 254 bytes")
                .with_field("email"));
        }
        check_name(&self.name)
    }
}

// Enough to catch what is none (RFC 5321, section 4.5.3.1); whether it can be reached only a mail can tell.
fn is_email(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_control() || c.is_whitespace() || c == '@')
    };
    text.len() <= 254
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| plain(local) && plain(domain) && local.len() <= 64)
}

pub(super) async fn list(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Paged<User>, ApiError> {
    let page = query.page()?;
    let items = sqlx::query_as(
        "SELECT id, tenant_id, email, name, created_at FROM users ORDER BY created_at, id LIMIT ? OFFSET ?",
    )
    .bind(page.limit)
    .bind(i64::try_from(page.offset).unwrap_or(i64::MAX))
    .fetch_all(&app.db.scoped(&tenant))
    .await?;
    let total = Stock::Users.total(&app, &tenant).await?;
    Ok(Paged { items, total, page, path: "/api/users" })
}

pub(super) async fn create(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewUser>,
) -> Result<Response, ApiError> {
    new.check()?;
    match insert(&app, &tenant, &new).await {
        Ok(user) => {
            Stock::Users.forget(&app, &tenant).await;
            let location = [("location", format!("/api/users/{}", user.id))];
            Ok((StatusCode::CREATED, location, Json(user)).into_response())
        }
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(Rejection::conflict().with_detail("a user with this e-mail exists already").into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Under the tenant's stock limit `users`, where it has one.
async fn insert(app: &AppState, tenant: &TenantContext, new: &NewUser) -> Result<User, sqlx::Error> {
    if tenant.limits().stock(Stock::Users.dimension()).is_none() {
        return insert_by(&app.db.scoped(tenant), app, new).await;
    }
    let mut transaction = app.db.begin(tenant).await?;
    transaction.admit_stock(Stock::Users.dimension(), 1, Stock::Users.count()).await?;
    let user = insert_by(&mut transaction, app, new).await?;
    transaction.commit().await?;
    Ok(user)
}

async fn insert_by<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    app: &AppState,
    new: &NewUser,
) -> Result<User, sqlx::Error> {
    sqlx::query_as(
        "INSERT INTO users (id, email, email_key, name, created_at) VALUES (?, ?, ?, ?, ?)
         RETURNING id, tenant_id, email, name, created_at",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(&new.email)
    .bind(new.email.to_lowercase())
    .bind(&new.name)
    .bind(app.now().to_string())
    .fetch_one(executor)
    .await
}

pub(super) async fn show(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<User>, ApiError> {
    let user = sqlx::query_as("SELECT id, tenant_id, email, name, created_at FROM users WHERE id = ?")
        .bind(id)
        .fetch_optional(&app.db.scoped(&tenant))
        .await?;
    Ok(Json(user.ok_or_else(no_such_user)?))
}

pub(super) async fn delete(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let done =
        sqlx::query("DELETE FROM users WHERE id = ?").bind(id).execute(&app.db.scoped(&tenant)).await?;
    if done.rows_affected() == 0 {
        return Err(no_such_user().into());
    }
    Stock::Users.forget(&app, &tenant).await;
    Ok(StatusCode::NO_CONTENT)
}

fn no_such_user() -> Rejection {
    Rejection::not_found().with_detail("the user does not exist")
}
