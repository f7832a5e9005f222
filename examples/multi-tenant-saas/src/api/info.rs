//! The tenant as its own users may see it.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use serde_json::{Map, Value};
use tenant::{LimitSetting, QuotaConfig, Tenant, TenantId};

#[derive(Serialize)]
pub(super) struct Info {
    id: TenantId,
    name: String,
    hosts: Vec<String>,
    features: BTreeMap<String, bool>,
    branding: Map<String, Value>,
    limits: Limits,
}

#[derive(Serialize)]
struct Limits {
    #[serde(flatten)]
    shorthands: QuotaConfig,
    #[serde(flatten)]
    named: BTreeMap<String, LimitSetting>,
}

pub(super) async fn show(tenant: Tenant) -> Json<Info> {
    let config = tenant.config();
    Json(Info {
        id: config.tenant_id,
        name: config.name.clone(),
        hosts: config.hosts.clone(),
        features: config.features.clone(),
        branding: config.branding.clone(),
        limits: Limits { shorthands: config.quota, named: config.limits.clone() },
    })
}
