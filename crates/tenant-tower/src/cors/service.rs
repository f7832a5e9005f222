use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    answers::Answers,
    asked::Asked,
    desk::{Desk, Found},
    future::{State, TenantCorsFuture},
};
use crate::{RequestHead, TenantBody};

/// The service that a [`TenantCorsLayer`](crate::TenantCorsLayer) makes.
#[derive(Clone)]
pub struct TenantCorsService<S> {
    inner: S,
    desk: Arc<Desk>,
    answers: Arc<Answers>,
}

impl<S> TenantCorsService<S> {
    pub(super) const fn new(inner: S, desk: Arc<Desk>, answers: Arc<Answers>) -> Self {
        Self { inner, desk, answers }
    }
}

impl<S, Q, R> Service<Request<Q>> for TenantCorsService<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = TenantCorsFuture<S, Q, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let head = RequestHead::from(&request);
        let asked = Asked::by(&head);
        let found = asked.origin().map_or(Found::Now(None), |origin| self.desk.ask(&head, origin));
        let state = match found {
            Found::Now(allowed) => State::decided(&mut self.inner, request, &self.answers, asked, allowed),
            Found::Later(found) => {
                // The clone was never polled ready; the one that was goes along.
                let clone = self.inner.clone();
                let service = mem::replace(&mut self.inner, clone);
                State::Asking { found, service, waiting: Some((request, asked)) }
            }
        };
        TenantCorsFuture::new(state, Arc::clone(&self.answers))
    }
}

impl<S: fmt::Debug> fmt::Debug for TenantCorsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCorsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
