//! Where an organisation's own servers are told of what happens in it.

use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tenant::{
    ApiError, Rejection, RejectionKind, Timestamp,
    control::{WebhookError, WebhookErrorKind},
    webhooks::Webhook,
};

use super::caller::Manager;
use crate::{http::StrictJson, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    url: String,
    events: Vec<String>,
}

#[derive(Serialize)]
struct WebhookView<'a> {
    webhook_id: &'a str,
    url: &'a str,
    events: &'a [Box<str>],
    created_at: Timestamp,
    /// Shown to who makes it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

#[derive(Serialize)]
struct List<'a> {
    webhooks: Vec<WebhookView<'a>>,
    /// There are so few that they are on one page.
    next_cursor: Option<&'a str>,
}

impl<'a> From<&'a Webhook> for WebhookView<'a> {
    fn from(webhook: &'a Webhook) -> Self {
        Self {
            webhook_id: &webhook.webhook_id,
            url: &webhook.url,
            events: &webhook.events,
            created_at: webhook.created_at,
            secret: None,
        }
    }
}

pub(super) async fn list(
    Manager(acting): Manager,
    State(app): State<AppState>,
) -> Result<Response, ApiError> {
    let webhooks = app.outgoing.webhooks.list(&acting.tenant).await?;
    let webhooks = webhooks.iter().map(WebhookView::from).collect();
    Ok(Json(List { webhooks, next_cursor: None }).into_response())
}

pub(super) async fn create(
    Manager(acting): Manager,
    State(app): State<AppState>,
    StrictJson(new): StrictJson<New>,
) -> Result<Response, ApiError> {
    let made = app.outgoing.webhooks.create(&acting.tenant, &new.url, &new.events).await;
    let (webhook, secret) = made.map_err(|error| problem(&error))?;
    let location = format!("/organizations/{}/webhooks/{}", acting.tenant.id(), webhook.webhook_id);
    let view = WebhookView { secret: Some(secret.expose()), ..WebhookView::from(&webhook) };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, [(LOCATION, location)], Json(view)).into_response())
}

pub(super) async fn delete(
    Manager(acting): Manager,
    State(app): State<AppState>,
    Path((_, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    match app.outgoing.webhooks.delete(&acting.tenant, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Rejection::not_found().with_detail("there is no such webhook").into()),
    }
}

fn problem(error: &WebhookError) -> ApiError {
    let detail = error.to_string();
    match error.kind() {
        WebhookErrorKind::Url => Rejection::invalid_request(detail).with_field("url").into(),
        WebhookErrorKind::Events => Rejection::invalid_request(detail).with_field("events").into(),
        WebhookErrorKind::TooMany => Rejection::quota_exceeded(None).with_detail(detail).into(),
        WebhookErrorKind::Inactive => Rejection::new(RejectionKind::TenantInactive).into(),
        _ => Rejection::new(RejectionKind::StoreUnavailable).into(),
    }
}
