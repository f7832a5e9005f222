//! What a tenant's own callers see. Every route here stands behind the tenant layer.

mod analytics;
mod info;
mod users;

use axum::{Router, routing::get};
use tenant::TenantLayer;

use crate::{state::AppState, unmatched};

/// All routes under `/api`.
pub(crate) fn router(tenancy: TenantLayer) -> Router<AppState> {
    Router::new()
        .route("/api/users", get(users::list).post(users::create))
        .route("/api/users/{id}", get(users::show).delete(users::delete))
        .route("/api/analytics/requests", get(analytics::requests))
        .route("/api/tenant/info", get(info::show))
        .route("/api/{*rest}", axum::routing::any(unmatched))
        .layer(tenancy)
}
