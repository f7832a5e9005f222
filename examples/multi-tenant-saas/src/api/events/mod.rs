//! What happens in the tenant, as it happens: server-sent events, or a WebSocket where the caller asks for one.
//!
//! A stream is one request, however long it goes on, and counts as no use of a session. It stands outside of the slots for
//! requests, as it would hold one for as long as it likes; of each tenant there are so many and no more.

mod listener;
mod socket;
mod sse;

use axum::{
    Extension,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, header::UPGRADE, request::Parts},
    response::Response,
};
use serde::Deserialize;
use tenant::{
    ApiError, Rejection, Tenant, TenantContext,
    auth::{Principal, Proof},
    events::{EventId, Subscription},
    tower::{RequestHead, check_same_origin},
};
use utoipa::IntoParams;

use self::{
    listener::{Listener, Wanted},
    socket::Socket,
};
use crate::{http::StrictQuery, state::AppState};

/// `types` are names of events, with commas between them; `last_event_id` is for those who can't send the header.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    types: Option<String>,
    last_event_id: Option<String>,
}

// What is no text is not to be taken for nothing.
const NO_ID: &str = "?";

type Caller = Option<Extension<Principal>>;

pub(super) async fn events(
    tenant: Tenant,
    caller: Caller,
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<EventsQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let caller = caller.map(|Extension(caller)| caller);
    check_origin(&parts, caller.as_ref())?;
    let wanted = Wanted::read(query.types.as_deref(), &tenant, caller.as_ref())?;
    let upgrade = match is_upgrade(&parts.headers) {
        true => Some(upgrade(&mut parts).await?),
        false => None,
    };
    let last = parts.headers.get("last-event-id").map(|id| id.to_str().unwrap_or(NO_ID));
    let subscription = subscribe(&app, &tenant, last.or(query.last_event_id.as_deref()))?;
    let listener = Listener::new(subscription, wanted);
    let guard = app.events.guard();
    Ok(match upgrade {
        Some(upgrade) => {
            let watch = guard.watch(&tenant, caller.as_ref());
            Socket::new(listener, watch, app.events.socket(&tenant)).upgrade(upgrade)
        }
        None => sse::answer(listener)
            .map(|body| axum::body::Body::new(guard.body(&tenant, caller.as_ref(), body))),
    })
}

/// By a session also for what is no upgrade: a page of another host could hold the tenant's streams, though it can't read
/// them.
fn check_origin(parts: &Parts, caller: Option<&Principal>) -> Result<(), Rejection> {
    match caller.map(Principal::proof) {
        Some(Proof::Session) => check_same_origin(&RequestHead::from(parts)),
        _ => Ok(()),
    }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let names = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    names.flat_map(|names| names.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

async fn upgrade(parts: &mut Parts) -> Result<WebSocketUpgrade, Rejection> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await;
    upgrade.map_err(|error| Rejection::invalid_request(error.body_text()))
}

fn subscribe(app: &AppState, tenant: &TenantContext, last: Option<&str>) -> Result<Subscription, Rejection> {
    let bus = app.events.bus();
    let subscribed = match last.filter(|id| !id.is_empty()) {
        None => bus.subscribe(tenant),
        Some(id) => match EventId::parse(id) {
            Some(id) => bus.resume(tenant, id),
            None => bus.subscribe(tenant).map(Subscription::broken),
        },
    };
    let too_many = "as many streams of events are open as any tenant may have";
    subscribed.map_err(|_| Rejection::quota_exceeded(Some(1)).with_detail(too_many))
}
