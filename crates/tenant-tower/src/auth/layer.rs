use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue};
use tenant_core::{Clock, Hooks, SystemClock, auth::Authenticator};
use tower_layer::Layer;

use super::{
    desk::Desk,
    intent::{CsrfCheck, Intent},
    service::AuthService,
    shown::Places,
};

/// Proves who is calling, and leaves a [`Principal`](tenant_core::auth::Principal) with the request.
///
/// It stands outside of the layer that resolves the tenant, with a [`PrincipalResolver`](crate::PrincipalResolver) in
/// that one. Credentials are looked for in `Authorization` (Bearer and Basic), in `X-API-Key` and in the [session's cookie](crate::SESSION_COOKIE);
/// a principal that the connection has proved by a client certificate counts as well.
///
/// | the request shows | answer |
/// |---|---|
/// | nothing | goes on without a principal: what needs one rejects with 401 |
/// | a credential that is not valid, twice, malformed, or of another scheme | 401 `unauthenticated`, whatever else it shows |
/// | several that are valid, for different tenants | 403 `tenant_mismatch`, and hooks hear of it |
/// | a session alone, for an unsafe method, without its `X-CSRF-Token` or from another origin | 403 `csrf_failed` |
/// | a credential of a project, and another one in `X-Project-ID` | 403 `forbidden` |
/// | what can't be looked up now | 503 |
///
/// A credential never falls through to a weaker one. A route that is reached with a stale cookie, such as one that signs in,
/// stands outside.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_core::auth::Authenticator;
/// use tenant_tower::AuthLayer;
///
/// fn layer(authenticator: Arc<dyn Authenticator>) -> AuthLayer {
///     AuthLayer::new(authenticator)
/// }
/// ```
#[derive(Clone)]
pub struct AuthLayer {
    desk: Desk,
}

impl AuthLayer {
    /// Asks this authenticator.
    #[must_use]
    pub fn new(authenticator: impl Authenticator + 'static) -> Self {
        Self {
            desk: Desk {
                authenticator: Arc::new(authenticator),
                places: Places::default(),
                intent: Intent::default(),
                hooks: Hooks::default(),
                clock: Arc::new(SystemClock::new()),
            },
        }
    }

    /// Looks for API keys in this header; by default `X-API-Key`.
    #[must_use]
    pub fn api_key_header(mut self, name: HeaderName) -> Self {
        self.desk.places.api_key = name;
        self
    }

    /// Compares the cookie with the token in `X-CSRF-Token`. Without it no unsafe request passes by a session.
    #[must_use]
    pub fn csrf(mut self, check: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        let check: CsrfCheck = Arc::new(check);
        self.desk.intent.csrf = Some(check);
        self
    }

    /// Takes unsafe requests by sessions from pages of this origin too, whatever their tenant, such as `https://app.example.com`.
    /// The origins that a tenant allows for itself count inside of a [`TenantCorsLayer`](crate::TenantCorsLayer).
    #[must_use]
    pub fn allow_origin(mut self, origin: HeaderValue) -> Self {
        self.desk.intent.origins.push(origin);
        self
    }

    /// Takes the time from `clock`: a certificate may end while its connection goes on.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.desk.clock = clock;
        self
    }

    /// Tells `hooks` of each credential, and of those that speak for different tenants.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.desk.hooks = hooks;
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService::new(inner, Arc::new(self.desk.clone()))
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").field("places", &self.desk.places).finish_non_exhaustive()
    }
}
