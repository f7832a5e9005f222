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
    /// The future of a service that lets a request through or answers it itself.
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

/// Calls the inner service where `check` lets the request through.
#[inline]
pub(crate) fn guard<S, Q, R>(
    inner: &mut S,
    mut request: Request<Q>,
    check: impl FnOnce(&mut Request<Q>) -> Result<(), Rejection>,
) -> GuardFuture<S::Future, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    let state = match check(&mut request) {
        Ok(()) => State::Inner { future: inner.call(request) },
        Err(rejection) => reject(&request, &rejection),
    };
    GuardFuture { state }
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
