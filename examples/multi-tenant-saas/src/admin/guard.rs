//! Who may use the admin API.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;
use tenant::Rejection;

/// With a token: the bearer of it. Without one: programs on this machine, but no web page that a browser on this
/// machine shows.
#[derive(Clone)]
pub(crate) struct Guard(Option<Arc<str>>);

impl Guard {
    pub(crate) fn new(token: Option<&str>) -> Self {
        Self(token.map(Arc::from))
    }

    fn check(&self, request: &Request) -> Result<(), Rejection> {
        match &self.0 {
            Some(token) => bears(request.headers(), token),
            None => is_local(request),
        }
    }
}

pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(rejection) => rejection.into_response(),
    }
}

fn bears(headers: &HeaderMap, token: &str) -> Result<(), Rejection> {
    let challenge = HeaderValue::from_static("Bearer realm=\"admin\"");
    let unauthenticated = || Rejection::unauthenticated(challenge.clone());
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated());
    };
    let (scheme, given) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(unauthenticated)?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    // In constant time: how long it takes must not tell how much of a guess is right.
    let is_equal = bool::from(given.trim().as_bytes().ct_eq(token.as_bytes()));
    if is_bearer && is_equal { Ok(()) } else { Err(unauthenticated()) }
}

// The listener is a loopback one. What could still come from afar is a page in a local browser, either directly
// (it has a foreign Origin) or by a host name that was pointed here after the page was loaded (a foreign Host).
// The target may name a host too: in absolute form, and always on HTTP/2.
fn is_local(request: &Request) -> Result<(), Rejection> {
    let headers = request.headers();
    let target = request.uri().authority().map(Authority::as_str);
    let hosts = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or(""));
    let origins = headers.get_all(ORIGIN).iter().map(|origin| {
        let origin = origin.to_str().unwrap_or("");
        origin.split_once("://").map_or("", |(_, authority)| authority)
    });
    if hosts.chain(origins).chain(target).all(is_loopback) {
        return Ok(());
    }
    Err(Rejection::csrf_failed().with_detail("without ADMIN_TOKEN the admin API answers this machine alone"))
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
