use std::sync::Arc;

use tenant_core::{Clock, ConfigManager, Hooks, SystemClock};
use tower_layer::Layer;

use super::ResolveStage;
use crate::{TenantResolver, TenantService, edge::Edge};

/// Resolves and enters the tenant, as far as its settings let the caller in, and nothing else; for stacks that place policy and
/// quotas on their own.
///
/// # Example
/// ```
/// use tenant_core::{ConfigPolicyEvaluator, InMemoryConfigManager, InMemoryQuotaManager};
/// use tenant_tower::{HeaderResolver, PolicyLayer, QuotaLayer, ResolveLayer};
/// use tower::ServiceBuilder;
///
/// let stack = ServiceBuilder::new()
///     .layer(ResolveLayer::new(HeaderResolver::default(), InMemoryConfigManager::new()))
///     .layer(PolicyLayer::new(ConfigPolicyEvaluator::new()))
///     .layer(QuotaLayer::new(InMemoryQuotaManager::new()));
/// ```
#[derive(Clone, Debug)]
pub struct ResolveLayer {
    stage: ResolveStage,
    hooks: Hooks,
}

impl ResolveLayer {
    /// Resolves by `resolver` and looks tenants up in `configs`.
    #[must_use]
    pub fn new(resolver: impl TenantResolver + 'static, configs: impl ConfigManager + 'static) -> Self {
        let clock = Arc::new(SystemClock::new());
        Self {
            stage: ResolveStage::new(Arc::new(resolver), Arc::new(configs), clock),
            hooks: Hooks::default(),
        }
    }

    /// Lets requests that name no tenant through, without a context. Malformed claims and unknown tenants are rejected
    /// all the same.
    #[must_use]
    pub const fn allow_missing(mut self) -> Self {
        self.stage.allows_missing = true;
        self
    }

    /// Lets people in at these paths, and no others, who have not shown the second factor that their tenant requires: where they enrol.
    /// As [`TenantLayerBuilder::enrolment_paths`](crate::TenantLayerBuilder::enrolment_paths).
    #[must_use]
    pub fn enrolment_paths(mut self, paths: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.stage.enrolment_paths = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Tells `hooks` what happens.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Takes durations from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.stage.clock = clock;
        self
    }

    /// Takes the age of sessions and tokens from `clock`, and not from that of durations.
    #[must_use]
    pub fn with_session_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.stage.session_clock = Some(clock);
        self
    }
}

impl<S> Layer<S> for ResolveLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let edge = Edge { resolve: Some(self.stage.clone()), hooks: self.hooks.clone(), ..Edge::default() };
        TenantService::new(inner, Arc::new(edge))
    }
}
