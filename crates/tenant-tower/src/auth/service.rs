use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    desk::{Desk, Received},
    future::{AuthFuture, State},
};
use crate::{RequestHead, TenantBody};

/// The service that an [`AuthLayer`](crate::AuthLayer) makes.
#[derive(Clone)]
pub struct AuthService<S> {
    inner: S,
    desk: Arc<Desk>,
}

impl<S> AuthService<S> {
    pub(super) const fn new(inner: S, desk: Arc<Desk>) -> Self {
        Self { inner, desk }
    }
}

impl<S, Q, R> Service<Request<Q>> for AuthService<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = AuthFuture<S, Q, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let secrets = match self.desk.receive(&RequestHead::from(&request)) {
            Received::Decided(admission) => {
                return AuthFuture::new(State::decided(&mut self.inner, request, admission));
            }
            Received::Asks(secrets) => secrets,
        };
        let desk = Arc::clone(&self.desk);
        let asked = Box::pin(async move { desk.verify(&secrets).await });
        // The clone was never polled ready; the one that was goes along.
        let clone = self.inner.clone();
        AuthFuture::new(State::Verifying {
            asked,
            desk: Arc::clone(&self.desk),
            service: mem::replace(&mut self.inner, clone),
            request: Some(request),
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for AuthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
