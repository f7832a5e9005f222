use std::{fmt, sync::Arc};

use http::{HeaderValue, Request, header::HOST};
use tower_layer::Layer;

use super::ServerName;
use crate::{
    HostName, Rejection, RequestHead, Resolution, TenantResolver,
    guard::{Guard, GuardService},
};

/// Rejects a request whose `Host` is another tenant's than the server name of its connection: 421 `misdirected_request` (RFC
/// 9110, section 15.5.20), upon which a browser that shares a connection between hosts opens a new one.
///
/// It stands outside of the layer that resolves the tenant, and asks a resolver that goes by the host alone: the one
/// that the other layer has, without headers and the like. Where server name and host are the same nobody is asked. Where
/// one of them is nobody's, they don't disagree. A request without a [`ServerName`](super::ServerName) is rejected with
/// a 500.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_tower::{HostRegistry, HostResolver, tls::SniLayer};
///
/// let registry = Arc::new(HostRegistry::new());
/// let layer = SniLayer::new(HostResolver::new(Arc::clone(&registry)));
/// # let _ = layer;
/// ```
#[derive(Clone)]
pub struct SniLayer {
    hosts: Arc<dyn TenantResolver>,
}

impl SniLayer {
    /// Compares by what `hosts` says of each; it must not wait.
    #[must_use]
    pub fn new(hosts: impl TenantResolver + 'static) -> Self {
        Self { hosts: Arc::new(hosts) }
    }
}

impl Guard for SniLayer {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        compare(&RequestHead::from(&*request), &*self.hosts)
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

impl<S> Layer<S> for SniLayer {
    type Service = GuardService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self)
    }
}

impl fmt::Debug for SniLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SniLayer")
    }
}
