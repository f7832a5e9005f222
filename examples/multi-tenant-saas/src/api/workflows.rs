//! The tenant's workflows: as many as its stock limit `workflows` lets there be.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use tenant::{ApiError, Rejection, Tenant, TenantContext};
use utoipa::ToSchema;
use uuid::Uuid;

use super::kept::{self, Kept};
use crate::{
    docs::schemas,
    events::Kind,
    executions,
    http::{PageQuery, Paged, StrictJson, StrictQuery, check_name},
    state::AppState,
    stock::Stock,
};

#[derive(FromRow, Serialize, ToSchema)]
pub(super) struct Workflow {
    id: String,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: String,
    name: String,
    #[schema(schema_with = schemas::moment)]
    created_at: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWorkflow {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
}

/// `duration_ms` is how long it runs, up to an hour; 0 unless given.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewExecution {
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3_600_000)]
    duration_ms: u64,
}

const MAX_DURATION: Duration = Duration::from_secs(3_600);

impl NewExecution {
    fn duration(&self) -> Result<Duration, Rejection> {
        let duration = Duration::from_millis(self.duration_ms);
        if duration > MAX_DURATION {
            return Err(
                Rejection::invalid_request("duration_ms must be 0 to 3600000").with_field("duration_ms")
            );
        }
        Ok(duration)
    }
}

impl Kept for Workflow {
    const STOCK: Stock = Stock::Workflows;
    const TOLD: [Kind; 2] = [Kind::WorkflowCreated, Kind::WorkflowDeleted];
    const PATH: &'static str = "/api/workflows";
    const LIST: &'static str =
        "SELECT id, tenant_id, name, created_at FROM workflows ORDER BY created_at, id LIMIT ? OFFSET ?";
    const DELETE: &'static str = "DELETE FROM workflows WHERE id = ?";

    fn id(&self) -> &str {
        &self.id
    }

    fn missing() -> Rejection {
        executions::no_such_workflow()
    }
}

pub(super) async fn list(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<PageQuery>,
) -> Result<Paged<Workflow>, ApiError> {
    kept::list(&app, &tenant, query).await
}

pub(super) async fn create(
    tenant: Tenant,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<NewWorkflow>,
) -> Result<Response, ApiError> {
    check_name(&new.name)?;
    let insert = sqlx::query_as(
        "INSERT INTO workflows (id, name, created_at) VALUES (?, ?, ?) RETURNING id, tenant_id, name, created_at",
    );
    let insert = insert.bind(Uuid::now_v7().to_string()).bind(new.name).bind(app.now().to_string());
    kept::create::<Workflow>(&app, &tenant, insert).await
}

pub(super) async fn show(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Workflow>, ApiError> {
    Ok(Json(find(&app, &tenant, &id).await?))
}

async fn find(app: &AppState, tenant: &TenantContext, id: &str) -> Result<Workflow, ApiError> {
    let workflow = sqlx::query_as("SELECT id, tenant_id, name, created_at FROM workflows WHERE id = ?")
        .bind(id)
        .fetch_optional(&app.db.scoped(tenant))
        .await?;
    Ok(workflow.ok_or_else(Workflow::missing)?)
}

/// Its executions go with it; one that runs keeps its permit until it is done.
pub(super) async fn delete(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    kept::delete::<Workflow>(&app, &tenant, id).await
}

#[derive(Serialize, ToSchema)]
pub(super) struct Started {
    execution_id: String,
    status: &'static str,
}

pub(super) async fn execute(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
    new: Option<StrictJson<NewExecution>>,
) -> Result<Response, ApiError> {
    let duration = new.map(|StrictJson(new)| new).unwrap_or_default().duration()?;
    // Looked for first: what does not exist is charged to no limit, and denied by none.
    let workflow = find(&app, &tenant, &id).await?;
    let execution_id = executions::start(&app, &tenant, workflow.id, duration).await?;
    let location = [("location", format!("/api/executions/{execution_id}"))];
    let started = Json(Started { execution_id, status: "running" });
    Ok((StatusCode::ACCEPTED, location, started).into_response())
}
