//! The tenant's own users.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Sqlite, query::QueryAs, sqlite::SqliteArguments};
use tenant::{ApiError, Rejection, Tenant, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::kept::{self, Kept};
use crate::{
    docs::schemas,
    events::Kind,
    http::{PageQuery, Paged, StrictJson, StrictQuery, check_name},
    state::AppState,
    stock::Stock,
};

#[derive(FromRow, Serialize, ToSchema)]
pub(super) struct User {
    id: String,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: String,
    email: String,
    name: String,
    #[schema(schema_with = schemas::moment)]
    created_at: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    #[schema(max_length = 254, pattern = r"^[^\s@\x00-\x1f\x7f-\x9f]{1,64}@[^\s@\x00-\x1f\x7f-\x9f]+$")]
    email: String,
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
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

    fn insert(self, now: Timestamp) -> QueryAs<'static, Sqlite, User, SqliteArguments> {
        sqlx::query_as(
            "INSERT INTO users (id, email_key, email, name, created_at) VALUES (?, ?, ?, ?, ?)
             RETURNING id, tenant_id, email, name, created_at",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(self.email.to_lowercase())
        .bind(self.email)
        .bind(self.name)
        .bind(now.to_string())
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

impl Kept for User {
    const STOCK: Stock = Stock::Users;
    const TOLD: [Kind; 2] = [Kind::UserCreated, Kind::UserDeleted];
    const PATH: &'static str = "/api/users";
    const LIST: &'static str =
        "SELECT id, tenant_id, email, name, created_at FROM users ORDER BY created_at, id LIMIT ? OFFSET ?";
    const DELETE: &'static str = "DELETE FROM users WHERE id = ?";

    fn id(&self) -> &str {
        &self.id
    }

    fn missing() -> Rejection {
        Rejection::not_found().with_detail("the user does not exist")
    }

    fn not_inserted(error: sqlx::Error) -> ApiError {
        match error {
            sqlx::Error::Database(error) if error.is_unique_violation() => {
                Rejection::conflict().with_detail("a user with this e-mail exists already").into()
            }
            error => error.into(),
        }
    }
}

pub(super) async fn list(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Paged<User>, ApiError> {
    kept::list(&app, &tenant, query).await
}

pub(super) async fn create(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewUser>,
) -> Result<Response, ApiError> {
    new.check()?;
    kept::create(&app, &tenant, new.insert(app.now())).await
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
    Ok(Json(user.ok_or_else(User::missing)?))
}

pub(super) async fn delete(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    kept::delete::<User>(&app, &tenant, id).await
}
