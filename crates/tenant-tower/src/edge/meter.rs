//! How long a request took. Nothing is measured unless somebody listens.

use std::sync::Arc;

use http::{Method, Request, Response, Uri};
use tenant_core::{Clock, Monotonic, TenantContext, hooks::RequestEvent};

use super::Edge;
use crate::Rejection;

pub(super) struct Meter {
    clock: Arc<dyn Clock>,
    started: Monotonic,
    method: Method,
    uri: Uri,
}

impl Meter {
    #[inline]
    pub(super) fn start<B>(edge: &Edge, request: &Request<B>) -> Option<Box<Self>> {
        let stage = edge.resolve.as_ref().filter(|_| !edge.hooks.is_empty())?;
        Some(Box::new(Self {
            clock: Arc::clone(&stage.clock),
            started: stage.clock.monotonic(),
            method: request.method().clone(),
            uri: request.uri().clone(),
        }))
    }

    /// Tells of a response, or of an inner service that failed.
    pub(super) fn stop<B>(
        &self,
        edge: &Edge,
        tenant: Option<&TenantContext>,
        response: Option<&Response<B>>,
    ) {
        let rejection = response.and_then(|response| response.extensions().get::<Rejection>());
        edge.hooks.on_request(&RequestEvent::new(
            tenant,
            self.method.as_str(),
            self.uri.path(),
            response.map_or(0, |response| response.status().as_u16()),
            rejection.map(Rejection::code),
            self.clock.monotonic().since(self.started),
        ));
    }
}
