//! A page of the audit log, of one tenant or of all.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, Rejection, StoreErrorKind, TenantId, Timestamp,
    audit::{AuditEvent, AuditFilter, AuditOutcome},
};

use utoipa::{IntoParams, ToSchema};

use crate::{docs::schemas, state::AppState};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    #[param(schema_with = schemas::tenant_id)]
    pub(crate) tenant_id: Option<String>,
    #[param(schema_with = schemas::moment)]
    start_date: Option<Timestamp>,
    #[param(schema_with = schemas::moment)]
    end_date: Option<Timestamp>,
    user_id: Option<String>,
    action: Option<String>,
    resource_type: Option<String>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
struct EventView<'a> {
    id: &'a str,
    #[schema(schema_with = schemas::moment)]
    time: Timestamp,
    #[schema(schema_with = schemas::tenant_id_or_null)]
    tenant_id: Option<&'a TenantId>,
    actor: &'a str,
    action: &'a str,
    resource_type: &'a str,
    resource_id: Option<&'a str>,
    #[schema(schema_with = schemas::outcome)]
    outcome: AuditOutcome,
    request_id: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub(crate) struct PageView<'a> {
    events: Vec<EventView<'a>>,
    next_cursor: Option<&'a str>,
}

impl<'a> From<&'a AuditEvent> for EventView<'a> {
    fn from(event: &'a AuditEvent) -> Self {
        Self {
            id: &event.event_id,
            time: event.time,
            tenant_id: event.tenant.as_ref(),
            actor: &event.actor,
            action: &event.action,
            resource_type: &event.resource_type,
            resource_id: event.resource_id.as_deref(),
            outcome: event.outcome,
            request_id: event.request_id.as_deref(),
        }
    }
}

impl AuditQuery {
    pub(crate) fn tenant(&self) -> Result<Option<TenantId>, Rejection> {
        let wrong = |_| Rejection::invalid_request("tenant_id is no tenant id").with_field("tenant_id");
        self.tenant_id.as_deref().map(|id| TenantId::parse(id).map_err(wrong)).transpose()
    }

    fn limit(&self) -> Result<u32, Rejection> {
        let limit = self.limit.unwrap_or(50);
        match (1..=1_000).contains(&limit) {
            true => Ok(limit),
            false => Err(Rejection::invalid_request("limit must be 1 to 1000").with_field("limit")),
        }
    }
}

/// The newest first, of one tenant or of all.
pub(crate) async fn answer(
    app: &AppState,
    tenant: Option<&TenantId>,
    query: AuditQuery,
) -> Result<Response, ApiError> {
    let limit = query.limit()?;
    let filter = AuditFilter {
        from: query.start_date,
        until: query.end_date,
        actor: query.user_id,
        action: query.action,
        resource_type: query.resource_type,
    };
    let page = app.audit.page(tenant, &filter, query.cursor.as_deref(), limit).await;
    let page = page.map_err(|error| match error.kind() {
        StoreErrorKind::NotFound => ApiError::from(
            Rejection::invalid_request("the cursor is of no page of this log").with_field("cursor"),
        ),
        _ => error.into(),
    })?;
    let events = page.events.iter().map(EventView::from).collect();
    Ok(Json(PageView { events, next_cursor: page.next_cursor.as_deref() }).into_response())
}
