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
use utoipa::ToSchema;

use super::{
    body::invalid,
    tenants::{expectation, find},
    version::etag,
};
use crate::{
    docs::schemas,
    http::{IfMatch, StrictJson},
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HostsBody {
    #[schema(schema_with = schemas::host_list)]
    hosts: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TenantHosts)]
pub(super) struct HostsView<'a> {
    #[schema(value_type = Vec<String>)]
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
    Ok(view(&config)?)
}

/// Adds to those that there are: all of them, or none.
pub(super) async fn add(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
    StrictJson(body): StrictJson<HostsBody>,
) -> Result<Response, ApiError> {
    let more = body.patterns()?;
    let extend = move |hosts: &mut Vec<String>| {
        let new: Vec<_> = more.iter().filter(|host| !hosts.contains(host)).cloned().collect();
        hosts.extend(new);
        hosts.sort_unstable();
    };
    let record = change(&app, &id, &if_match, extend).await?;
    Ok((StatusCode::CREATED, view(record.config())?).into_response())
}

pub(super) async fn replace(
    State(app): State<AppState>,
    Path(id): Path<String>,
    if_match: IfMatch,
    StrictJson(body): StrictJson<HostsBody>,
) -> Result<Response, ApiError> {
    let new = body.patterns()?;
    let record = change(&app, &id, &if_match, move |hosts| hosts.clone_from(&new)).await?;
    Ok(view(record.config())?)
}

pub(super) async fn remove(
    State(app): State<AppState>,
    Path((id, host)): Path<(String, String)>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let missing = || Rejection::not_found().with_detail("the tenant has no such host");
    let host = HostPattern::parse(&host).map_err(|_| missing())?.as_str().to_owned();
    if !find(&app, &id).await?.hosts.contains(&host) {
        return Err(missing().into());
    }
    change(&app, &id, &if_match, move |hosts| hosts.retain(|own| *own != host)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    app: &AppState,
    id: &str,
    if_match: &IfMatch,
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
    let (is_expected, change) =
        (expectation(if_match), move |config: &mut TenantConfig| change(&mut config.hosts));
    let modify = async move { configs.modify_if(&id, is_expected, change).await };
    app.hosts.change(modify).await.map_err(|error| if_match.refused(error))
}

fn view(config: &TenantConfig) -> Result<Response, Rejection> {
    Ok((etag(config)?, Json(HostsView { hosts: &config.hosts })).into_response())
}
