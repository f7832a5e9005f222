use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{answers::Answers, asked::Asked, desk::Allowed};
use crate::{TenantBody, taken::take};

pin_project! {
    /// The future of a [`TenantCorsService`](crate::TenantCorsService).
    pub struct TenantCorsFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        #[pin]
        state: State<S, Q, R>,
        answers: Arc<Answers>,
    }
}

pin_project! {
    #[project = StateProj]
    pub(super) enum State<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        /// For the store of configs, with the inner service that was polled ready.
        Asking {
            found: Pin<Box<dyn Future<Output = Allowed> + Send>>,
            service: S,
            waiting: Option<(Request<Q>, Asked)>,
        },
        /// For the inner service; with the origin whose pages may read what it answers.
        Running { #[pin] future: S::Future, allowed: Option<HeaderValue> },
        Answered { response: Option<Box<Response<TenantBody<R>>>> },
    }
}

impl<S, Q, R> State<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) fn decided(
        service: &mut S,
        mut request: Request<Q>,
        answers: &Answers,
        asked: Asked,
        allowed: Allowed,
    ) -> Self {
        match (asked, allowed) {
            (Asked::Leave(origin), allowed) => {
                Self::leave(answers, origin.as_ref().filter(|_| allowed.is_some()))
            }
            (Asked::Access(origin), Some(allowed)) => {
                request.extensions_mut().insert(allowed);
                Self::Running { future: service.call(request), allowed: Some(origin) }
            }
            (Asked::Access(_), None) | (Asked::Nothing, _) => {
                Self::Running { future: service.call(request), allowed: None }
            }
        }
    }

    #[cold]
    fn leave(answers: &Answers, allowed: Option<&HeaderValue>) -> Self {
        let mut response = Response::new(TenantBody::problem(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        answers.to_preflight(response.headers_mut(), allowed);
        Self::Answered { response: Some(Box::new(response)) }
    }
}

impl<S, Q, R> TenantCorsFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) const fn new(state: State<S, Q, R>, answers: Arc<Answers>) -> Self {
        Self { state, answers }
    }
}

impl<S, Q, R> Future for TenantCorsFuture<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Output = Result<Response<TenantBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut state = this.state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Asking { found, service, waiting } => {
                    let allowed = ready!(found.as_mut().poll(cx));
                    let (request, asked) = take(waiting);
                    State::decided(service, request, this.answers, asked, allowed)
                }
                StateProj::Running { future, allowed } => {
                    let mut response = ready!(future.poll(cx))?;
                    this.answers.to_request(response.headers_mut(), allowed.as_ref());
                    return Poll::Ready(Ok(response.map(TenantBody::inner)));
                }
                StateProj::Answered { response } => return Poll::Ready(Ok(*take(response))),
            };
            state.set(next);
        }
    }
}

impl<S, Q, R> fmt::Debug for TenantCorsFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantCorsFuture")
    }
}
