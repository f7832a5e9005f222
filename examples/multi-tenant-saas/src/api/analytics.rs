//! What the tenant's requests amounted to.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use sqlx::FromRow;
use tenant::{ApiError, Tenant};
use utoipa::ToSchema;

use crate::{analytics::RECENT, docs::schemas, state::AppState};

#[derive(Serialize, ToSchema)]
pub(super) struct Requests {
    total_requests: i64,
    by_status: BTreeMap<String, i64>,
    avg_duration_ms: f64,
    recent_requests: Vec<RecentRequest>,
}

#[derive(Serialize, ToSchema)]
struct RecentRequest {
    method: String,
    path: String,
    status_code: i64,
    duration_ms: f64,
    #[schema(schema_with = schemas::moment)]
    created_at: String,
}

#[derive(FromRow)]
struct Total {
    status_code: i64,
    requests: i64,
    duration_us: i64,
}

#[derive(FromRow)]
struct Recent {
    method: String,
    path: String,
    status_code: i64,
    duration_us: i64,
    created_at: String,
}

pub(super) async fn requests(
    tenant: Tenant,
    State(app): State<AppState>,
) -> Result<Json<Requests>, ApiError> {
    let totals: Vec<Total> = sqlx::query_as("SELECT status_code, requests, duration_us FROM request_totals")
        .fetch_all(&app.db.scoped(&tenant))
        .await?;
    let recent: Vec<Recent> = sqlx::query_as(
        "SELECT method, path, status_code, duration_us, created_at FROM recent_requests ORDER BY number DESC LIMIT ?",
    )
    .bind(i64::try_from(RECENT).unwrap_or(i64::MAX))
    .fetch_all(&app.db.scoped(&tenant))
    .await?;
    let total_requests = totals.iter().map(|total| total.requests).sum();
    let duration_us: i64 = totals.iter().map(|total| total.duration_us).sum();
    Ok(Json(Requests {
        total_requests,
        by_status: totals.iter().map(|total| (total.status_code.to_string(), total.requests)).collect(),
        avg_duration_ms: if total_requests == 0 { 0.0 } else { millis(duration_us) / total_requests as f64 },
        recent_requests: recent.into_iter().map(RecentRequest::from).collect(),
    }))
}

impl From<Recent> for RecentRequest {
    fn from(recent: Recent) -> Self {
        let Recent { method, path, status_code, duration_us, created_at } = recent;
        Self { method, path, status_code, duration_ms: millis(duration_us), created_at }
    }
}

fn millis(micros: i64) -> f64 {
    micros as f64 / 1_000.0
}
