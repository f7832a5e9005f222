//! Boosts: more of some limits of a tenant, for a while.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tenant::{ApiError, Boost, ConfigStoreExt, Rejection, TenantConfig, TenantStatus, Timestamp};

use super::{
    body::invalid,
    mirror::Surface,
    tenants::{expectation, find},
    version::etag,
};
use crate::{
    http::{IfMatch, StrictJson},
    state::AppState,
};

/// Those that run still.
#[derive(Serialize)]
struct BoostsView<'a> {
    boosts: Vec<&'a Boost>,
}

pub(super) async fn list(State(app): State<AppState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let config = find(&app, &id).await?;
    Ok(view(&app, &config)?)
}

/// Adds one. Those that have ended make room for it, and for its name.
pub(super) async fn add(
    surface: Surface,
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
    StrictJson(boost): StrictJson<Boost>,
) -> Result<Response, ApiError> {
    let (now, config) = (app.now(), kept(&app, &id).await?);
    // Held against the rules first, so that the answer names the field.
    let limits = app.configs.plans().limits(&config).map_err(|error| invalid(&error))?;
    boost.check(&limits, now).map_err(|error| invalid(&error))?;
    let mut trial = config.clone();
    trial.boosts.retain(|other| other.until > now);
    if trial.boosts.iter().any(|other| other.name == boost.name) {
        let detail = "a boost of this name runs: end it first";
        return Err(Rejection::conflict().with_detail(detail).with_field("name").into());
    }
    trial.boosts.push(boost.clone());
    trial.validate().map_err(|error| invalid(&error))?;
    let change = |config: &mut TenantConfig| {
        config.boosts.retain(|other| other.until > now);
        config.boosts.push(boost.clone());
    };
    let modified = app.configs.modify_if(&config.tenant_id, expectation(&if_match), change).await;
    let record = modified.map_err(|error| if_match.refused(error))?;
    let location = surface.path(&format!("/admin/tenants/{id}/boosts/{}", boost.name));
    Ok((StatusCode::CREATED, [(LOCATION, location)], view(&app, record.config())?).into_response())
}

/// Ends one before its time.
pub(super) async fn end(
    State(app): State<AppState>,
    Path((id, name)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let (now, config) = (app.now(), kept(&app, &id).await?);
    if !running(&config, now).any(|boost| boost.name == name) {
        return Err(Rejection::not_found().with_detail("the tenant has no such boost").into());
    }
    let change = |config: &mut TenantConfig| {
        config.boosts.retain(|other| other.until > now && other.name != name);
    };
    let modified = app.configs.modify_if(&config.tenant_id, expectation(&if_match), change).await;
    modified.map_err(|error| if_match.refused(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// A tenant that is not deleted.
async fn kept(app: &AppState, id: &str) -> Result<TenantConfig, ApiError> {
    let config = find(app, id).await?;
    if config.status == TenantStatus::Deleted {
        return Err(Rejection::tenant_not_found().into());
    }
    Ok(config)
}

fn running(config: &TenantConfig, now: Timestamp) -> impl Iterator<Item = &Boost> {
    config.boosts.iter().filter(move |boost| boost.until > now)
}

fn view(app: &AppState, config: &TenantConfig) -> Result<Response, Rejection> {
    let boosts = running(config, app.now()).collect();
    Ok((etag(config)?, Json(BoostsView { boosts })).into_response())
}
