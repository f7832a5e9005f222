//! What a tenant uses of its limits.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use tenant::{ApiError, QuotaConfig, TenantId, TenantRecord, quota::Limits};
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
    let limits = Standing::of(&app, Whose::Any(&record)).await?;
    Ok(Json(UsageView {
        tenant_id: *record.id(),
        usage: shorthands(|name| limits.used(name)),
        quotas: record.config().quota,
        utilization: shorthands(|name| limits.utilization_percent(name)),
        limits,
    }))
}

fn shorthands<T>(read: impl Fn(&str) -> Option<T>) -> Shorthands<T> {
    Shorthands { requests_per_minute: read("rpm"), tokens_per_minute: read("tpm") }
}
