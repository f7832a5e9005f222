//! The HTTP edge of multi-tenancy: from a request's head to a tenant's context, or a rejection.
//!
//! ```text
//! head -> TenantResolver -> claim -> agreement -> ConfigManager -> TenantContext -> policy -> quota -> inner service
//! ```
//! Anything else becomes a [`Rejection`], which is turned into a response in one place and stays in the response's
//! extensions. Works with whatever speaks [`tower_service::Service`] over [`http::Request`]: axum, tonic, plain hyper.
//!
//! | noun | what it is |
//! |---|---|
//! | [`TenantLayer`] | the whole way, in one layer |
//! | [`ResolveLayer`], [`PolicyLayer`], [`QuotaLayer`] | its steps, one by one |
//! | [`AuthLayer`], [`PrincipalResolver`], [`RequireLayer`] | who is calling, for which tenant, and whether that suffices |
//! | [`ForwardedLayer`] | who is calling, where proxies that are trusted stand in between |
//! | [`AddressLimitLayer`] | how many requests an address has, before anything else is looked at |
//! | [`TenantCorsLayer`] | pages of which origins may call a tenant, and read its answers |
//! | `FairLayer` (feature `fair`) | how many requests run at once, and whose turn it is |
//! | `StreamGuard` (feature `streams`) | what stays open: it ends with its tenant and with what its caller has shown |
//! | [`TenantResolver`] | who reads the tenant from a head: [`HeaderResolver`], [`SubdomainResolver`], [`HostResolver`], [`PathResolver`], chains of them |
//! | [`Claim`] | what a resolver says |
//! | [`Rejection`] | a request that is not served, and why; handlers answer in the same form |
//! | [`Policies`] | policies for handlers: on what stands in the body |
//! | [`Meter`] | limits for handlers: what is reserved, and settled when it is known |
//!
//! # Rejections
//! As `application/problem+json` (RFC 9457) with a stable `code`, never cached. gRPC callers (content type
//! `application/grpc`) get the equal status instead, as headers of a response without a body
//! ([`RejectionKind::grpc_status`]).
//!
//! # Limits
//! Every answer to a tenant tells how its limits stand, in `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers). A request that a policy denies costs nothing; nor does one whose handler
//! answers with a policy's denial.
//!
//! # What it does not protect against
//! A header, a host or a path is what the caller says: without a verified credential that must agree, anybody may speak
//! for any tenant whose id they know. Routes outside of the layer have no tenant and no limits. `X-Forwarded-Host` counts
//! from the proxies that a [`ForwardedLayer`] trusts, and is not looked at otherwise.
//!
//! # Features
//! - `axum`: the extractors `Tenant` and `Option<Tenant>`, and rejections as responses of handlers.
//! - `fair`: slots in front of the inner service, shared out fairly between tenants (`FairLayer`).
//! - `streams`: answers and connections that stay open end with their tenant, and with the credential that opened them (`StreamGuard`).
//! - `tls`: certificates by host, changed at run time, and client certificates (the module `tls`).
//! - `tracing`: a span per request with `tenant.id`.

mod address_limit;
mod auth;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod claim;
mod cors;
pub mod danger;
mod edge;
#[cfg(feature = "fair")]
mod fair;
mod forwarded;
mod guard;
mod head;
mod host;
mod pattern;
mod policy;
mod quota;
mod rate;
mod rejection;
mod resolve;
mod resolver;
mod sieve;
mod standing;
#[cfg(feature = "streams")]
mod stream;
mod taken;
mod tenancy;
#[cfg(feature = "tls")]
pub mod tls;
mod trace;

pub use http;

#[cfg(feature = "axum")]
pub use self::auth::{Require, Requirement};
#[cfg(feature = "axum")]
pub use self::axum::{Tenant, TenantMeter};
#[cfg(feature = "fair")]
pub use self::fair::{FairBody, FairFuture, FairLayer, FairService};
#[cfg(feature = "streams")]
pub use self::stream::{StreamEnd, StreamGuard, StreamWatch, WatchedBody};
pub use self::{
    address_limit::AddressLimitLayer,
    auth::{
        AuthFuture, AuthLayer, AuthService, InvalidCookie, KeyLimitLayer, PrincipalResolver, RequireLayer,
        SESSION_COOKIE, check_same_origin, cleared_session_cookie, read_session_cookie, session_cookie,
    },
    body::TenantBody,
    claim::{Claim, Source},
    cors::{TenantCorsFuture, TenantCorsLayer, TenantCorsService},
    edge::{OriginalUri, ResponseFuture, TenantService},
    forwarded::{ClientAddr, ForwardedLayer, InvalidProxies, PeerAddr, TrustedProxies},
    guard::{GuardFuture, GuardService},
    head::RequestHead,
    host::{HostName, InvalidHost},
    pattern::HostPattern,
    policy::{Policies, PolicyLayer},
    quota::{Meter, QuotaLayer},
    rejection::{Rejection, RejectionKind, TraceId},
    resolve::ResolveLayer,
    resolver::{
        ChainResolver, FnResolver, HeaderResolver, HostError, HostErrorKind, HostRegistry, HostResolver,
        InvalidPattern, Or, PathResolver, Resolution, ResolveFuture, SubdomainResolver, TenantResolver,
        resolver_fn,
    },
    standing::{check_network, check_second_factor},
    tenancy::{Given, Missing, TenantLayer, TenantLayerBuilder},
};
