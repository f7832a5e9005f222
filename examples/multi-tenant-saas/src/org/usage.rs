//! What an organisation uses.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenant::{
    ApiError, Rejection, TenantId,
    control::{Counts, UsageReport, Used, UsedOnDay, Utilisation},
    usage::{BillingCycle, UsageDate, UsageKind},
};

use super::{caller::Acting, problem::problem};
use crate::{
    http::{StrictJson, StrictQuery},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    project_id: Option<String>,
    r#type: String,
    quantity: u64,
    #[serde(default)]
    metadata: Map<String, Value>,
    idempotency_key: Option<String>,
}

/// A month, as `2024-01`; the running one unless given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cycle {
    billing_cycle: Option<String>,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    report: UsageReport,
    utilisation: Vec<Utilisation>,
}

#[derive(Serialize)]
struct History<'a> {
    org_id: &'a TenantId,
    billing_cycle: BillingCycle,
    days: Vec<DayView<'a>>,
}

/// What was used of a kind, for a project, on a day; of a level the peak.
#[derive(Serialize)]
struct DayView<'a> {
    date: UsageDate,
    r#type: &'a UsageKind,
    project_id: Option<&'a str>,
    quantity: u64,
    records: u64,
}

impl Cycle {
    fn read(&self, app: &AppState) -> Result<BillingCycle, Rejection> {
        let Some(text) = &self.billing_cycle else { return Ok(app.metering.cycle()) };
        let wrong = |error: &dyn std::fmt::Display| {
            Rejection::invalid_request(error.to_string()).with_field("billing_cycle")
        };
        text.parse().map_err(|error: tenant::usage::InvalidCycle| wrong(&error))
    }
}

impl<'a> From<&'a UsedOnDay> for DayView<'a> {
    fn from(day: &'a UsedOnDay) -> Self {
        let series = &day.used.series;
        Self {
            date: day.date,
            r#type: &series.kind,
            project_id: series.project.as_deref(),
            quantity: u64::try_from(day.used.quantity).unwrap_or(u64::MAX),
            records: day.used.records,
        }
    }
}

/// A credential for one project records for that one, whether it says so or not.
pub(super) async fn record(
    acting: Acting,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<New>,
) -> Result<Response, ApiError> {
    let New { project_id, r#type: kind, quantity, metadata, idempotency_key } = new;
    let kind = UsageKind::parse(&kind)
        .map_err(|error| Rejection::invalid_request(error.to_string()).with_field("type"))?;
    let project = project_id.as_deref().or(acting.project());
    let mut used = Used::new(kind.clone(), quantity).metadata(metadata);
    if let Some(project) = project {
        if !acting.may_see(project) {
            return Err(Rejection::not_found().with_detail("there is no such project").into());
        }
        let found = app.organisations.project(&acting.tenant, project).await;
        found.map_err(|error| problem(&app, &error, &acting.tenant, "projects"))?;
        used = used.project(project);
    }
    if let Some(key) = &idempotency_key {
        used = used.once(key);
    }
    let recorded = app.metering.record(&acting.tenant, &kind, used).await?;
    let status = if recorded.is_repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(json!({ "id": recorded.id }))).into_response())
}

pub(super) async fn show(
    acting: Acting,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<Cycle>,
) -> Result<Response, ApiError> {
    acting.check_unbound()?;
    let (tenant, cycle) = (&acting.tenant, query.read(&app)?);
    let counts = Counts {
        users: app.organisations.seats(tenant.id()).await?.members,
        projects: app.organisations.count_projects(tenant.id()).await?,
    };
    let report = app.metering.report(tenant.config(), cycle, counts).await?;
    let utilisation = app.metering.utilisation(tenant.config(), cycle).await?;
    Ok(Json(Report { report, utilisation }).into_response())
}

pub(super) async fn history(
    acting: Acting,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<Cycle>,
) -> Result<Response, ApiError> {
    acting.check_unbound()?;
    let cycle = query.read(&app)?;
    let days = app.metering.days(acting.tenant.id(), cycle).await?;
    let days = days.iter().map(DayView::from).collect();
    Ok(Json(History { org_id: acting.tenant.id(), billing_cycle: cycle, days }).into_response())
}
