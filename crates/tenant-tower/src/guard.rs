//! What the layers share that look at a head once, and let the request through or answer it themselves.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Rejection, RequestHead, TenantBody, taken::take};

pin_project! {
    /// The future of a [`GuardService`].
    pub struct GuardFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        Inner { #[pin] future: F },
        Rejected { response: Option<Box<Response<TenantBody<R>>>> },
    }
}

/// A layer that looks at a head once, and lets the request through or answers it itself.
#[expect(unnameable_types, reason = "nobody else makes one")]
pub trait Guard: Clone {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection>;
}

/// The service that a layer makes which lets a request through or answers it itself.
#[derive(Clone, Debug)]
pub struct GuardService<S, G> {
    inner: S,
    guard: G,
}

impl<S, G: Guard> GuardService<S, G> {
    pub(crate) fn new(inner: S, guard: &G) -> Self {
        Self { inner, guard: guard.clone() }
    }
}

impl<S, G, Q, R> Service<Request<Q>> for GuardService<S, G>
where
    S: Service<Request<Q>, Response = Response<R>>,
    G: Guard,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let state = match self.guard.check(&mut request) {
            Ok(()) => State::Inner { future: self.inner.call(request) },
            Err(rejection) => reject(&request, &rejection),
        };
        GuardFuture { state }
    }
}

#[cold]
fn reject<F, Q, R>(request: &Request<Q>, rejection: &Rejection) -> State<F, R> {
    let response = rejection.to_response_for(&RequestHead::from(request));
    State::Rejected { response: Some(Box::new(response.map(TenantBody::problem))) }
}

impl<F, R, E> Future for GuardFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<TenantBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Inner { future } => {
                let result = ready!(future.poll(cx));
                Poll::Ready(result.map(|response| response.map(TenantBody::inner)))
            }
            StateProj::Rejected { response } => Poll::Ready(Ok(*take(response))),
        }
    }
}

impl<F, R> fmt::Debug for GuardFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardFuture")
    }
}
