//! The tenant's executions of workflows.

use axum::{
    Json,
    extract::{Path, State},
};
use tenant::{ApiError, Rejection, Tenant};

pub(super) use crate::executions::Execution;
use crate::{executions::find, state::AppState};

pub(super) async fn show(
    tenant: Tenant,
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Execution>, ApiError> {
    let execution = find(&app, &tenant, &id).await?;
    let missing = || Rejection::not_found().with_detail("the execution does not exist");
    Ok(Json(execution.ok_or_else(missing)?))
}
