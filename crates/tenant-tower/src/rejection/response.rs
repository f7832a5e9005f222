//! The one place where a rejection becomes a response.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{Rejection, RejectionKind, TraceId, grpc, problem::document};
use crate::RequestHead;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
// A 404 may be cached without being asked to (RFC 9111, section 4.2.2), and a cache that does not know the tenant's
// header would hand one tenant's answer to another.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
// A 401 carries a challenge (RFC 9110, section 15.5.2). What is missing is a tenant, not a credential.
const TENANT_CHALLENGE: HeaderValue = HeaderValue::from_static("Tenant");
const BEARER_CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");

impl Rejection {
    /// The response, as a problem document. The rejection stands in its extensions.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        self.clone().respond(None)
    }

    /// The response for the caller who sent `head`: the equal status where it is gRPC, else a problem document that
    /// names the caller's trace.
    #[must_use]
    pub fn to_response_for(&self, head: &RequestHead<'_>) -> Response<Bytes> {
        let rejection = match TraceId::of(head.headers()) {
            Some(trace_id) => self.clone().with_trace_id(trace_id),
            None => self.clone(),
        };
        rejection.respond(grpc::content_type(head.headers()))
    }

    fn respond(self, grpc: Option<HeaderValue>) -> Response<Bytes> {
        let (status, body) = match grpc {
            Some(_) => (StatusCode::OK, Bytes::new()),
            None => (self.status(), document(&self)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if grpc.is_some() {
            grpc::describe(&self, headers);
        }
        headers.insert(CONTENT_TYPE, grpc.unwrap_or(PROBLEM_JSON));
        self.describe(headers);
        response.extensions_mut().insert(self);
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, NO_STORE);
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        let own = self.extra().and_then(|extra| extra.challenge.clone());
        own.or(match self.kind() {
            RejectionKind::TenantRequired => Some(TENANT_CHALLENGE),
            RejectionKind::Unauthenticated => Some(BEARER_CHALLENGE),
            _ => None,
        })
    }
}
