use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tenant_core::auth::Principal;
use tower_service::Service;

use super::{
    Anonymous,
    desk::{Admission, Desk},
};
use crate::{Rejection, RequestHead, TenantBody, taken::take};

pub(super) type Asked = Pin<Box<dyn Future<Output = Result<Vec<Principal>, Rejection>> + Send>>;

pin_project! {
    /// The future of an [`AuthService`](crate::AuthService).
    pub struct AuthFuture<S, Q, R>
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
        /// For who keeps the credentials, with the inner service that was polled ready.
        Verifying { asked: Asked, desk: Arc<Desk>, service: S, request: Option<Request<Q>> },
        /// For the inner service.
        Running { #[pin] future: S::Future },
        Rejected { response: Option<Box<Response<TenantBody<R>>>> },
    }
}

impl<S, Q, R> State<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) fn decided(service: &mut S, mut request: Request<Q>, admission: Admission) -> Self {
        match admission {
            Ok(Some(principal)) => {
                request.extensions_mut().insert(principal);
            }
            Ok(None) => {
                request.extensions_mut().insert(Anonymous);
            }
            Err(rejection) => return Self::reject(&request, &rejection),
        }
        Self::Running { future: service.call(request) }
    }

    #[cold]
    pub(super) fn reject(request: &Request<Q>, rejection: &Rejection) -> Self {
        let response = rejection.to_response_for(&RequestHead::from(request));
        Self::Rejected { response: Some(Box::new(response.map(TenantBody::problem))) }
    }

    fn verified(
        desk: &Desk,
        service: &mut S,
        request: Request<Q>,
        principals: Result<Vec<Principal>, Rejection>,
    ) -> Self {
        let head = RequestHead::from(&request);
        let admission =
            principals.and_then(|principals| desk.admit_verified(&head, &desk.look(&head)?, principals));
        Self::decided(service, request, admission)
    }
}

impl<S, Q, R> AuthFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(super) const fn new(state: State<S, Q, R>) -> Self {
        Self { state }
    }
}

impl<S, Q, R> Future for AuthFuture<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Output = Result<Response<TenantBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Verifying { asked, desk, service, request } => {
                    let principals = ready!(asked.as_mut().poll(cx));
                    State::verified(desk, service, take(request), principals)
                }
                StateProj::Running { future } => {
                    let result = ready!(future.poll(cx));
                    return Poll::Ready(result.map(|response| response.map(TenantBody::inner)));
                }
                StateProj::Rejected { response } => return Poll::Ready(Ok(*take(response))),
            };
            state.set(next);
        }
    }
}

impl<S, Q, R> fmt::Debug for AuthFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthFuture")
    }
}
