use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tenant_core::{Scope, TenantContext, quota::Decision, scope, sync_scope};
use tower_service::Service;

use super::{Edge, Entry, NoTenant, Outcome, meter::Meter, strip::strip, wait::Checks};
use crate::{RequestHead, TenantBody, trace::Span};

pin_project! {
    /// The future of a [`TenantService`](crate::TenantService).
    pub struct ResponseFuture<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        #[pin]
        state: State<S, Q, R>,
        edge: Arc<Edge>,
        meter: Option<Box<Meter>>,
        decision: Option<Decision>,
    }
}

pin_project! {
    #[project = StateProj]
    pub(super) enum State<S, Q, R>
    where
        S: Service<Request<Q>>,
    {
        /// For a store, with the inner service that was polled ready.
        Waiting { checks: Checks, service: S, body: Option<Q> },
        /// For the inner service, inside of the tenant.
        Inside { #[pin] future: Scope<S::Future>, span: Span },
        /// For the inner service; the tenant, if there is one, was entered further out.
        Plain { #[pin] future: S::Future, tenant: Option<TenantContext> },
        Rejected { response: Option<Box<Response<TenantBody<R>>>>, tenant: Option<TenantContext> },
    }
}

impl<S, Q, R> State<S, Q, R>
where
    S: Service<Request<Q>>,
{
    #[inline]
    fn enter(edge: &Edge, service: &mut S, mut request: Request<Q>, entry: Entry) -> Self {
        let Entry { tenant, stripped } = entry;
        if edge.resolve.is_none() {
            return Self::Plain { future: service.call(request), tenant: Some(tenant) };
        }
        strip(&mut request, stripped);
        request.extensions_mut().insert(tenant.clone());
        let span = Span::of(&tenant);
        let entered = span.enter();
        let future = sync_scope(tenant.clone(), || service.call(request));
        drop(entered);
        Self::Inside { future: scope(tenant, future), span }
    }

    #[cold]
    fn open(edge: &Edge, service: &mut S, mut request: Request<Q>) -> Self {
        if edge.resolve.is_some() {
            request.extensions_mut().insert(NoTenant);
        }
        Self::Plain { future: service.call(request), tenant: None }
    }

    #[inline]
    pub(super) fn settled(
        edge: &Edge,
        service: &mut S,
        request: Request<Q>,
        outcome: Outcome,
        decision: Option<&Decision>,
    ) -> Self {
        match outcome {
            Outcome::Pass(entry) => Self::enter(edge, service, request, entry),
            Outcome::Open => Self::open(edge, service, request),
            Outcome::Reject(rejected) => {
                let response = edge.answer(&RequestHead::from(&request), &rejected, decision);
                Self::Rejected { response: Some(Box::new(response)), tenant: rejected.tenant }
            }
        }
    }
}

impl<S, Q, R> ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    #[inline]
    pub(super) const fn new(
        edge: Arc<Edge>,
        meter: Option<Box<Meter>>,
        state: State<S, Q, R>,
        decision: Option<Decision>,
    ) -> Self {
        Self { state, edge, meter, decision }
    }
}

impl<S, Q, R> Future for ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Output = Result<Response<TenantBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (result, tenant) = loop {
            match this.state.as_mut().project() {
                StateProj::Waiting { checks, service, body } => {
                    let (parts, outcome, decision) = ready!(checks.as_mut().poll(cx));
                    let request = Request::from_parts(parts, take(body));
                    let next = State::settled(this.edge, service, request, outcome, decision.as_ref());
                    *this.decision = decision;
                    this.state.set(next);
                }
                StateProj::Inside { mut future, span } => {
                    let result = {
                        let _entered = span.enter();
                        ready!(future.as_mut().poll(cx))
                    };
                    let tenant = future.take_value();
                    let finish =
                        |response| this.edge.finish(response, tenant.as_ref(), this.decision.as_ref());
                    break (result.map(finish), tenant);
                }
                StateProj::Plain { future, tenant } => {
                    let result = ready!(future.poll(cx));
                    let finish =
                        |response| this.edge.finish(response, tenant.as_ref(), this.decision.as_ref());
                    break (result.map(finish), tenant.take());
                }
                StateProj::Rejected { response, tenant } => break (Ok(*take(response)), tenant.take()),
            }
        };
        if let Some(meter) = this.meter.take() {
            meter.stop(this.edge, tenant.as_ref(), result.as_ref().ok());
        }
        Poll::Ready(result)
    }
}

#[expect(
    clippy::expect_used,
    reason = "polling a future after it is done is a bug of the caller, as with every future"
)]
fn take<T>(slot: &mut Option<T>) -> T {
    slot.take().expect("a future was polled after it was done")
}

impl<S, Q, R> fmt::Debug for ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
