//! People who may sign in for a tenant.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{ApiError, Rejection, TenantContext, TenantId, auth::Role};

use crate::{callers::rejection, http::StrictJson, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMember {
    email: String,
    password: String,
    role: Role,
}

#[derive(Serialize)]
struct Member {
    user_id: Box<str>,
    tenant_id: TenantId,
    email: String,
    role: Role,
}

pub(super) async fn create(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(new): StrictJson<NewMember>,
) -> Result<Response, ApiError> {
    let id = TenantId::parse(&id).map_err(|_| Rejection::tenant_not_found())?;
    let tenant = TenantContext::of(&*app.configs, &id).await.map_err(Rejection::from)?;
    let NewMember { email, password, role } = new;
    let person = app.callers.people.join(&tenant, &email, Some(&password), role, app.now()).await;
    let person = person.map_err(|error| rejection(&error))?;
    let member = Member { user_id: person.person_id, tenant_id: id, email: person.email, role };
    Ok((StatusCode::CREATED, Json(member)).into_response())
}
