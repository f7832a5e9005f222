use serde::Serialize;
use sqlx::FromRow;
use tenant::{TenantContext, Timestamp};
use utoipa::ToSchema;

use crate::{docs::schemas, state::AppState};

/// An execution as it is told.
#[derive(FromRow, Serialize, ToSchema)]
pub(crate) struct Execution {
    id: String,
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: String,
    workflow_id: String,
    status: String,
    outcome: Option<String>,
    duration_ms: i64,
    #[schema(schema_with = schemas::moment)]
    created_at: String,
    #[schema(schema_with = schemas::moment_or_null)]
    completed_at: Option<String>,
    #[serde(skip)]
    ends_at_us: i64,
}

// From when on nobody can be at work on it any more. Its server was killed, or its tenant suspended meanwhile.
const GRACE_US: i64 = 30_000_000;

/// The tenant's execution with this id.
pub(crate) async fn find(
    app: &AppState,
    tenant: &TenantContext,
    id: &str,
) -> Result<Option<Execution>, sqlx::Error> {
    let found: Option<Execution> = sqlx::query_as(
        "SELECT id, tenant_id, workflow_id, status, outcome, duration_ms, created_at, completed_at, ends_at_us
         FROM executions WHERE id = ?",
    )
    .bind(id)
    .fetch_optional(&app.db.scoped(tenant))
    .await?;
    Ok(found.map(|execution| execution.seen_at(app.now())))
}

impl Execution {
    fn seen_at(mut self, now: Timestamp) -> Self {
        let is_overdue = now.as_unix_micros() > self.ends_at_us.saturating_add(GRACE_US);
        if self.status == "running" && is_overdue {
            self.status = "completed".to_owned();
            self.outcome = Some("interrupted".to_owned());
        }
        self
    }
}
