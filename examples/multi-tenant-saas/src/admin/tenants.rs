//! Tenants: create, read, replace, delete, suspend, activate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tenant::{
    ApiError, ConfigStore, ConfigStoreExt, QuotaConfig, Rejection, TenantConfig, TenantId, TenantRecord,
    TenantStatus,
};

use super::body::{QuotaBody, TenantBody, TenantView, invalid};
use crate::{
    http::{PageQuery, StrictJson, StrictQuery},
    state::AppState,
};

type Answer = Result<Response, ApiError>;

pub(super) async fn create(State(app): State<AppState>, StrictJson(body): StrictJson<TenantBody>) -> Answer {
    let id = body.new_id()?;
    let config = body.into_config(id, &app.configs.plans())?;
    let configs = Arc::clone(&app.configs);
    let record = app.hosts.change(async move { configs.create(config).await }).await?;
    let location = [("location", format!("/admin/tenants/{id}"))];
    Ok((StatusCode::CREATED, location, view(&record)).into_response())
}

pub(super) async fn show(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    let config = find(&app, &id).await?;
    Ok(Json(TenantView::from(&config)).into_response())
}

pub(super) async fn replace(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(body): StrictJson<TenantBody>,
) -> Answer {
    let id = parse_id(&id)?;
    body.agree_with(&id)?;
    let new = body.into_config(id, &app.configs.plans())?;
    let configs = Arc::clone(&app.configs);
    let change = move |config: &mut TenantConfig| {
        let kept = config.clone();
        *config = new.clone();
        (config.status, config.revision, config.database_key, config.placement) =
            (kept.status, kept.revision, kept.database_key, kept.placement);
    };
    let record = app.hosts.change(async move { configs.modify(&id, change).await }).await?;
    Ok(view(&record))
}

pub(super) async fn delete(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    let id = parse_id(&id)?;
    app.hosts.delete(id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Serialize)]
struct List<'a> {
    tenants: Vec<TenantView<'a>>,
    count: usize,
    total: u64,
}

pub(super) async fn list(State(app): State<AppState>, StrictQuery(query): StrictQuery<PageQuery>) -> Answer {
    let list = app.configs.list(query.page()?).await?;
    let tenants: Vec<_> = list.tenants.iter().map(TenantView::from).collect();
    Ok(Json(List { count: tenants.len(), tenants, total: list.total }).into_response())
}

pub(super) async fn set_quota(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(body): StrictJson<QuotaBody>,
) -> Answer {
    let id = parse_id(&id)?;
    let change = |config: &mut TenantConfig| {
        config.quota = QuotaConfig {
            requests_per_minute: body.requests_per_minute,
            tokens_per_minute: body.tokens_per_minute,
        };
        config.limits.clone_from(&body.limits);
    };
    // Held against the rules first, so that the answer names the field.
    let mut trial = app.configs.fetch(&id).await?.ok_or_else(Rejection::tenant_not_found)?;
    change(&mut trial);
    trial.validate().map_err(|error| invalid(&error))?;
    app.configs.plans().limits(&trial).map_err(|error| invalid(&error))?;
    let record = app.configs.modify(&id, change).await?;
    Ok(view(&record))
}

pub(super) async fn suspend(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    set_status(&app, &id, TenantStatus::Suspended).await
}

pub(super) async fn activate(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    set_status(&app, &id, TenantStatus::Active).await
}

async fn set_status(app: &AppState, id: &str, status: TenantStatus) -> Answer {
    let record = app.configs.modify(&parse_id(id)?, |config| config.status = status).await?;
    Ok(view(&record))
}

/// The tenant with this id, deleted ones included.
pub(super) async fn find(app: &AppState, id: &str) -> Result<TenantConfig, ApiError> {
    let config = app.configs.fetch(&parse_id(id)?).await?;
    Ok(config.ok_or_else(Rejection::tenant_not_found)?)
}

fn parse_id(id: &str) -> Result<TenantId, Rejection> {
    TenantId::parse(id).map_err(|_| Rejection::tenant_not_found())
}

fn view(record: &TenantRecord) -> Response {
    Json(TenantView::from(record.config())).into_response()
}
