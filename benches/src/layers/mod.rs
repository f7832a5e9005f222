//! A request on its way through the layers to a service that is ready: ours against what is there, and what one would
//! write by hand.
//!
//! - `bare`: the service alone. What the others add to it is what is compared.
//! - `governor`: tower_governor, keyed by the tenant's header; `with fields` sends its `x-ratelimit-*` headers.
//! - `by hand`: a layer that reads and validates the header, looks the tenant up and puts it into the extensions, then
//!   tower_governor keyed by it. The lookup is in moka, which bounds and expires as ours does, or in a plain map behind
//!   a lock, which never forgets.
//! - `tenant`: `TenantLayer` by header, with cached configs, the configs' policy and one limit; `with fields` sends
//!   `RateLimit-Policy` and `RateLimit`. `2 limits` has one over tokens too.
//!
//! There are 10 000 tenants; requests of 64 of them come in turn, and all are admitted.

mod by_hand;
mod directory;
mod governed;
mod ready;

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use tenant::{HeaderResolver, TenantLayer};
use tower::{Layer, Service};
use tower_governor::GovernorLayer;

use self::{
    by_hand::ByHand,
    directory::{Directory, InMap, InMoka},
    governed::{FromExtensions, FromHeader, fields, quiet},
    ready::{Ready, answer},
};
use crate::{
    BoxError, Contestant,
    tenants::{self, Limits},
};

/// Who takes part.
///
/// # Errors
/// A config is invalid.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    Ok(vec![
        contestant("bare", Ready),
        contestant("governor", GovernorLayer::new(quiet(FromHeader)?).layer(Ready)),
        contestant("governor with fields", GovernorLayer::new(fields(FromHeader)?).layer(Ready)),
        by_hand("by hand, moka", InMoka::new())?,
        by_hand("by hand, map", InMap::new())?,
        by_hand_with_fields("by hand, map, with fields", InMap::new())?,
        ours("tenant", Limits::Requests, false)?,
        ours("tenant with fields", Limits::Requests, true)?,
        ours("tenant, 2 limits", Limits::RequestsAndTokens, false)?,
        ours("tenant, 2 limits, with fields", Limits::RequestsAndTokens, true)?,
    ])
}

/// A server's handlers behind tower_governor, keyed by the tenant's header, with its fields.
///
/// # Errors
/// tower_governor does not take its config.
pub fn behind_governor(router: Router) -> Result<Router, BoxError> {
    Ok(router.layer(GovernorLayer::new(fields(FromHeader)?)))
}

fn ours(name: &'static str, limits: Limits, fields: bool) -> Result<Contestant, BoxError> {
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(tenants::configs(limits)?)
        .rate_limit_fields(fields)
        .build();
    Ok(contestant(name, layer.layer(Ready)))
}

fn by_hand(name: &'static str, directory: impl Directory) -> Result<Contestant, BoxError> {
    let governed = GovernorLayer::new(quiet(FromExtensions)?).layer(Ready);
    Ok(contestant(name, ByHand::new(governed, directory)))
}

fn by_hand_with_fields(name: &'static str, directory: impl Directory) -> Result<Contestant, BoxError> {
    let governed = GovernorLayer::new(fields(FromExtensions)?).layer(Ready);
    Ok(contestant(name, ByHand::new(governed, directory)))
}

/// Sends one request of each tenant first, so that all are known everywhere.
fn contestant<S, B>(name: &'static str, mut service: S) -> Contestant
where
    S: Service<Request<Body>, Response = http::Response<B>> + 'static,
{
    for tenant in tenants::names() {
        assert_eq!(answer(&mut service, request(&tenant)), Some(StatusCode::OK), "{name}");
    }
    let mut tenants = tenants::busy();
    let feed = move || request(&tenants.next().unwrap_or_default());
    Contestant::fed(name, feed, move |request| {
        assert_eq!(answer(&mut service, request), Some(StatusCode::OK));
    })
}

/// A request as a client behind a proxy sends it.
#[must_use]
pub fn request(tenant: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static("/api/users?active=true");
    let headers = request.headers_mut();
    let mut add = |name, value: &str| {
        let value = http::HeaderValue::from_str(value);
        headers.extend(value.ok().map(|value| (http::HeaderName::from_static(name), value)));
    };
    add("host", "app.example.com");
    add("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
    add("accept", "application/json");
    add("x-forwarded-for", "192.0.2.7");
    add("x-tenant-id", tenant);
    request
}
