use std::{
    fmt,
    task::{Context, Poll},
};

use axum_core::{body::Body, response::Response};
use http::Request;
use tenant_sqlx::{TenantDatabase, TenantDb};
use tower_service::Service;

use super::{TransactionFuture, body::Watched, slot::Slot};

/// The service that a [`TransactionLayer`](crate::TransactionLayer) makes.
pub struct TransactionService<S, DB: TenantDatabase> {
    inner: S,
    db: TenantDb<DB>,
}

impl<S, DB: TenantDatabase> TransactionService<S, DB> {
    pub(super) const fn new(inner: S, db: TenantDb<DB>) -> Self {
        Self { inner, db }
    }
}

impl<S, DB> Service<Request<Body>> for TransactionService<S, DB>
where
    S: Service<Request<Body>, Response = Response>,
    DB: TenantDatabase,
{
    type Response = Response;
    type Error = S::Error;
    type Future = TransactionFuture<S::Future, DB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let slot = Slot::of(self.db.clone());
        let mut request = request.map(|body| Watched::watch(body, &slot));
        request.extensions_mut().insert(slot.clone());
        TransactionFuture::new(self.inner.call(request), slot)
    }
}

impl<S: Clone, DB: TenantDatabase> Clone for TransactionService<S, DB> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), db: self.db.clone() }
    }
}

impl<S: fmt::Debug, DB: TenantDatabase> fmt::Debug for TransactionService<S, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
