//! What a tenant uses of its limits.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use tenant::{
    ApiError, QuotaConfig, TenantConfig, TenantId, TenantRecord,
    control::{Counts, UsageLine, UsageReport, Utilisation},
    quota::Limits,
    usage::BillingCycle,
};
use utoipa::ToSchema;

use super::tenants::find;
use crate::{docs::schemas, limits::Standing, state::AppState, stock::Whose};

/// Usage in the current windows, and at present. A dimension without a limit is not counted, and so is null.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantUsage)]
pub(super) struct UsageView {
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: TenantId,
    usage: Shorthands<u64>,
    #[schema(schema_with = schemas::quota)]
    quotas: QuotaConfig,
    limits: Standing,
    utilization: Shorthands<f64>,
    #[schema(schema_with = schemas::object_or_null)]
    metered: Option<Metered>,
}

/// What was recorded in the running billing cycle; null on a plan whose terms nobody knows.
#[derive(Serialize)]
struct Metered {
    billing_cycle: BillingCycle,
    total_cost: u64,
    breakdown: Vec<UsageLine>,
    utilization: Vec<Utilisation>,
}

#[derive(Serialize, ToSchema)]
struct Shorthands<T> {
    #[schema(schema_with = schemas::number_or_null)]
    requests_per_minute: Option<T>,
    #[schema(schema_with = schemas::number_or_null)]
    tokens_per_minute: Option<T>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<UsageView>, ApiError> {
    let config = find(&app, &id).await?;
    // Of a tenant on a plan that is gone, what its own config limits.
    let limits = app.configs.plans().limits(&config).unwrap_or_else(|_| Limits::of(&config));
    let record = TenantRecord::new(config).with_limits(limits);
    let limits = Standing::of(&app, Whose::Any(&record, "admin")).await?;
    let metered = metered(&app, record.config()).await;
    Ok(Json(UsageView {
        tenant_id: *record.id(),
        usage: shorthands(|name| limits.used(name)),
        quotas: record.config().quota,
        utilization: shorthands(|name| limits.utilization_percent(name)),
        limits,
        metered,
    }))
}

async fn metered(app: &AppState, config: &TenantConfig) -> Option<Metered> {
    let cycle = app.metering.cycle();
    let report = app.metering.report(config, cycle, Counts::default()).await.ok()?;
    let utilization = app.metering.utilisation(config, cycle).await.ok()?;
    let UsageReport { billing_cycle, total_cost, breakdown, .. } = report;
    Some(Metered { billing_cycle, total_cost, breakdown, utilization })
}

fn shorthands<T>(read: impl Fn(&str) -> Option<T>) -> Shorthands<T> {
    Shorthands { requests_per_minute: read("rpm"), tokens_per_minute: read("tpm") }
}
