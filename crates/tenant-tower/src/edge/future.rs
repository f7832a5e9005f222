use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tenant_core::{Scope, TenantContext, quota::Decision, scope_with};
use tower_service::Service;

use super::{Edge, Entry, NoTenant, Outcome, Rejected, meter::Meter, strip::strip, wait::Checks};
use crate::{RequestHead, TenantBody, taken::take, trace::Span};

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
    // In place, as the one way that almost every request takes: passed on, the request would be copied each time.
    #[inline(always)]
    pub(super) fn enter(edge: &Edge, service: &mut S, mut request: Request<Q>, entry: Entry) -> Self {
        let Entry { tenant, stripped } = entry;
        if edge.resolve.is_none() {
            return Self::Plain { future: service.call(request), tenant: Some(tenant) };
        }
        strip(&mut request, stripped);
        request.extensions_mut().insert(tenant.clone());
        let span = Span::of(&tenant);
        let future = scope_with(tenant, || {
            let _entered = span.enter();
            service.call(request)
        });
        Self::Inside { future, span }
    }

    /// The tenant, once it is known.
    fn tenant(&self) -> Option<&TenantContext> {
        match self {
            Self::Waiting { .. } => None,
            Self::Inside { future, .. } => future.context(),
            Self::Plain { tenant, .. } | Self::Rejected { tenant, .. } => tenant.as_ref(),
        }
    }

    #[cold]
    pub(super) fn open(edge: &Edge, service: &mut S, mut request: Request<Q>) -> Self {
        if edge.resolve.is_some() {
            request.extensions_mut().insert(NoTenant);
        }
        Self::Plain { future: service.call(request), tenant: None }
    }

    #[cold]
    pub(super) fn reject(
        edge: &Edge,
        request: &Request<Q>,
        rejected: Box<Rejected>,
        decision: Option<&Decision>,
    ) -> Self {
        let response = edge.answer(&RequestHead::from(request), &rejected, decision);
        Self::Rejected { response: Some(Box::new(response)), tenant: rejected.tenant }
    }

    /// Goes on behind an answer that was waited for.
    #[cold]
    fn settled(
        edge: &Edge,
        service: &mut S,
        request: Request<Q>,
        outcome: Outcome,
        decision: Option<&Decision>,
    ) -> Self {
        match outcome {
            Outcome::Pass(entry) => Self::enter(edge, service, request, entry),
            Outcome::Open => Self::open(edge, service, request),
            Outcome::Reject(rejected) => Self::reject(edge, &request, rejected, decision),
        }
    }
}

impl<S, Q, R> ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    #[inline(always)]
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
        let result = loop {
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
                    let finish =
                        |response| this.edge.finish(response, future.context(), this.decision.as_mut());
                    break result.map(finish);
                }
                StateProj::Plain { future, tenant } => {
                    let result = ready!(future.poll(cx));
                    let finish =
                        |response| this.edge.finish(response, tenant.as_ref(), this.decision.as_mut());
                    break result.map(finish);
                }
                StateProj::Rejected { response, .. } => break Ok(*take(response)),
            }
        };
        if let Some(meter) = this.meter.take() {
            let state = this.state.as_ref();
            meter.stop(this.edge, state.get_ref().tenant(), result.as_ref().ok());
        }
        Poll::Ready(result)
    }
}

impl<S, Q, R> fmt::Debug for ResponseFuture<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
