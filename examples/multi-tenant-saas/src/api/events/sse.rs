//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, header::CACHE_CONTROL},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream::unfold;

use super::listener::{Listener, Told};

/// So often something is sent, so that who is in between does not take the connection for dead.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

pub(super) fn answer(listener: Listener) -> Response {
    let events = unfold(listener, |mut listener| async {
        let told = listener.next().await?;
        Some((Ok::<_, Infallible>(told.to_event()), listener))
    });
    let mut answer = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response();
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers before they pass them on know this name.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    answer
}

impl Told {
    fn to_event(&self) -> Event {
        let event = Event::default().event(&self.name).data(&self.data);
        match &self.id {
            Some(id) => event.id(id),
            None => event,
        }
    }
}
