//! The tenant's API keys.

use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, Page, Rejection, Tenant, TenantContext, Timestamp,
    auth::{ApiKeyMode, ApiKeyRecord, ApiKeyStore, NewApiKey, Scopes},
};
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ObjectBuilder, Type},
};

use super::whole::{Caller, check_whole};
use crate::{
    callers::rejection,
    docs::schemas,
    events::{Happening, Kind},
    http::{PageQuery, StrictJson, StrictQuery, check_name},
    state::AppState,
};

/// What a key may be asked to be for.
const SCOPES: [&str; 12] = [
    "read:users",
    "write:users",
    "read:events",
    "write:events",
    "read:resources",
    "write:resources",
    "read:workflows",
    "write:workflows",
    "read:chat",
    "write:chat",
    "read:analytics",
    "write:analytics",
];

/// One of them, for the document.
fn scopes() -> Array {
    Array::new(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(SCOPES)))
}

/// To each tenant. Several that come at once may find room together.
const MOST_KEYS: u64 = 1_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    #[schema(schema_with = scopes)]
    scopes: Vec<String>,
    #[schema(pattern = "^[!-~]{1,64}$")]
    project_id: Option<String>,
    /// Requests a minute.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    rate_limit: Option<u64>,
    /// Ahead of now.
    #[schema(schema_with = schemas::moment_or_null)]
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyView<'a> {
    key_id: &'a str,
    name: &'a str,
    key_prefix: &'a str,
    #[schema(value_type = Vec<String>)]
    scopes: &'a Scopes,
    project_id: Option<&'a str>,
    rate_limit: Option<u64>,
    #[schema(schema_with = schemas::moment)]
    created_at: Timestamp,
    #[schema(schema_with = schemas::moment_or_null)]
    expires_at: Option<Timestamp>,
    #[schema(schema_with = schemas::moment_or_null)]
    last_used_at: Option<Timestamp>,
}

impl<'a> From<&'a ApiKeyRecord> for KeyView<'a> {
    fn from(key: &'a ApiKeyRecord) -> Self {
        Self {
            key_id: &key.key_id,
            name: &key.name,
            key_prefix: &key.prefix,
            scopes: &key.scopes,
            project_id: key.project.as_deref(),
            rate_limit: key.rate_limit,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub(super) struct Created<'a> {
    /// Shown this once.
    key: &'a str,
    #[serde(flatten)]
    view: KeyView<'a>,
}

impl NewKey {
    fn scopes(&self) -> Result<Scopes, Rejection> {
        let wrong = |detail: String| Rejection::invalid_request(detail).with_field("scopes");
        if let Some(unknown) = self.scopes.iter().position(|scope| !SCOPES.contains(&scope.as_str())) {
            return Err(wrong(format!("scope {unknown} is none of {}", SCOPES.join(", "))));
        }
        Scopes::new(&self.scopes).map_err(|error| wrong(error.to_string()))
    }

    /// The only project that it is for.
    pub(crate) fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    fn check(&self, now: Timestamp) -> Result<(), Rejection> {
        check_name(&self.name)?;
        let wrong = |field, detail| Err(Rejection::invalid_request(detail).with_field(field));
        let is_project =
            |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if self.project_id.as_deref().is_some_and(|id| !is_project(id)) {
            return wrong("project_id", "project_id must be 1 to 64 visible ASCII characters");
        }
        if self.rate_limit.is_some_and(|limit| !(1..=1_000_000_000).contains(&limit)) {
            return wrong("rate_limit", "rate_limit must be 1 to 1000000000 requests a minute");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return wrong("expires_at", "expires_at must lie ahead");
        }
        Ok(())
    }
}

pub(crate) async fn create(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewKey>,
) -> Result<Response, ApiError> {
    check_whole(&caller, "API keys")?;
    create_key(&app, &tenant, new, "/api/api-keys").await
}

/// Makes a key, which is found `at` a path.
pub(crate) async fn create_key(
    app: &AppState,
    tenant: &TenantContext,
    new: NewKey,
    at: &str,
) -> Result<Response, ApiError> {
    let keys = app.callers.keys.store();
    if !keys.list(tenant, Page { limit: 1, offset: MOST_KEYS - 1 }).await?.is_empty() {
        let detail = format!("the tenant has {MOST_KEYS} API keys, which is the most: revoke one");
        return Err(Rejection::conflict().with_detail(detail).into());
    }
    let now = app.now();
    new.check(now)?;
    let key = NewApiKey::generate(tenant, ApiKeyMode::Live, now)
        .map_err(|error| rejection(&error))?
        .scopes(new.scopes()?)
        .name(new.name)
        .project(new.project_id)
        .rate_limit(new.rate_limit)
        .expires_at(new.expires_at);
    keys.create(tenant, key.record()).await?;
    app.tell_all(tenant, &Happening::Key(Kind::ApiKeyCreated, &key.record().key_id)).await;
    let created = Created { key: key.key(), view: key.record().into() };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let location = [(LOCATION, format!("{at}/{}", key.record().key_id))];
    Ok((StatusCode::CREATED, no_store, location, Json(created)).into_response())
}

pub(crate) async fn list(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Response, ApiError> {
    check_whole(&caller, "API keys")?;
    let keys = app.callers.keys.store().list(&tenant, query.page()?).await?;
    let views: Vec<_> = keys.iter().map(KeyView::from).collect();
    Ok(Json(views).into_response())
}

pub(crate) async fn revoke(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    check_whole(&caller, "API keys")?;
    revoke_key(&app, &tenant, &id).await
}

/// Revokes a key.
pub(crate) async fn revoke_key(
    app: &AppState,
    tenant: &TenantContext,
    id: &str,
) -> Result<StatusCode, ApiError> {
    match app.callers.keys.revoke(tenant, id).await? {
        true => {
            app.tell_all(tenant, &Happening::Key(Kind::ApiKeyRevoked, id)).await;
            Ok(StatusCode::NO_CONTENT)
        }
        false => Err(Rejection::not_found().with_detail("the API key does not exist").into()),
    }
}
