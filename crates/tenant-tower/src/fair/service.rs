use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tenant_core::TenantContext;
use tower_service::Service;

use super::{
    body::FairBody,
    future::{FairFuture, State},
    gate::{Entry, Gate},
    queue::Key,
};
use crate::{
    Rejection,
    edge::{NoTenant, out_of_order},
};

/// The service that a [`FairLayer`](crate::FairLayer) makes.
#[derive(Clone)]
pub struct FairService<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> FairService<S> {
    pub(super) const fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }
}

impl<S, Q, R> Service<Request<Q>> for FairService<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
{
    type Response = Response<FairBody<R>>;
    type Error = S::Error;
    type Future = FairFuture<S, Q, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let key = match key(&request) {
            Ok(key) => key,
            Err(rejection) => return FairFuture::new(State::reject(&request, &rejection)),
        };
        FairFuture::new(match self.gate.enter(key) {
            Entry::Slot(slot) => State::run(&mut self.inner, request, slot),
            Entry::Wait(wait) => {
                // The clone was never polled ready; the one that was goes along.
                let clone = self.inner.clone();
                State::Waiting { wait, service: mem::replace(&mut self.inner, clone), request: Some(request) }
            }
            Entry::Shed => State::reject(&request, &Rejection::overloaded()),
        })
    }
}

fn key<Q>(request: &Request<Q>) -> Result<Key, Rejection> {
    let extensions = request.extensions();
    match extensions.get::<TenantContext>() {
        Some(tenant) => Ok(Some(*tenant.id())),
        None if extensions.get::<NoTenant>().is_some() => Ok(None),
        None => Err(out_of_order()),
    }
}

impl<S: fmt::Debug> fmt::Debug for FairService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
