//! The audit log.

use axum::{extract::State, response::Response};
use tenant::ApiError;

use crate::{
    audit_page::{self, AuditQuery},
    http::StrictQuery,
    state::AppState,
};

/// `GET /admin/audit`: the newest first, of one tenant or of all.
pub(super) async fn list(
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<AuditQuery>,
) -> Result<Response, ApiError> {
    let tenant = query.tenant()?;
    audit_page::answer(&app, tenant.as_ref(), query).await
}
