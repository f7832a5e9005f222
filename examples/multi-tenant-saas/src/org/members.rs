//! Who belongs to an organisation.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant::{
    ApiError, Rejection,
    auth::Role,
    organisations::{Member, MemberFilter, MemberStatus},
};

use super::{
    caller::{Acting, Manager},
    problem::problem,
    signed_out::sign_out,
};
use crate::{
    http::{CursorQuery, StrictJson, StrictQuery},
    state::AppState,
};

#[derive(Serialize)]
pub(super) struct MemberView<'a> {
    id: &'a str,
    email: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    username: Option<&'a str>,
    role: Role,
    status: &'static str,
    projects: &'a [Box<str>],
}

impl<'a> From<&'a Member> for MemberView<'a> {
    fn from(member: &'a Member) -> Self {
        let profile = &member.profile;
        Self {
            id: &member.id,
            email: &member.email,
            first_name: profile.first_name.as_deref(),
            last_name: profile.last_name.as_deref(),
            username: profile.username.as_deref(),
            role: member.role,
            status: member.status.as_str(),
            projects: &member.projects,
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    users: Vec<MemberView<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    role: Option<String>,
    status: Option<String>,
    project_id: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl Query {
    fn filter(&self) -> Result<MemberFilter, Rejection> {
        let wrong = |field, detail| move || Rejection::invalid_request(detail).with_field(field);
        let role = self.role.as_deref().map(|role| {
            Role::parse(role).ok_or_else(wrong("role", "role must be owner, admin, member or viewer"))
        });
        // Nobody is suspended by themselves: the organisation is.
        let status = self.status.as_deref().map(|status| {
            MemberStatus::parse(status).ok_or_else(wrong("status", "status must be active or invited"))
        });
        Ok(MemberFilter {
            role: role.transpose()?,
            status: status.transpose()?,
            project_id: self.project_id.clone(),
        })
    }
}

pub(super) async fn list(
    acting: Acting,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<Query>,
) -> Result<Response, ApiError> {
    let filter = query.filter()?;
    let page = CursorQuery { cursor: query.cursor, limit: query.limit }.page()?;
    let found = app.organisations.members(&acting.tenant, &filter, page.cursor(), page.limit).await;
    let found = found.map_err(|error| problem(&app, &error, &acting.tenant, "users"))?;
    let users = found.members.iter().map(MemberView::from).collect();
    Ok(Json(List { users, next_cursor: found.next_cursor.as_deref() }).into_response())
}

pub(super) async fn show(
    acting: Acting,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let member = app.organisations.member(&acting.tenant, &id).await;
    let member = member.map_err(|error| problem(&app, &error, &acting.tenant, "users"))?;
    Ok(Json(MemberView::from(&member)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    role: Option<Role>,
    projects: Option<Vec<Box<str>>>,
}

pub(super) async fn change(
    Manager(acting): Manager,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    StrictJson(change): StrictJson<Change>,
) -> Result<Response, ApiError> {
    let Acting { tenant, actor, .. } = &acting;
    let projects = change.projects.as_deref();
    let changed = app.organisations.change_member(tenant, actor, &id, change.role, projects).await;
    let member = changed.map_err(|error| problem(&app, &error, tenant, "users"))?;
    app.outgoing.tell(tenant, "member.changed", json!({ "user_id": id })).await;
    if change.role.is_some() {
        sign_out(&app, tenant.id(), &id).await?;
    }
    Ok(Json(MemberView::from(&member)).into_response())
}

pub(super) async fn remove(
    Manager(acting): Manager,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let Acting { tenant, actor, .. } = &acting;
    let removed = app.organisations.remove_member(tenant, actor, &id).await;
    removed.map_err(|error| problem(&app, &error, tenant, "users"))?;
    app.outgoing.tell(tenant, "member.removed", json!({ "user_id": id })).await;
    sign_out(&app, tenant.id(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
