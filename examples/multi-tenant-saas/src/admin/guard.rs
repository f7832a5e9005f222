//! Who may use the admin API.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue,
        header::{AUTHORIZATION, HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use tenant::{
    Rejection,
    auth::{Authenticator, Credential, CredentialKind, OperatorToken},
    tower::{RequestHead, check_same_origin},
};

/// With a token: who shows it, as bearer or as the password of `admin`. Without one: programs on this machine, but no web page that a browser on this
/// machine shows.
#[derive(Clone)]
pub(crate) struct Guard(Option<OperatorToken>);

impl Guard {
    pub(crate) fn new(token: Option<&str>) -> Self {
        Self(token.and_then(OperatorToken::new))
    }

    /// Whether the request shows the token; `None` where there is none that it could show.
    pub(crate) fn token(&self, request: &Request) -> Option<Result<(), Rejection>> {
        self.0.as_ref().map(|token| shows(request, token))
    }

    fn check(&self, request: &Request) -> Result<(), Rejection> {
        match &self.0 {
            Some(token) => shows(request, token),
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

fn shows(request: &Request, token: &OperatorToken) -> Result<(), Rejection> {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(unauthenticated()) };
    let shown = value.to_str().ok().and_then(|value| value.split_once(' '));
    let (scheme, secret) = shown.ok_or_else(unauthenticated)?;
    let kind = match scheme {
        _ if scheme.eq_ignore_ascii_case("bearer") => CredentialKind::Bearer,
        _ if scheme.eq_ignore_ascii_case("basic") => CredentialKind::Basic,
        _ => return Err(unauthenticated()),
    };
    if token.peek(&Credential::new(kind, secret.trim())).is_none_or(|answer| answer.is_err()) {
        return Err(unauthenticated());
    }
    match kind {
        // A browser that was told the password once sends it along from any page.
        CredentialKind::Basic => check_same_origin(&RequestHead::from(request)),
        _ => Ok(()),
    }
}

fn unauthenticated() -> Rejection {
    Rejection::unauthenticated(HeaderValue::from_static(r#"Bearer realm="admin", Basic realm="admin""#))
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
