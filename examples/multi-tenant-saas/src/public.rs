//! What needs no tenant: health and service information.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
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

async fn health(State(app): State<AppState>) -> (StatusCode, Json<Value>) {
    let is_up = app.db.ping().await.is_ok();
    let (status, word) =
        if is_up { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    (status, Json(json!({ "status": word, "stores": { "database": word } })))
}
