//! The tenant's hosts: those that lead to it, and those that it has yet to prove its own.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ConfigStore, ConfigStoreExt, HostClaim, HostClaimStatus, HostPattern, Rejection, Tenant,
    TenantConfig, TenantContext, Timestamp,
    auth::{HostClaimError, HostClaimErrorKind},
};
use utoipa::ToSchema;

use super::whole::{Caller, check_whole};
use crate::{
    docs::schemas,
    domains::{Busy, Look},
    http::StrictJson,
    state::AppState,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHost {
    /// A host of the tenant's own: no wildcard, no address, and nothing of the server's.
    #[schema(
        max_length = 253,
        pattern = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,3}[A-Za-z]{2,20}$"
    )]
    host: String,
}

#[derive(Serialize, ToSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schema(as = OwnHost)]
pub(super) struct HostView {
    host: String,
    #[schema(pattern = "^(live|pending|conflict)$")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::moment)]
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OwnHosts)]
pub(super) struct HostsView {
    hosts: Vec<HostView>,
}

impl HostView {
    fn live(host: &str) -> Self {
        Self { host: host.to_owned(), status: "live", token: None, expires_at: None }
    }
}

impl From<HostClaim> for HostView {
    fn from(claim: HostClaim) -> Self {
        let status = match claim.status {
            HostClaimStatus::Pending => "pending",
            HostClaimStatus::Taken => "conflict",
        };
        let (host, token) = (claim.host.into_string(), Some(claim.token.into_string()));
        Self { host, status, token, expires_at: Some(claim.expires_at) }
    }
}

pub(super) async fn list(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
) -> Result<Response, ApiError> {
    check_whole(&caller, "hosts")?;
    let live = current(&app, &tenant).await?.hosts;
    let claims = app.domains.claims.list(&tenant).await?;
    // One that has gone live just now may still be claimed.
    let claimed = claims.into_iter().filter(|claim| !live.iter().any(|host| **host == *claim.host));
    let mut hosts: Vec<HostView> = claimed.map(HostView::from).collect();
    hosts.extend(live.iter().map(|host| HostView::live(host)));
    hosts.sort_unstable();
    Ok(no_store(StatusCode::OK, HostsView { hosts }))
}

/// Whose the host is now is not told before it is proved.
pub(super) async fn claim(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewHost>,
) -> Result<Response, ApiError> {
    check_whole(&caller, "hosts")?;
    let mut config = current(&app, &tenant).await?;
    if HostPattern::parse(&new.host).is_ok_and(|host| has(&config, host.as_str())) {
        return Err(Rejection::conflict().with_detail("the host leads to the tenant already").into());
    }
    config.hosts.push(new.host.to_ascii_lowercase().trim_end_matches('.').to_owned());
    config.validate().map_err(|error| invalid(error.to_string()))?;
    let claim = app.domains.claims.claim(&tenant, &new.host).await.map_err(|error| unclaimed(&error))?;
    let location = [(LOCATION, format!("/api/hosts/{}", claim.host))];
    Ok((location, no_store(StatusCode::CREATED, HostView::from(claim))).into_response())
}

/// Looks for the token now.
pub(super) async fn verify(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    Path(host): Path<String>,
) -> Result<Response, ApiError> {
    check_whole(&caller, "hosts")?;
    let host = HostPattern::parse(&host).map_err(|_| missing())?;
    if has(&current(&app, &tenant).await?, host.as_str()) {
        return Ok(no_store(StatusCode::OK, HostView::live(host.as_str())));
    }
    let claim = app.domains.claims.find(tenant.id(), host.as_str()).await?.ok_or_else(missing)?;
    match app.domains.look(claim.clone()).await.map_err(|busy| too_many(&busy))?? {
        Look::Live => Ok(no_store(StatusCode::OK, HostView::live(host.as_str()))),
        Look::NotYet => Ok(no_store(StatusCode::OK, HostView::from(claim))),
        Look::Taken => Err(Rejection::conflict().with_detail("the host is proved, but taken").into()),
        Look::Gone => Err(missing().into()),
    }
}

pub(super) async fn remove(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    Path(host): Path<String>,
) -> Result<StatusCode, ApiError> {
    check_whole(&caller, "hosts")?;
    let host = HostPattern::parse(&host).map_err(|_| missing())?;
    let was_claimed = app.domains.withdraw(&tenant, host.as_str()).await?;
    // After that: what was going live is live by now.
    let was_live = has(&current(&app, &tenant).await?, host.as_str());
    if was_live {
        let (configs, id) = (Arc::clone(&app.configs), *tenant.id());
        let without = move |config: &mut TenantConfig| config.hosts.retain(|own| own != host.as_str());
        app.hosts.change(async move { configs.modify(&id, without).await }).await?;
    }
    if was_claimed || was_live { Ok(StatusCode::NO_CONTENT) } else { Err(missing().into()) }
}

/// Past the cache: another instance may have given the tenant a host a moment ago.
async fn current(app: &AppState, tenant: &TenantContext) -> Result<TenantConfig, ApiError> {
    let config = app.configs.fetch(tenant.id()).await?;
    Ok(config.ok_or_else(Rejection::tenant_not_found)?)
}

fn has(config: &TenantConfig, host: &str) -> bool {
    config.hosts.iter().any(|own| own == host)
}

fn no_store(status: StatusCode, body: impl Serialize) -> Response {
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, no_store, Json(body)).into_response()
}

fn missing() -> Rejection {
    Rejection::not_found().with_detail("the tenant has no such host")
}

fn invalid(detail: String) -> Rejection {
    Rejection::invalid_request(detail).with_field("host")
}

fn unclaimed(error: &HostClaimError) -> ApiError {
    match (error.kind(), error.cause()) {
        (HostClaimErrorKind::Invalid | HostClaimErrorKind::Reserved, _) => invalid(error.to_string()).into(),
        (HostClaimErrorKind::Exists, _) => Rejection::conflict().with_detail(error.to_string()).into(),
        (HostClaimErrorKind::TooMany, _) => {
            Rejection::quota_exceeded(None).with_detail(error.to_string()).into()
        }
        (_, Some(cause)) => cause.clone().into(),
        (_, None) => Rejection::new(tenant::RejectionKind::StoreUnavailable).into(),
    }
}

fn too_many(busy: &Busy) -> Rejection {
    match busy {
        Busy::Tenant => {
            Rejection::quota_exceeded(Some(1)).with_detail("another host of the tenant is being verified")
        }
        Busy::All => Rejection::overloaded(),
    }
}
