//! The organisation's API keys: those of `/api/api-keys`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tenant::{ApiError, Page, Rejection, auth::ApiKeyStore};

use super::{caller::Manager, problem::problem};
use crate::{
    api::keys::{KeyView, NewKey, create_key, revoke_key},
    http::{CursorQuery, StrictJson, StrictQuery},
    state::AppState,
};

#[derive(Serialize)]
struct List<'a> {
    api_keys: Vec<KeyView<'a>>,
    next_cursor: Option<String>,
}

/// The cursor is how many came before.
fn offset(cursor: Option<&str>) -> Result<u64, Rejection> {
    let wrong = || Rejection::invalid_request("the cursor is of no page of this list").with_field("cursor");
    let Some(cursor) = cursor else { return Ok(0) };
    let offset = cursor.parse::<u32>().map_err(|_| wrong())?;
    Ok(offset.into())
}

pub(super) async fn list(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<CursorQuery>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let offset = offset(page.cursor())?;
    let one_more = Page { limit: page.limit + 1, offset };
    let mut keys = app.callers.keys.store().list(&acting.tenant, one_more).await?;
    let is_last = keys.len() <= page.limit as usize;
    keys.truncate(page.limit as usize);
    let next_cursor = (!is_last).then(|| (offset + u64::from(page.limit)).to_string());
    let api_keys = keys.iter().map(KeyView::from).collect();
    Ok(Json(List { api_keys, next_cursor }).into_response())
}

pub(super) async fn create(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewKey>,
) -> Result<Response, ApiError> {
    if let Some(project) = new.project_id() {
        let found = app.organisations.project(&acting.tenant, project).await;
        found.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
    }
    let at = format!("/organizations/{}/api-keys", acting.tenant.id());
    create_key(&app, &acting.tenant, new, &at).await
}

pub(super) async fn revoke(
    Manager(acting): Manager,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    revoke_key(&app, &acting.tenant, &id).await
}
