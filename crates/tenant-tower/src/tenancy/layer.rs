use std::sync::Arc;

use tenant_core::QuotaManager;
use tower_layer::Layer;

use super::{Missing, TenantLayerBuilder};
use crate::{Policies, TenantService, edge::Edge};

/// Everything that stands before a tenant's request: resolver, config, policy and quota, in this order.
///
/// What gets through has a [`TenantContext`](tenant_core::TenantContext) in its extensions, and runs inside of
/// [`tenant_core::scope`]. Anything else is answered with a [`Rejection`](crate::Rejection). Policy comes before quota: a
/// request that is denied costs the tenant nothing.
///
/// Neither a resolver nor configs can be forgotten:
/// ```compile_fail
/// use tenant_tower::{HeaderResolver, TenantLayer};
///
/// let layer = TenantLayer::builder().resolver(HeaderResolver::default()).build();
/// ```
///
/// # Example
/// ```
/// use tenant_core::{InMemoryConfigManager, InMemoryQuotaManager, TenantConfig, TenantId};
/// use tenant_tower::{HeaderResolver, TenantLayer};
///
/// let acme = TenantConfig::builder(TenantId::parse("acme")?).requests_per_minute(100).build()?;
/// let layer = TenantLayer::builder()
///     .resolver(HeaderResolver::default())
///     .configs(InMemoryConfigManager::with([acme])?)
///     .quotas(InMemoryQuotaManager::new())
///     .build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TenantLayer {
    edge: Arc<Edge>,
    policies: Policies,
    quotas: SharedQuotas,
}

#[derive(Clone)]
pub(super) struct SharedQuotas(pub(super) Arc<dyn QuotaManager>);

impl TenantLayer {
    /// Starts a layer.
    pub fn builder() -> TenantLayerBuilder<Missing, Missing> {
        TenantLayerBuilder::new()
    }

    pub(super) fn new(edge: Edge, policies: Policies, quotas: SharedQuotas) -> Self {
        Self { edge: Arc::new(edge), policies, quotas }
    }

    /// The layer's policies, for handlers that have to ask once more.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The layer's quotas, for handlers that reserve and settle.
    #[must_use]
    pub const fn quotas(&self) -> &Arc<dyn QuotaManager> {
        &self.quotas.0
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TenantService::new(inner, Arc::clone(&self.edge))
    }
}

impl std::fmt::Debug for SharedQuotas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("quotas")
    }
}
