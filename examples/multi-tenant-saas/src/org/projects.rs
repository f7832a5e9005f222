//! What an organisation works on.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenant::{
    ApiError, Rejection, Timestamp,
    auth::Role,
    control::NewProject,
    organisations::{OrganisationError, Project, ProjectChange, TeamMember},
};

use super::{caller::Acting, problem::problem};
use crate::{
    http::{CursorQuery, StrictJson, StrictQuery},
    state::AppState,
};

#[derive(Serialize)]
struct ProjectView<'a> {
    id: &'a str,
    name: &'a str,
    slug: &'a str,
    r#type: &'a str,
    environment: &'a str,
    team: Vec<TeamView>,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamView {
    user_id: Box<str>,
    role: Role,
}

#[derive(Serialize)]
struct List<'a> {
    projects: Vec<ProjectView<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    slug: String,
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    environment: String,
    #[serde(default)]
    team: Vec<TeamView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    slug: Option<String>,
    r#type: Option<String>,
    environment: Option<String>,
    team: Option<Vec<TeamView>>,
}

impl<'a> From<&'a Project> for ProjectView<'a> {
    fn from(project: &'a Project) -> Self {
        let of_team = |one: &TeamMember| TeamView { user_id: one.person_id.clone(), role: one.role };
        Self {
            id: &project.project_id,
            name: &project.name,
            slug: &project.slug,
            r#type: &project.kind,
            environment: &project.environment,
            team: project.team.iter().map(of_team).collect(),
            created_at: project.created_at,
        }
    }
}

fn team(views: Vec<TeamView>) -> Vec<TeamMember> {
    views.into_iter().map(|one| TeamMember::new(one.user_id, one.role)).collect()
}

/// A credential for another project knows nothing of this one.
fn check(acting: &Acting, project_id: &str) -> Result<(), ApiError> {
    match acting.may_see(project_id) {
        true => Ok(()),
        false => Err(Rejection::not_found().with_detail("there is no such project").into()),
    }
}

fn answer(
    app: &AppState,
    acting: &Acting,
    project: Result<Project, OrganisationError>,
) -> Result<Response, ApiError> {
    let project = project.map_err(|error| problem(app, &error, &acting.tenant, "projects"))?;
    Ok(Json(ProjectView::from(&project)).into_response())
}

pub(super) async fn list(
    acting: Acting,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<CursorQuery>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let found = app.organisations.projects(&acting.tenant, page.cursor(), page.limit).await;
    let found = found.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    let seen = found.projects.iter().filter(|project| acting.may_see(&project.project_id));
    let projects = seen.map(ProjectView::from).collect();
    Ok(Json(List { projects, next_cursor: found.next_cursor.as_deref() }).into_response())
}

pub(super) async fn show(
    acting: Acting,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    check(&acting, &id)?;
    answer(&app, &acting, app.organisations.project(&acting.tenant, &id).await)
}

pub(super) async fn create(
    acting: Acting,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<New>,
) -> Result<Response, ApiError> {
    acting.check_unbound()?;
    let New { name, slug, r#type: kind, environment, team: views } = new;
    let new = NewProject { name, slug, kind, environment, team: team(views) };
    let made = app.organisations.create_project(&acting.tenant, new).await;
    let made = made.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    app.outgoing.tell(&acting.tenant, "project.created", json!({ "project_id": made.project_id })).await;
    let location = format!("/organizations/{}/projects/{}", acting.tenant.id(), made.project_id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(ProjectView::from(&made))).into_response())
}

pub(super) async fn change(
    acting: Acting,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    StrictJson(change): StrictJson<Change>,
) -> Result<Response, ApiError> {
    check(&acting, &id)?;
    let Change { name, slug, r#type: kind, environment, team: views } = change;
    let change = ProjectChange { name, slug, kind, environment, team: views.map(team) };
    let changed = app.organisations.change_project(&acting.tenant, &id, &change).await;
    if changed.is_ok() {
        app.outgoing.tell(&acting.tenant, "project.changed", json!({ "project_id": id })).await;
    }
    answer(&app, &acting, changed)
}

pub(super) async fn delete(
    acting: Acting,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    check(&acting, &id)?;
    acting.check_unbound()?;
    let deleted = app.organisations.delete_project(&acting.tenant, &id).await;
    deleted.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    app.outgoing.tell(&acting.tenant, "project.deleted", json!({ "project_id": id })).await;
    Ok(StatusCode::NO_CONTENT)
}
