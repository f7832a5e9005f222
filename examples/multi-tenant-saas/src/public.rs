//! What needs no tenant: health and service information.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
use serde_json::{Value, json};

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/", get(service)).route("/health", get(health))
}

async fn service() -> Json<Value> {
    Json(json!({
        "service": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "documentation": "https://docs.rs/tenant",
    }))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    stores: Stores,
}

#[derive(Serialize)]
struct Stores {
    database: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'static str>,
}

/// Without Redis limits are counted all the same, each instance for itself: that is worse, but no reason to take this
/// instance out of service.
async fn health(State(app): State<AppState>) -> (StatusCode, Json<Health>) {
    let is_up = app.db.ping().await.is_ok();
    let is_shared = match &app.shared {
        Some(shared) => Some(shared.is_up().await),
        None => None,
    };
    let status = if is_up && is_shared == Some(false) { "degraded" } else { word(is_up) };
    let stores = Stores { database: word(is_up), redis: is_shared.map(word) };
    let code = if is_up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Health { status, stores }))
}

const fn word(is_up: bool) -> &'static str {
    if is_up { "ok" } else { "unavailable" }
}
