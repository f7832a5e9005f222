use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, header::HOST};
use tower_service::Service;

use super::ServerName;
use crate::{
    HostName, Rejection, RequestHead, Resolution, TenantBody, TenantResolver,
    guard::{GuardFuture, guard},
};

/// The service that a [`SniLayer`](super::SniLayer) makes.
#[derive(Clone)]
pub struct SniService<S> {
    inner: S,
    hosts: Arc<dyn TenantResolver>,
}

impl<S> SniService<S> {
    pub(super) fn new(inner: S, hosts: Arc<dyn TenantResolver>) -> Self {
        Self { inner, hosts }
    }
}

impl<S, Q, R> Service<Request<Q>> for SniService<S>
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
        guard(&mut self.inner, request, |request| compare(&RequestHead::from(&*request), &*self.hosts))
    }
}

fn compare(head: &RequestHead<'_>, hosts: &dyn TenantResolver) -> Result<(), Rejection> {
    let ServerName(name) = head.extensions().get().ok_or_else(no_name)?;
    let host = head.host()?;
    match (name, host) {
        (Some(name), Some(host)) if *name != host => differ(head, name, hosts),
        _ => Ok(()),
    }
}

#[cold]
fn differ(head: &RequestHead<'_>, name: &HostName, hosts: &dyn TenantResolver) -> Result<(), Rejection> {
    match (tenant_of(name, hosts)?, hosts.resolve(head)?) {
        (Some(connection), Some(request)) if connection.tenant() != request.tenant() => {
            Err(Rejection::misdirected_request())
        }
        _ => Ok(()),
    }
}

/// Whom a request for this host would be for.
fn tenant_of(name: &HostName, hosts: &dyn TenantResolver) -> Resolution {
    let mut request = Request::new(());
    let host = HeaderValue::try_from(name.as_str()).map_err(|_| Rejection::internal())?;
    request.headers_mut().insert(HOST, host);
    hosts.resolve(&RequestHead::from(&request))
}

#[cold]
fn no_name() -> Rejection {
    Rejection::internal().with_detail("the server did not say what the connection's server name is")
}

impl<S: fmt::Debug> fmt::Debug for SniService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SniService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
