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
//!
//! They race twice: around a service that answers nothing to a request that carries nothing, and as in a service on axum
//! (`Scene`), where the maps that layers write into exist already.

mod by_hand;
mod directory;
mod governed;
mod ready;
mod scene;

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
    scene::Scene,
};
use crate::{
    BoxError, Contestant,
    tenants::{self, Limits},
};

/// Who takes part, around a service of nothing.
///
/// # Errors
/// A config is invalid.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    contestants_in(Scene::Nothing)
}

/// Who takes part, as in a service on axum.
///
/// # Errors
/// A config is invalid.
pub fn contestants_in_axum() -> Result<Vec<Contestant>, BoxError> {
    contestants_in(Scene::Axum)
}

fn contestants_in(scene: Scene) -> Result<Vec<Contestant>, BoxError> {
    let ready = Ready(scene);
    Ok(vec![
        contestant("bare", ready, ready),
        contestant("governor", ready, GovernorLayer::new(quiet(FromHeader)?).layer(ready)),
        contestant("governor with fields", ready, GovernorLayer::new(fields(FromHeader)?).layer(ready)),
        by_hand("by hand, moka", ready, InMoka::new())?,
        by_hand("by hand, map", ready, InMap::new())?,
        by_hand_with_fields("by hand, map, with fields", ready, InMap::new())?,
        ours("tenant", ready, Limits::Requests, false)?,
        ours("tenant with fields", ready, Limits::Requests, true)?,
        ours("tenant, 2 limits", ready, Limits::RequestsAndTokens, false)?,
        ours("tenant, 2 limits, with fields", ready, Limits::RequestsAndTokens, true)?,
    ])
}

/// A server's handlers behind tower_governor, keyed by the tenant's header, with its fields.
///
/// # Errors
/// tower_governor does not take its config.
pub fn behind_governor(router: Router) -> Result<Router, BoxError> {
    Ok(router.layer(GovernorLayer::new(fields(FromHeader)?)))
}

fn ours(name: &'static str, ready: Ready, limits: Limits, fields: bool) -> Result<Contestant, BoxError> {
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(tenants::configs(limits)?)
        .rate_limit_fields(fields)
        .build();
    Ok(contestant(name, ready, layer.layer(ready)))
}

fn by_hand(name: &'static str, ready: Ready, directory: impl Directory) -> Result<Contestant, BoxError> {
    let governed = GovernorLayer::new(quiet(FromExtensions)?).layer(ready);
    Ok(contestant(name, ready, ByHand::new(governed, directory)))
}

fn by_hand_with_fields(
    name: &'static str,
    ready: Ready,
    directory: impl Directory,
) -> Result<Contestant, BoxError> {
    let governed = GovernorLayer::new(fields(FromExtensions)?).layer(ready);
    Ok(contestant(name, ready, ByHand::new(governed, directory)))
}

/// Sends one request of each tenant first, so that all are known everywhere.
fn contestant<S, B>(name: &'static str, Ready(scene): Ready, mut service: S) -> Contestant
where
    S: Service<Request<Body>, Response = http::Response<B>> + 'static,
{
    for tenant in tenants::names() {
        assert_eq!(answer(&mut service, scene.request(&tenant)), Some(StatusCode::OK), "{name}");
    }
    let mut tenants = tenants::busy();
    let feed = move || scene.request(&tenants.next().unwrap_or_default());
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
