//! What an organisation works on.

use std::collections::BTreeMap;

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
    usage::UsedByProject,
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
    /// What was used in the running billing cycle, by kind; only where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Resources<'a>>,
}

type Resources<'a> = BTreeMap<&'a str, u64>;

/// What else is to be told of projects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Including {
    include: Option<String>,
}

/// A page of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    cursor: Option<String>,
    limit: Option<u32>,
    include: Option<String>,
}

/// Whether usage is asked for.
fn asks_for_resources(include: Option<&str>) -> Result<bool, Rejection> {
    match include {
        None => Ok(false),
        Some("resources") => Ok(true),
        Some(_) => Err(Rejection::invalid_request("include must be resources").with_field("include")),
    }
}

/// What the projects of a page used, which holds all that lies between its ends; nothing where that is not asked for.
async fn used_by(
    app: &AppState,
    acting: &Acting,
    page: &[Project],
    is_asked_for: bool,
) -> Result<Option<Vec<UsedByProject>>, ApiError> {
    match (page.first(), page.last()) {
        (Some(first), Some(last)) if is_asked_for => {
            let ends = &*first.project_id..=&*last.project_id;
            app.metering.by_project(&acting.tenant, ends).await.map(Some)
        }
        _ => Ok(None),
    }
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
            resources: None,
        }
    }
}

impl<'a> ProjectView<'a> {
    /// With what it used, where that was asked for: of a page's usage its own.
    fn using(self, page: Option<&'a [UsedByProject]>) -> Self {
        let own = |used: &&UsedByProject| *used.project == *self.id;
        let amount =
            |used: &'a UsedByProject| (used.kind.as_str(), u64::try_from(used.quantity).unwrap_or(u64::MAX));
        let resources = page.map(|page| page.iter().filter(own).map(amount).collect());
        Self { resources, ..self }
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
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Response, ApiError> {
    let asks = asks_for_resources(query.include.as_deref())?;
    let page = CursorQuery { cursor: query.cursor, limit: query.limit }.page()?;
    let found = app.organisations.projects(&acting.tenant, page.cursor(), page.limit).await;
    let found = found.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    let seen = found.projects.iter().filter(|project| acting.may_see(&project.project_id));
    let used = used_by(&app, &acting, &found.projects, asks).await?;
    let used = used.as_deref().or(asks.then_some(&[]));
    let projects = seen.map(|project| ProjectView::from(project).using(used)).collect();
    Ok(Json(List { projects, next_cursor: found.next_cursor.as_deref() }).into_response())
}

pub(super) async fn show(
    acting: Acting,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
    StrictQuery(query): StrictQuery<Including>,
) -> Result<Response, ApiError> {
    let asks = asks_for_resources(query.include.as_deref())?;
    check(&acting, &id)?;
    let project = app.organisations.project(&acting.tenant, &id).await;
    let project = project.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    let used = used_by(&app, &acting, std::slice::from_ref(&project), asks).await?;
    Ok(Json(ProjectView::from(&project).using(used.as_deref())).into_response())
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
