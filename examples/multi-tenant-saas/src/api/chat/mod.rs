//! A chat with a model that says again what it was told, and counts.
//!
//! It stands for a model whose cost is known only when it has answered: tokens are reserved before, and settled with what
//! was used. A token is a word, that is, what stands between blanks.

mod answer;
mod request;

use axum::{
    Extension,
    body::Body,
    extract::{OriginalUri, State},
    http::{
        Method,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use tenant::{
    ApiError, Rejection, Tenant, TenantContext, TenantMeter, auth::Principal, policy::PolicyRequest,
    quota::Cost,
};

use self::answer::Answer;
pub(super) use self::request::ChatRequest;
use crate::{http::StrictJson, state::AppState};

/// So many chats of one tenant go on at once in one process: a reader that stalls keeps its question, and an answer half
/// sent, for as long as it likes.
pub(crate) const MAX_PER_TENANT: usize = 128;

pub(super) async fn chat(
    tenant: Tenant,
    meter: TenantMeter,
    caller: Option<Extension<Principal>>,
    State(app): State<AppState>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    StrictJson(request): StrictJson<ChatRequest>,
) -> Result<Response, ApiError> {
    request.check()?;
    check_policy(&app, &tenant, PolicyRequest::new(method.as_str(), uri.path()), &request).await?;
    let place = app.chats.enter(tenant.id()).ok_or_else(too_many)?;
    let estimate = request.prompt_tokens().saturating_add(request.max_tokens());
    let reservation = meter.reserve(&[Cost::tokens(estimate)]).await?;
    let head = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // The layer's fields tell of it.
    let decision = Extension(reservation.decision().clone());
    let answer = Answer::new(tenant.0.clone(), request, reservation, place);
    let answer = app.streams.body(&tenant, caller.as_deref(), answer);
    Ok((decision, head, Body::new(answer)).into_response())
}

fn too_many() -> Rejection {
    Rejection::quota_exceeded(Some(1)).with_detail("more chats go on than any tenant may have")
}

/// The layer has seen the headers; model and tools of the body are held to the same policy.
async fn check_policy(
    app: &AppState,
    tenant: &TenantContext,
    asked: PolicyRequest<'_>,
    request: &ChatRequest,
) -> Result<(), ApiError> {
    let asked = asked.with_model(Some(&request.model));
    app.policies.check(tenant, &asked).await?;
    for tool in &request.tools {
        app.policies.check(tenant, &asked.with_tool(Some(tool))).await?;
    }
    Ok(())
}
