//! The operator's API: tenants, their quotas and their life. It sits outside the tenant layer.

mod body;
mod guard;
mod hosts;
mod members;
mod tenants;
mod usage;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{delete, get, post, put},
};

pub(crate) use guard::Guard;

use crate::{state::AppState, unmatched};

/// All routes under `/admin`, and `/metrics`, behind the guard.
pub(crate) fn router(guard: Guard) -> Router<AppState> {
    Router::new()
        .route("/admin/tenants", get(tenants::list).post(tenants::create))
        .route("/admin/tenants/{id}", get(tenants::show).put(tenants::replace).delete(tenants::delete))
        .route("/admin/tenants/{id}/quota", put(tenants::set_quota))
        .route("/admin/tenants/{id}/quotas", put(tenants::set_quota))
        .route("/admin/tenants/{id}/suspend", post(tenants::suspend))
        .route("/admin/tenants/{id}/activate", post(tenants::activate))
        .route("/admin/tenants/{id}/usage", get(usage::show))
        .route("/admin/tenants/{id}/hosts", get(hosts::list).post(hosts::add).put(hosts::replace))
        .route("/admin/tenants/{id}/hosts/{host}", delete(hosts::remove))
        .route("/admin/tenants/{id}/members", post(members::create))
        .route("/admin/{*rest}", axum::routing::any(unmatched))
        .route("/metrics", get(crate::telemetry::metrics))
        .layer(from_fn_with_state(guard, guard::guard))
}
