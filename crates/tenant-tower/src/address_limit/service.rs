use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tenant_core::Clock;
use tower_service::Service;

use super::{bucket::Rate, counts::Counts};
use crate::{
    ClientAddr, Rejection, TenantBody,
    guard::{GuardFuture, guard},
};

/// The service that an [`AddressLimitLayer`](crate::AddressLimitLayer) makes.
#[derive(Clone)]
pub struct AddressLimitService<S> {
    inner: S,
    limit: Arc<Limit>,
}

pub(super) struct Limit {
    pub(super) rate: Rate,
    pub(super) exempt: Box<[Box<str>]>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counts: Arc<Counts>,
}

impl Limit {
    fn check<B>(&self, request: &Request<B>) -> Result<(), Rejection> {
        let path = request.uri().path();
        if self.exempt.iter().any(|exempt| **exempt == *path) {
            return Ok(());
        }
        let client = request.extensions().get::<ClientAddr>().ok_or_else(no_client)?;
        self.take(client.0).map_err(denied)
    }

    fn take(&self, client: IpAddr) -> Result<(), Duration> {
        self.counts.take(client, self.clock.coarse_monotonic(), self.rate)
    }
}

#[cold]
fn no_client() -> Rejection {
    Rejection::internal().with_detail("no layer that finds out the client's address ran before this one")
}

#[cold]
fn denied(wait: Duration) -> Rejection {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Rejection::quota_exceeded(Some(seconds)).with_detail("the limit of requests from one address is reached")
}

impl<S> AddressLimitService<S> {
    pub(super) const fn new(inner: S, limit: Arc<Limit>) -> Self {
        Self { inner, limit }
    }
}

impl<S, Q, R> Service<Request<Q>> for AddressLimitService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        guard(&mut self.inner, request, |request| self.limit.check(request))
    }
}

impl<S: fmt::Debug> fmt::Debug for AddressLimitService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressLimitService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
