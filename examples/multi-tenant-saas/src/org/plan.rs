//! The plan that an organisation is on.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, ConfigStoreExt, Rejection, TenantConfig, TenantContext, Timestamp, control::Offer,
    quota::Limits,
};

use super::{
    caller::{Acting, Manager},
    organisation::OrganisationView,
};
use crate::{
    admin::invalid,
    http::StrictJson,
    limits::stocks,
    state::AppState,
    stock::{Whose, used_of},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlan {
    plan: String,
}

/// A limit of the other plan that more is used of.
#[derive(Serialize)]
struct Over {
    limit: String,
    used: u64,
    allowed: u64,
}

/// Until when a plan may be tried that begins now.
pub(super) fn trial_of(app: &AppState, offer: &Offer) -> Option<Timestamp> {
    let micros = i64::try_from(offer.trial()?.as_micros()).ok()?;
    Some(Timestamp::from_unix_micros(app.now().as_unix_micros().saturating_add(micros)))
}

/// Each plan is tried once, when the organisation begins with it: who changes pays.
pub(super) async fn change(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewPlan>,
) -> Result<Response, ApiError> {
    let Acting { tenant, .. } = acting;
    let unknown = || Rejection::invalid_request("plan must be one of the plans there are").with_field("plan");
    let offer = app.offers.get(&new.plan).ok_or_else(unknown)?;
    let switch = |config: &mut TenantConfig| {
        if config.plan.as_deref() != Some(&offer.name) {
            (config.plan, config.trial_ends_at) = (Some(offer.name.clone()), None);
        }
    };
    let mut trial = tenant.config().clone();
    switch(&mut trial);
    let limits = app.configs.plans().limits(&trial).map_err(|error| invalid(&error))?;
    let over = over(&app, &tenant, &limits).await?;
    if !over.is_empty() {
        let detail = "more is used than the plan has";
        let over = serde_json::to_value(over).unwrap_or_default();
        return Err(Rejection::conflict().with_detail(detail).with_member("over", over).into());
    }
    let record = app.configs.modify(tenant.id(), switch).await?;
    Ok(Json(OrganisationView::from(record.config())).into_response())
}

async fn over(app: &AppState, tenant: &TenantContext, limits: &Limits) -> Result<Vec<Over>, ApiError> {
    let mut over = Vec::new();
    for limit in stocks(limits).filter(|limit| !limit.shadow) {
        let used = used_of(app, Whose::Own(tenant), limit.dimension.as_str()).await?;
        if used > limit.limit {
            over.push(Over { limit: limit.name.to_string(), used, allowed: limit.limit });
        }
    }
    Ok(over)
}
