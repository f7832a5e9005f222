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
    ApiError, ConfigStore, ConfigStoreExt, QuotaConfig, Rejection, TenantConfig, TenantId, TenantStatus,
};
use utoipa::ToSchema;

use super::{
    body::{QuotaBody, TenantBody, TenantView, invalid},
    mirror::Surface,
    version::{etag, tag_of},
};
use crate::{
    http::{IfMatch, IfNoneMatch, PageQuery, StrictJson, StrictQuery},
    state::AppState,
};

type Answer = Result<Response, ApiError>;

pub(super) async fn create(
    surface: Surface,
    State(app): State<AppState>,
    StrictJson(body): StrictJson<TenantBody>,
) -> Answer {
    let id = body.new_id()?;
    let config = body.into_config(id, &app.configs.plans())?;
    let configs = Arc::clone(&app.configs);
    let record = app.hosts.change(async move { configs.create(config).await }).await?;
    let location = [("location", surface.path(&format!("/admin/tenants/{id}")))];
    Ok((StatusCode::CREATED, location, view(record.config())?).into_response())
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
    if_none_match: IfNoneMatch,
) -> Answer {
    let config = find(&app, &id).await?;
    if !if_match.admits_config(&config) {
        return Err(Rejection::precondition_failed().into());
    }
    if if_none_match.has(&tag_of(&config)) {
        return Ok((StatusCode::NOT_MODIFIED, etag(&config)?).into_response());
    }
    Ok(view(&config)?)
}

pub(super) async fn replace(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
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
        config.boosts = kept.boosts;
        // Who is put on another plan tries none, and goes to none.
        if config.plan == kept.plan {
            (config.trial_ends_at, config.next_plan) = (kept.trial_ends_at, kept.next_plan);
        }
    };
    let is_expected = expectation(&if_match);
    let modified = app.hosts.change(async move { configs.modify_if(&id, is_expected, change).await });
    let record = modified.await.map_err(|error| if_match.refused(error))?;
    Ok(view(record.config())?)
}

pub(super) async fn delete(State(app): State<AppState>, Path(id): Path<String>, if_match: IfMatch) -> Answer {
    let id = parse_id(&id)?;
    let (configs, is_expected) = (Arc::clone(&app.configs), expectation(&if_match));
    let deletion = app.hosts.delete(id, async move { configs.delete_if(&id, is_expected).await });
    deletion.await.map_err(|error| if_match.refused(error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Serialize, ToSchema)]
#[schema(as = TenantList)]
pub(super) struct List<'a> {
    tenants: Vec<TenantView<'a>>,
    count: usize,
    total: u64,
}

/// The same, as the mirror gives it.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantPage)]
pub(super) struct MirroredList<'a> {
    data: Vec<TenantView<'a>>,
    pagination: Pagination,
}

#[derive(Serialize, ToSchema)]
struct Pagination {
    limit: u32,
    offset: u64,
    total: u64,
}

pub(super) async fn list(
    surface: Surface,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Answer {
    let page = query.page()?;
    let list = app.configs.list(page).await?;
    let (tenants, total) = (list.tenants.iter().map(TenantView::from).collect::<Vec<_>>(), list.total);
    Ok(match surface {
        Surface::Plain => Json(List { count: tenants.len(), tenants, total }).into_response(),
        Surface::Mirror => {
            let pagination = Pagination { limit: page.limit, offset: page.offset, total };
            Json(MirroredList { data: tenants, pagination }).into_response()
        }
    })
}

pub(super) async fn set_quota(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
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
    let modified = app.configs.modify_if(&id, expectation(&if_match), change).await;
    let record = modified.map_err(|error| if_match.refused(error))?;
    Ok(view(record.config())?)
}

pub(super) async fn suspend(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Answer {
    set_status(&app, &id, &if_match, TenantStatus::Suspended).await
}

pub(super) async fn activate(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Answer {
    set_status(&app, &id, &if_match, TenantStatus::Active).await
}

async fn set_status(app: &AppState, id: &str, if_match: &IfMatch, status: TenantStatus) -> Answer {
    let id = parse_id(id)?;
    let modified = app.configs.modify_if(&id, expectation(if_match), |config| config.status = status);
    let record = modified.await.map_err(|error| if_match.refused(error))?;
    Ok(view(record.config())?)
}

/// What a change of a tenant's config is held to.
pub(super) fn expectation(if_match: &IfMatch) -> impl Fn(&TenantConfig) -> bool + Send + Sync + use<> {
    let if_match = if_match.clone();
    move |config| if_match.admits_config(config)
}

/// The tenant with this id, deleted ones included.
pub(super) async fn find(app: &AppState, id: &str) -> Result<TenantConfig, ApiError> {
    let config = app.configs.fetch(&parse_id(id)?).await?;
    Ok(config.ok_or_else(Rejection::tenant_not_found)?)
}

fn parse_id(id: &str) -> Result<TenantId, Rejection> {
    TenantId::parse(id).map_err(|_| Rejection::tenant_not_found())
}

fn view(config: &TenantConfig) -> Result<Response, Rejection> {
    Ok((etag(config)?, Json(TenantView::from(config))).into_response())
}
