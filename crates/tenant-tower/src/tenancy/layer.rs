use std::sync::Arc;

use tenant_core::QuotaManager;
use tower_layer::Layer;

use super::{Missing, TenantLayerBuilder};
use crate::{Meter, Policies, TenantService, edge::Edge};

/// Everything that stands before a tenant's request: resolver, config, policy and quota, in this order.
///
/// What gets through has a [`TenantContext`](tenant_core::TenantContext) in its extensions, and runs inside of
/// [`tenant_core::scope`]. Anything else is answered with a [`Rejection`](crate::Rejection). Policy comes before quota: a
/// request that is denied costs the tenant nothing.
///
/// What the tenant's [settings](tenant_core::settings) say of the caller comes before both, and is told by no header: who is not
/// in its `allowed_networks` is denied (403 `policy_denied`; also where no [`ForwardedLayer`](crate::ForwardedLayer) has found out
/// the address), and a session or a token that was proved longer ago than its `session_timeout` is not taken (401
/// `unauthenticated`). Where `require_mfa` is set, people who have not shown a second factor are let in where they
/// [enrol](TenantLayerBuilder::enrolment_paths), and nowhere else (403 `mfa_required`).
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
    meter: Meter,
}

impl TenantLayer {
    /// Starts a layer.
    pub fn builder() -> TenantLayerBuilder<Missing, Missing> {
        TenantLayerBuilder::new()
    }

    pub(super) fn new(edge: Edge, policies: Policies, meter: Meter) -> Self {
        Self { edge: Arc::new(edge), policies, meter }
    }

    /// The layer's policies, for handlers that have to ask once more.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The layer's meter, for handlers that reserve and settle.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Where the layer counts.
    #[must_use]
    pub const fn quotas(&self) -> &Arc<dyn QuotaManager> {
        self.meter.quotas()
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TenantService::new(inner, Arc::clone(&self.edge))
    }
}
