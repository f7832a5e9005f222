use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    Edge, Outcome, Pending, Way,
    future::{ResponseFuture, State},
    meter::Meter,
    settle,
    wait::resume,
};
use crate::{RequestHead, TenantBody};

/// The service that the layers make: it takes the steps of its layer, then calls the inner one.
///
/// The inner service that is called is the one that was polled ready. It is cloned only where a request has to wait for
/// a store. A request that is rejected leaves it ready for the next one.
#[derive(Clone)]
pub struct TenantService<S> {
    inner: S,
    edge: Arc<Edge>,
}

impl<S> TenantService<S> {
    pub(crate) fn new(inner: S, edge: Arc<Edge>) -> Self {
        Self { inner, edge }
    }

    /// The inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Q, R> Service<Request<Q>> for TenantService<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, Q, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let meter = Meter::start(&self.edge, &request);
        let mut decision = None;
        let mut way = Way { head: RequestHead::from(&request), decision: &mut decision };
        let checked = settle(self.edge.check(&mut way));
        let state = match checked {
            Ok(Outcome::Pass(entry)) => State::enter(&self.edge, &mut self.inner, request, entry),
            Ok(Outcome::Open) => State::open(&self.edge, &mut self.inner, request),
            Ok(Outcome::Reject(rejected)) => State::reject(&self.edge, &request, rejected, decision.as_ref()),
            Err(pending) => self.wait(request, pending),
        };
        ResponseFuture::new(Arc::clone(&self.edge), meter, state, decision)
    }
}

impl<S> TenantService<S> {
    #[cold]
    fn wait<Q, R>(&mut self, request: Request<Q>, pending: Box<Pending>) -> State<S, Q, R>
    where
        S: Service<Request<Q>, Response = Response<R>> + Clone,
    {
        let (parts, body) = request.into_parts();
        // The clone was never polled ready; the one that was goes along.
        let clone = self.inner.clone();
        State::Waiting {
            checks: resume(Arc::clone(&self.edge), parts, pending),
            service: mem::replace(&mut self.inner, clone),
            body: Some(body),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for TenantService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
