use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, Method};
use tenant_core::ConfigManager;
use tower_layer::Layer;

use super::{TenantCorsService, answers::Answers, desk::Desk};
use crate::TenantResolver;

/// Lets pages of other origins call a tenant, and read its answers, where the tenant's setting
/// [`allowed_origins`](tenant_core::settings::ALLOWED_ORIGINS) names their origin
/// (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
///
/// It stands outside of all that answers for tenants, the layer that proves callers included: browsers ask for leave (a
/// *preflight*) without a credential, and must be able to read a 401. So the tenant is the one that host, subdomain, path or query
/// names; claims by headers and credentials don't count here. A shared host that names no tenant is open to its own pages alone.
///
/// | the request | answer |
/// |---|---|
/// | a preflight from an origin that the tenant allows | 204 with what the page may |
/// | any other preflight: another origin, no tenant, an unknown or a suspended one | 204 without a word, always the same |
/// | anything else from an origin that the tenant allows | the inner answer, for the page to read; with credentials |
/// | anything else | the inner answer, which no page of another origin can read |
///
/// An [`AuthLayer`](crate::AuthLayer) inside takes unsafe requests by sessions from the allowed origins of the session's own
/// tenant. Every answer has `Vary: Origin`, none says `*`, and what inner services say of origins is taken away.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_core::InMemoryConfigManager;
/// use tenant_tower::{HostRegistry, HostResolver, SubdomainResolver, TenantCorsLayer, TenantResolver};
///
/// let by_host = HostResolver::new(Arc::new(HostRegistry::new()));
/// let by_host = by_host.or(SubdomainResolver::new(["example.com"])?);
/// let layer = TenantCorsLayer::new(by_host, InMemoryConfigManager::new());
/// # let _ = layer;
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone)]
pub struct TenantCorsLayer {
    desk: Desk,
    answers: Answers,
}

impl TenantCorsLayer {
    /// Resolves by `resolver` and looks tenants up in `configs`.
    #[must_use]
    pub fn new(resolver: impl TenantResolver + 'static, configs: impl ConfigManager + 'static) -> Self {
        Self { desk: Desk::new(Arc::new(resolver), Arc::new(configs)), answers: Answers::default() }
    }

    /// The methods that pages may use; `GET`, `HEAD`, `POST`, `PUT`, `PATCH` and `DELETE` unless given.
    #[must_use]
    pub fn allow_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.answers.set_methods(methods);
        self
    }

    /// The headers that pages may send, beyond those that they always may; unless given, those that this crate's layers read,
    /// `Content-Type`, `Idempotency-Key`, `If-Match` and `traceparent`.
    #[must_use]
    pub fn allow_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.answers.set_headers(names);
        self
    }

    /// The headers that pages may read, beyond those that they always may; unless given, `ETag`, `Link`, `Location`, `RateLimit`,
    /// `RateLimit-Policy`, `Retry-After` and `X-Total-Count`.
    #[must_use]
    pub fn expose_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.answers.set_exposed(names);
        self
    }

    /// How long browsers may remember leave that they were given, in whole seconds; a minute unless given. For that long a page may
    /// send what it may no longer read.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.answers.set_max_age(age);
        self
    }
}

impl<S> Layer<S> for TenantCorsLayer {
    type Service = TenantCorsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TenantCorsService::new(inner, Arc::new(self.desk.clone()), Arc::new(self.answers.clone()))
    }
}

impl fmt::Debug for TenantCorsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCorsLayer").field("answers", &self.answers).finish_non_exhaustive()
    }
}
