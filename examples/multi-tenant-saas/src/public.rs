//! What needs no tenant: health and service information.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    docs::{Operation, operation, schemas},
    state::AppState,
};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/", get(service)).route("/health", get(health))
}

#[derive(Serialize, ToSchema)]
struct Service {
    service: &'static str,
    version: &'static str,
    documentation: &'static str,
}

async fn service() -> Json<Service> {
    Json(Service {
        service: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        documentation: "https://docs.rs/tenant",
    })
}

/// What the document tells of them, and of itself.
pub(crate) fn described() -> Vec<Operation> {
    let service = operation("service", "GET", "/", "Says what runs here");
    let health = operation("service", "GET", "/health", "Says how the stores are");
    let document = operation("service", "GET", "/openapi.json", "This document");
    let page = operation("service", "GET", "/docs", "A page that shows this document");
    vec![
        service.gives::<Service>(200, "The service."),
        health.gives::<Health>(200, "It can be used.").gives::<Health>(503, "The database is away."),
        document
            .condition("If-None-Match")
            .gives_as(200, "The document.", "application/json", &schemas::reference("AnyObject"))
            .with("ETag", "Its version.")
            .gives_nothing(304, "The caller has this version."),
        page.condition("If-None-Match")
            .gives_as(200, "The page.", "text/html", &json!({ "type": "string" }))
            .with("ETag", "Its version.")
            .gives_nothing(304, "The caller has this version."),
    ]
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
    stores: Stores,
}

#[derive(Serialize, ToSchema)]
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
