//! The plan that an organisation is on, and the one that it goes to.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use tenant::{
    ApiError, ConfigStoreExt, NextPlan, Rejection, TenantConfig, TenantContext, Timestamp,
    control::{Fit, Offer, OverLimit},
};

use super::{
    caller::{Acting, Manager},
    organisation::OrganisationView,
};
use crate::{admin::invalid, http::StrictJson, plan_changes::InUse, settings::Downgrades, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlan {
    plan: String,
    at: Option<When>,
}

/// When a plan begins; at once unless said otherwise.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum When {
    Now,
    CycleEnd,
}

/// Until when a plan may be tried that begins now.
pub(super) fn trial_of(app: &AppState, offer: &Offer) -> Option<Timestamp> {
    let micros = i64::try_from(offer.trial()?.as_micros()).ok()?;
    Some(Timestamp::from_unix_micros(app.now().as_unix_micros().saturating_add(micros)))
}

/// Each plan is tried once, when the organisation begins with it: who chooses one pays.
pub(super) async fn change(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewPlan>,
) -> Result<Response, ApiError> {
    let Acting { tenant, .. } = acting;
    let unknown = || Rejection::invalid_request("plan must be one of the plans there are").with_field("plan");
    let offer = app.offers.get(&new.plan).ok_or_else(unknown)?;
    let is_later = match new.at {
        Some(When::CycleEnd) => true,
        at => match over(&app, &tenant, offer).await? {
            over if over.is_empty() => false,
            _ if at.is_none() && app.downgrades == Downgrades::Schedule => true,
            over => return Err(too_much(&over).into()),
        },
    };
    let later = is_later.then(|| app.metering.cycle().end());
    let record = app.configs.modify(tenant.id(), |config| choose(config, &offer.name, later)).await?;
    tell(&app, &tenant, record.config()).await;
    Ok(Json(OrganisationView::from(record.config())).into_response())
}

fn choose(config: &mut TenantConfig, plan: &str, later: Option<Timestamp>) {
    let stays = config.plan.as_deref() == Some(plan);
    match (stays, later) {
        // What was to come is taken back, and a trial goes on as it was.
        (true, _) if config.next_plan.is_some() => config.next_plan = None,
        (true, Some(_)) => {}
        (false, Some(at)) => config.next_plan = Some(NextPlan::new(plan, at)),
        (_, None) => {
            (config.plan, config.trial_ends_at, config.next_plan) = (Some(plan.to_owned()), None, None);
        }
    }
}

/// What more is used of than the plan has, where the organisation is on another.
async fn over(app: &AppState, tenant: &TenantContext, offer: &Offer) -> Result<Vec<OverLimit>, ApiError> {
    let mut there = tenant.config().clone();
    if there.plan.as_deref() == Some(&offer.name) {
        return Ok(Vec::new());
    }
    there.plan = Some(offer.name.clone());
    match Fit::of(&there, &app.configs.plans(), &InUse::of(app)).await? {
        Fit::Fits => Ok(Vec::new()),
        Fit::Over(over) => Ok(over),
        Fit::Never(error) => Err(invalid(&error).into()),
    }
}

fn too_much(over: &[OverLimit]) -> Rejection {
    Rejection::conflict().with_detail("more is used than the plan has").with_member("over", json!(over))
}

async fn tell(app: &AppState, tenant: &TenantContext, config: &TenantConfig) {
    if config.plan != tenant.config().plan {
        let data = json!({ "plan": config.plan, "from": tenant.config().plan });
        app.outgoing.tell(tenant, "plan.changed", data).await;
    }
}
