use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use futures_util::future::Either;
use http::{HeaderMap, Request, Response, StatusCode};
use tower::Service;

use super::directory::{Customer, Directory};

/// What one writes by hand to resolve the tenant: header, validation, lookup, extension.
pub(super) struct ByHand<S, D> {
    inner: S,
    directory: D,
}

impl<S, D: Directory> ByHand<S, D> {
    pub(super) const fn new(inner: S, directory: D) -> Self {
        Self { inner, directory }
    }

    fn resolve(&self, headers: &HeaderMap) -> Result<Arc<Customer>, StatusCode> {
        let value = headers.get("x-tenant-id").ok_or(StatusCode::BAD_REQUEST)?;
        let id = value.to_str().ok().filter(|id| is_valid(id)).ok_or(StatusCode::BAD_REQUEST)?;
        let customer = self.directory.find(id).ok_or(StatusCode::NOT_FOUND)?;
        if customer.is_active { Ok(customer) } else { Err(StatusCode::FORBIDDEN) }
    }
}

fn is_valid(id: &str) -> bool {
    (1..=63).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

impl<S, D> Service<Request<Body>> for ByHand<S, D>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    D: Directory,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.resolve(request.headers()) {
            Ok(customer) => {
                request.extensions_mut().insert(customer);
                Either::Left(self.inner.call(request))
            }
            Err(status) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                Either::Right(ready(Ok(response)))
            }
        }
    }
}
