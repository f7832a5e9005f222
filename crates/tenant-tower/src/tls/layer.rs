use std::sync::Arc;

use tower_layer::Layer;

use super::SniService;
use crate::TenantResolver;

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

impl<S> Layer<S> for SniLayer {
    type Service = SniService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SniService::new(inner, Arc::clone(&self.hosts))
    }
}

impl std::fmt::Debug for SniLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SniLayer")
    }
}
