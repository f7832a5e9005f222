//! What a tenant uses of its limits.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use tenant::{
    ApiError, QuotaConfig, QuotaManager, TenantId, TenantRecord,
    quota::{LimitUsage, Limits},
};

use super::tenants::find;
use crate::state::AppState;

/// Usage in the current windows. A dimension without a limit is not counted, and so is null.
#[derive(Serialize)]
pub(super) struct UsageView {
    tenant_id: TenantId,
    usage: Shorthands<u64>,
    quotas: QuotaConfig,
    limits: BTreeMap<String, LimitView>,
    utilization: Shorthands<f64>,
}

#[derive(Serialize)]
struct Shorthands<T> {
    requests_per_minute: Option<T>,
    tokens_per_minute: Option<T>,
}

#[derive(Serialize)]
struct LimitView {
    limit: u64,
    used: u64,
    remaining: u64,
    utilization_percent: f64,
    shadow: bool,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<UsageView>, ApiError> {
    let config = find(&app, &id).await?;
    // Of a tenant on a plan that is gone, what its own config limits.
    let limits = app.configs.plans().limits(&config).unwrap_or_else(|_| Limits::of(&config));
    let record = TenantRecord::new(config).with_limits(limits);
    let usage = app.quotas.usage(&record).await?;
    let by_name = |name: &str| usage.limits.iter().find(|used| &*used.limit.name == name);
    let limits = usage.limits.iter().map(|used| (used.limit.name.to_string(), view(used)));
    Ok(Json(UsageView {
        tenant_id: *record.id(),
        usage: shorthands(by_name, |used| used.used),
        quotas: record.config().quota,
        limits: limits.collect(),
        utilization: shorthands(by_name, LimitUsage::utilization_percent),
    }))
}

fn shorthands<'a, T>(
    by_name: impl Fn(&str) -> Option<&'a LimitUsage>,
    read: impl Fn(&LimitUsage) -> T,
) -> Shorthands<T> {
    Shorthands {
        requests_per_minute: by_name("rpm").map(&read),
        tokens_per_minute: by_name("tpm").map(&read),
    }
}

fn view(used: &LimitUsage) -> LimitView {
    LimitView {
        limit: used.limit.limit,
        used: used.used,
        remaining: used.remaining(),
        utilization_percent: used.utilization_percent(),
        shadow: used.limit.shadow,
    }
}
