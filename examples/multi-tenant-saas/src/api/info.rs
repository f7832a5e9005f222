//! The tenant as its own users may see it.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Map, Value};
use tenant::{ApiError, QuotaConfig, Tenant, TenantId};
use utoipa::ToSchema;

use crate::{docs::schemas, limits::Standing, state::AppState, stock::Whose};

#[derive(Serialize, ToSchema)]
pub(super) struct Info {
    #[schema(schema_with = schemas::tenant_id)]
    id: TenantId,
    name: String,
    hosts: Vec<String>,
    features: BTreeMap<String, bool>,
    #[schema(schema_with = schemas::object)]
    branding: Map<String, Value>,
    #[schema(schema_with = schemas::object)]
    limits: Limits,
}

/// The two shorthands as they are configured, and each limit as it stands.
#[derive(Serialize)]
struct Limits {
    #[serde(flatten)]
    shorthands: QuotaConfig,
    #[serde(flatten)]
    standing: Standing,
}

pub(super) async fn show(tenant: Tenant, State(app): State<AppState>) -> Result<Json<Info>, ApiError> {
    let config = tenant.config();
    let standing = Standing::of(&app, Whose::Own(&tenant)).await?;
    Ok(Json(Info {
        id: config.tenant_id,
        name: config.name.clone(),
        hosts: config.hosts.clone(),
        features: config.features.clone(),
        branding: config.branding.clone(),
        limits: Limits { shorthands: config.quota, standing },
    }))
}
