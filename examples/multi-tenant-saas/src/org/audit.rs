use axum::{extract::State, response::Response};
use tenant::{ApiError, Rejection};

use super::caller::Manager;
use crate::{
    audit_page::{self, AuditQuery},
    http::StrictQuery,
    state::AppState,
};

/// The organisation's own log, the newest first.
pub(super) async fn list(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<AuditQuery>,
) -> Result<Response, ApiError> {
    if query.tenant_id.is_some() {
        let detail = "the organisation is the one in the path";
        return Err(Rejection::invalid_request(detail).with_field("tenant_id").into());
    }
    audit_page::answer(&app, Some(acting.tenant.id()), query).await
}
