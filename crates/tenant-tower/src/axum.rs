//! Extractors for axum, and rejections as its responses.

use std::ops::Deref;

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts, OriginalUri},
    response::{IntoResponse, Response},
};
use http::{Extensions, Uri, request::Parts};
use tenant_core::{
    TenantContext,
    quota::{Cost, Reservation},
};

use crate::{
    Meter, Rejection,
    edge::{NoTenant, out_of_order},
};

/// The tenant of the request, as an extractor.
///
/// `Tenant` rejects a request without a tenant with 401; `Option<Tenant>` takes it, on routes whose layer lets it
/// through. Where no layer has resolved, both reject with 500: a layer that was forgotten is not a public route.
///
/// # Example
/// ```
/// use axum::{Router, routing::get};
/// use tenant_tower::Tenant;
///
/// async fn greet(tenant: Tenant) -> String {
///     format!("hello, {}", tenant.config().name)
/// }
///
/// async fn welcome(tenant: Option<Tenant>) -> String {
///     tenant.map_or("hello".into(), |tenant| format!("hello, {}", tenant.id()))
/// }
///
/// let app: Router = Router::new().route("/", get(welcome)).route("/me", get(greet));
/// ```
#[derive(Clone, Debug)]
pub struct Tenant(pub TenantContext);

impl Deref for Tenant {
    type Target = TenantContext;

    fn deref(&self) -> &TenantContext {
        &self.0
    }
}

impl AsRef<TenantContext> for Tenant {
    fn as_ref(&self) -> &TenantContext {
        &self.0
    }
}

impl From<Tenant> for TenantContext {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        find(&parts.extensions)?.ok_or(Rejection::tenant_required())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Tenant {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        find(&parts.extensions)
    }
}

fn find(extensions: &Extensions) -> Result<Option<Tenant>, Rejection> {
    let tenant = extensions.get::<TenantContext>().cloned().map(Tenant);
    if tenant.is_none() && extensions.get::<NoTenant>().is_none() {
        return Err(out_of_order());
    }
    Ok(tenant)
}

/// The tenant of the request and what it is charged with, as an extractor: for tokens that are known only when the work is
/// done.
///
/// The router's state, or a part of it ([`FromRef`]), is the layer's [`Meter`].
///
/// # Example
/// ```
/// use axum::{Router, routing::post};
/// use tenant_core::quota::Cost;
/// use tenant_tower::{Meter, Rejection, TenantMeter};
///
/// async fn chat(meter: TenantMeter) -> Result<String, Rejection> {
///     let reservation = meter.reserve(&[Cost::tokens(2_000)]).await?;
///     let answer = "what the model says".to_owned();
///     reservation.settle(&[Cost::tokens(5)]);
///     Ok(answer)
/// }
///
/// fn app(meter: Meter) -> Router {
///     Router::new().route("/chat", post(chat)).with_state(meter)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TenantMeter {
    tenant: TenantContext,
    meter: Meter,
}

impl TenantMeter {
    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    /// Charges an estimate, until the reservation is settled; dropped, it is refunded.
    ///
    /// # Errors
    /// A limit denies (429), or the counts can't be reached (503).
    pub async fn reserve(&self, estimate: &[Cost]) -> Result<Reservation, Rejection> {
        self.meter.reserve(&self.tenant, estimate).await
    }
}

impl<S> FromRequestParts<S> for TenantMeter
where
    S: Send + Sync,
    Meter: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let Tenant(tenant) = find(&parts.extensions)?.ok_or(Rejection::tenant_required())?;
        Ok(Self { tenant, meter: Meter::from_ref(state) })
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.to_response().map(axum::body::Body::from)
    }
}

pub(crate) fn keep_original(uri: &Uri, extensions: &mut Extensions) {
    if extensions.get::<OriginalUri>().is_none() {
        extensions.insert(OriginalUri(uri.clone()));
    }
}
