use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    body::FairBody,
    gate::{Slot, Wait},
};
use crate::{Rejection, RequestHead, TenantBody, taken::take};

pin_project! {
    /// The future of a [`FairService`](crate::FairService).
    pub struct FairFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        #[pin]
        state: State<S, Q, R>,
    }
}

pin_project! {
    #[project = StateProj]
    pub(super) enum State<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        /// For a slot, with the inner service that was polled ready.
        Waiting { wait: Pin<Box<Wait>>, service: S, request: Option<Request<Q>> },
        /// For the inner service.
        Running { #[pin] future: S::Future, slot: Option<Slot> },
        Rejected { response: Option<Box<Response<TenantBody<R>>>> },
    }
}

impl<S, Q, R> State<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) fn run(service: &mut S, request: Request<Q>, slot: Slot) -> Self {
        Self::Running { future: service.call(request), slot: Some(slot) }
    }

    #[cold]
    pub(super) fn reject(request: &Request<Q>, rejection: &Rejection) -> Self {
        let response = rejection.to_response_for(&RequestHead::from(request));
        Self::Rejected { response: Some(Box::new(response.map(TenantBody::problem))) }
    }
}

impl<S, Q, R> FairFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) const fn new(state: State<S, Q, R>) -> Self {
        Self { state }
    }
}

impl<S, Q, R> Future for FairFuture<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Output = Result<Response<FairBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Waiting { wait, service, request } => {
                    let slot = ready!(wait.as_mut().poll(cx));
                    let request = take(request);
                    match slot {
                        Some(slot) => State::run(service, request, slot),
                        None => State::reject(&request, &Rejection::overloaded()),
                    }
                }
                StateProj::Running { future, slot } => {
                    let result = ready!(future.poll(cx));
                    let slot = slot.take();
                    let hold = |body| FairBody::new(TenantBody::inner(body), slot);
                    return Poll::Ready(result.map(|response| response.map(hold)));
                }
                StateProj::Rejected { response } => {
                    return Poll::Ready(Ok((*take(response)).map(|body| FairBody::new(body, None))));
                }
            };
            state.set(next);
        }
    }
}

impl<S, Q, R> fmt::Debug for FairFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FairFuture")
    }
}
