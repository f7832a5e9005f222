//! What a tenant's own callers see. Every route here stands behind the tenant layer.

mod analytics;
mod chat;
mod executions;
mod info;
mod kept;
mod users;
mod workflows;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
pub(crate) use chat::MAX_PER_TENANT as MAX_CHATS_PER_TENANT;
use tenant::TenantLayer;

use crate::{
    fair::{Slots, take_turns},
    state::AppState,
    unmatched,
};

/// All routes under `/api`; where there are `slots`, they stand between the tenant layer and the handlers.
pub(crate) fn router(tenancy: TenantLayer, slots: Option<Slots>) -> Router<AppState> {
    let routes = Router::new()
        .route("/api/users", get(users::list).post(users::create))
        .route("/api/users/{id}", get(users::show).delete(users::delete))
        .route("/api/workflows", get(workflows::list).post(workflows::create))
        .route("/api/workflows/{id}", get(workflows::show).delete(workflows::delete))
        .route("/api/workflows/{id}/execute", post(workflows::execute))
        .route("/api/executions/{id}", get(executions::show))
        .route("/api/chat", post(chat::chat))
        .route("/api/analytics/requests", get(analytics::requests))
        .route("/api/tenant/info", get(info::show))
        .route("/api/{*rest}", axum::routing::any(unmatched));
    let routes = match slots {
        Some(slots) => routes.layer(from_fn_with_state(slots, take_turns)),
        None => routes,
    };
    routes.layer(tenancy)
}
