//! The hosts that lead to a tenant.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ConfigStoreExt, Rejection, TenantConfig, TenantId, TenantRecord, TenantStatus,
    tower::HostPattern,
};

use super::{body::invalid, tenants::find};
use crate::{http::StrictJson, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostsBody {
    hosts: Vec<String>,
}

#[derive(Serialize)]
struct HostsView<'a> {
    hosts: &'a [String],
}

impl HostsBody {
    /// In the form in which requests name them.
    fn patterns(&self) -> Result<Vec<String>, Rejection> {
        let parsed = self.hosts.iter().enumerate().map(|(number, host)| {
            let wrong = |_| {
                let detail = format!("host {number} is neither a host nor a wildcard such as *.example.com");
                Rejection::invalid_request(detail).with_field("hosts")
            };
            HostPattern::parse(host).map(|pattern| pattern.as_str().to_owned()).map_err(wrong)
        });
        let mut patterns = parsed.collect::<Result<Vec<_>, _>>()?;
        patterns.sort_unstable();
        patterns.dedup();
        Ok(patterns)
    }
}

pub(super) async fn list(State(app): State<AppState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let config = find(&app, &id).await?;
    Ok(Json(HostsView { hosts: &config.hosts }).into_response())
}

/// Adds to those that there are: all of them, or none.
pub(super) async fn add(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(body): StrictJson<HostsBody>,
) -> Result<Response, ApiError> {
    let more = body.patterns()?;
    let extend = move |hosts: &mut Vec<String>| {
        let new: Vec<_> = more.iter().filter(|host| !hosts.contains(host)).cloned().collect();
        hosts.extend(new);
        hosts.sort_unstable();
    };
    let record = change(&app, &id, extend).await?;
    Ok((StatusCode::CREATED, view(&record)).into_response())
}

pub(super) async fn replace(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(body): StrictJson<HostsBody>,
) -> Result<Response, ApiError> {
    let new = body.patterns()?;
    let record = change(&app, &id, move |hosts| hosts.clone_from(&new)).await?;
    Ok(view(&record).into_response())
}

pub(super) async fn remove(
    State(app): State<AppState>,
    Path((id, host)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let missing = || Rejection::not_found().with_detail("the tenant has no such host");
    let host = HostPattern::parse(&host).map_err(|_| missing())?.as_str().to_owned();
    if !find(&app, &id).await?.hosts.contains(&host) {
        return Err(missing().into());
    }
    change(&app, &id, move |hosts| hosts.retain(|own| *own != host)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    app: &AppState,
    id: &str,
    change: impl Fn(&mut Vec<String>) + Send + Sync + 'static,
) -> Result<Arc<TenantRecord>, ApiError> {
    let mut trial = find(app, id).await?;
    if trial.status == TenantStatus::Deleted {
        return Err(Rejection::tenant_not_found().into());
    }
    // Held against the rules first, so that the answer names the field.
    change(&mut trial.hosts);
    trial.validate().map_err(|error| invalid(&error))?;
    let (configs, id): (_, TenantId) = (Arc::clone(&app.configs), trial.tenant_id);
    let modify =
        async move { configs.modify(&id, move |config: &mut TenantConfig| change(&mut config.hosts)).await };
    Ok(app.hosts.change(modify).await?)
}

fn view(record: &TenantRecord) -> Response {
    Json(HostsView { hosts: &record.config().hosts }).into_response()
}
