//! People who may sign in for a tenant.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{ApiError, Rejection, TenantContext, TenantId, auth::Role};
use utoipa::ToSchema;

use crate::{callers::rejection, docs::schemas, http::StrictJson, state::AppState};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMember {
    #[schema(max_length = 254, pattern = r"^[^\s@\x00-\x1f\x7f-\x9f]+@[^\s@\x00-\x1f\x7f-\x9f]+$")]
    email: String,
    #[schema(min_length = 8, max_length = 1024)]
    password: String,
    #[schema(schema_with = schemas::role)]
    role: Role,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Member {
    #[schema(value_type = String)]
    user_id: Box<str>,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: TenantId,
    email: String,
    #[schema(schema_with = schemas::role)]
    role: Role,
}

const SHORTEST_PASSWORD: usize = 8;

pub(super) async fn create(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(new): StrictJson<NewMember>,
) -> Result<Response, ApiError> {
    let id = TenantId::parse(&id).map_err(|_| Rejection::tenant_not_found())?;
    let tenant = TenantContext::of(&*app.configs, &id).await.map_err(Rejection::from)?;
    let NewMember { email, password, role } = new;
    // Whoever writes beyond ASCII has as many to choose.
    if password.chars().count() < SHORTEST_PASSWORD {
        let detail = "a password has at least 8 characters";
        return Err(Rejection::invalid_request(detail).with_field("password").into());
    }
    let person = app.callers.people.join(&tenant, &email, Some(&password), role, app.now()).await;
    let person = person.map_err(|error| rejection(&error))?;
    let member = Member { user_id: person.person_id, tenant_id: id, email: person.email, role };
    Ok((StatusCode::CREATED, Json(member)).into_response())
}
