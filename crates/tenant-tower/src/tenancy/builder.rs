use std::{fmt, sync::Arc};

use http::HeaderName;
use tenant_core::{
    Clock, ConfigManager, ConfigPolicyEvaluator, Hooks, InMemoryQuotaManager, PolicyEvaluator, QuotaManager,
    SystemClock, quota::Cost,
};

use super::TenantLayer;
use crate::{
    Meter, Policies, Rejection, RequestHead, TenantResolver,
    edge::Edge,
    policy::PolicyStage,
    quota::{MoreCosts, QuotaStage},
    resolve::ResolveStage,
};

/// Builds a [`TenantLayer`]. Resolver and configs are required; without them there is no `build`.
#[must_use]
pub struct TenantLayerBuilder<R, C> {
    resolver: R,
    configs: C,
    options: Options,
}

/// Stands for what a [`TenantLayerBuilder`] has not been given yet.
#[derive(Clone, Copy, Debug)]
pub struct Missing(());

/// What a [`TenantLayerBuilder`] must have been given before it can build.
#[diagnostic::on_unimplemented(
    message = "a `TenantLayer` needs a resolver and configs",
    label = "call `.resolver(...)` and `.configs(...)` before `.build()`"
)]
pub trait Given<T: ?Sized> {
    /// What was given.
    fn given(self) -> Arc<T>;
}

impl<T: ?Sized> Given<T> for Arc<T> {
    fn given(self) -> Arc<T> {
        self
    }
}

/// What has a default.
#[derive(Default)]
struct Options {
    policies: Option<Arc<dyn PolicyEvaluator>>,
    quotas: Option<Arc<dyn QuotaManager>>,
    hooks: Hooks,
    clock: Option<Arc<dyn Clock>>,
    session_clock: Option<Arc<dyn Clock>>,
    allows_missing: bool,
    enrolment_paths: Vec<Box<str>>,
    model_header: Option<HeaderName>,
    tool_header: Option<HeaderName>,
    requires_model: bool,
    requires_tool: bool,
    token_header: Option<HeaderName>,
    costs: Option<MoreCosts>,
    fields: crate::quota::Fields,
}

impl TenantLayerBuilder<Missing, Missing> {
    pub(super) fn new() -> Self {
        Self { resolver: Missing(()), configs: Missing(()), options: Options::default() }
    }
}

impl<R, C> TenantLayerBuilder<R, C> {
    /// Who says which tenant a request is for.
    pub fn resolver(
        self,
        resolver: impl TenantResolver + 'static,
    ) -> TenantLayerBuilder<Arc<dyn TenantResolver>, C> {
        TenantLayerBuilder { resolver: Arc::new(resolver), configs: self.configs, options: self.options }
    }

    /// Where tenants are looked up.
    pub fn configs(
        self,
        configs: impl ConfigManager + 'static,
    ) -> TenantLayerBuilder<R, Arc<dyn ConfigManager>> {
        TenantLayerBuilder { resolver: self.resolver, configs: Arc::new(configs), options: self.options }
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Who evaluates policies; a [`ConfigPolicyEvaluator`] unless given.
    pub fn policies(self, policies: impl PolicyEvaluator + 'static) -> Self {
        self.with(|options| options.policies = Some(Arc::new(policies)))
    }

    /// Who counts; an [`InMemoryQuotaManager`] of this layer's own unless given, so that several processes, or several
    /// layers, would each count for themselves.
    pub fn quotas(self, quotas: impl QuotaManager + 'static) -> Self {
        self.with(|options| options.quotas = Some(Arc::new(quotas)))
    }

    /// Who listens; nobody unless given.
    pub fn hooks(self, hooks: Hooks) -> Self {
        self.with(|options| options.hooks = hooks)
    }

    /// Where durations, and the windows of the default quotas, come from; a [`SystemClock`] unless given.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|options| options.clock = Some(clock))
    }

    /// Where the age of sessions and tokens comes from, which a tenant may bound; the clock of durations unless given.
    pub fn session_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|options| options.session_clock = Some(clock))
    }

    /// Lets requests that name no tenant through, without a context: for public routes. Malformed claims and unknown
    /// tenants are rejected all the same.
    pub fn allow_missing(self) -> Self {
        self.with(|options| options.allows_missing = true)
    }

    /// Lets people in at these paths, and no others, who have not shown the second factor that their tenant requires (`require_mfa`):
    /// where they see who they are and enrol. Paths are compared whole and as they come, below what a path resolver has taken
    /// off; anywhere else the answer is 403 `mfa_required`, which is what they all get unless this is given.
    pub fn enrolment_paths(self, paths: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.with(|options| options.enrolment_paths = paths.into_iter().map(Into::into).collect())
    }

    /// Takes the model from the header `name`; `X-Model` unless given.
    pub fn model_header(self, name: HeaderName) -> Self {
        self.with(|options| options.model_header = Some(name))
    }

    /// Takes the tool from the header `name`; `X-Tool` unless given.
    pub fn tool_header(self, name: HeaderName) -> Self {
        self.with(|options| options.tool_header = Some(name))
    }

    /// Rejects requests that declare no model with a 400. For some routes only, put a
    /// [`PolicyLayer`](crate::PolicyLayer) on them.
    pub fn require_model(self) -> Self {
        self.with(|options| options.requires_model = true)
    }

    /// Rejects requests that declare no tool with a 400.
    pub fn require_tool(self) -> Self {
        self.with(|options| options.requires_tool = true)
    }

    /// Takes the announced tokens from the header `name`; `X-Token-Count` unless given.
    pub fn token_header(self, name: HeaderName) -> Self {
        self.with(|options| options.token_header = Some(name))
    }

    /// What a request costs beyond 1 request and the announced tokens, as its head tells. A cost under a concurrency limit
    /// is held until the response's body has ended. For some routes only, put a [`QuotaLayer`](crate::QuotaLayer) on them.
    pub fn costs(
        self,
        costs: impl Fn(&RequestHead<'_>) -> Result<Vec<Cost>, Rejection> + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.costs = Some(Arc::new(costs)))
    }

    /// Sends `RateLimit-Policy` and `RateLimit` on every answer to a tenant; on by default.
    pub fn rate_limit_fields(self, on: bool) -> Self {
        self.with(|options| options.fields.standard = on)
    }

    /// Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` (in seconds from now); off by default.
    pub fn legacy_fields(self, on: bool) -> Self {
        self.with(|options| options.fields.legacy = on)
    }

    /// Sends `X-Quota-Remaining-Requests` and `-Tokens`; off by default.
    pub fn remaining_fields(self, on: bool) -> Self {
        self.with(|options| options.fields.remaining = on)
    }

    /// The layer.
    #[must_use]
    pub fn build(self) -> TenantLayer
    where
        R: Given<dyn TenantResolver>,
        C: Given<dyn ConfigManager>,
    {
        self.options.build(self.resolver.given(), self.configs.given())
    }
}

impl Options {
    fn build(mut self, resolver: Arc<dyn TenantResolver>, configs: Arc<dyn ConfigManager>) -> TenantLayer {
        let clock = self.clock.take().unwrap_or_else(|| Arc::new(SystemClock::new()));
        let mut resolve = ResolveStage::new(resolver, configs, Arc::clone(&clock));
        resolve.allows_missing = self.allows_missing;
        resolve.session_clock = self.session_clock.take();
        resolve.enrolment_paths = std::mem::take(&mut self.enrolment_paths).into();
        let policy = self.policy();
        let quota = self.quota(clock);
        let policies = Policies::of(Arc::clone(&policy.evaluator), self.hooks.clone());
        let meter = Meter::of(Arc::clone(&quota.quotas), self.hooks.clone());
        let edge =
            Edge { resolve: Some(resolve), policy: Some(policy), quota: Some(quota), hooks: self.hooks };
        TenantLayer::new(edge, policies, meter)
    }

    fn policy(&mut self) -> PolicyStage {
        let evaluator = self.policies.take();
        let mut stage = PolicyStage::new(evaluator.unwrap_or_else(|| Arc::new(ConfigPolicyEvaluator::new())));
        if let Some(header) = self.model_header.take() {
            stage.model.header = header;
        }
        if let Some(header) = self.tool_header.take() {
            stage.tool.header = header;
        }
        stage.model.is_required = self.requires_model;
        stage.tool.is_required = self.requires_tool;
        stage
    }

    fn quota(&mut self, clock: Arc<dyn Clock>) -> QuotaStage {
        let own = || Arc::new(InMemoryQuotaManager::with_clock(clock).with_hooks(self.hooks.clone()));
        let mut stage = QuotaStage::new(self.quotas.take().unwrap_or_else(|| own()));
        if let Some(header) = self.token_header.take() {
            stage.costs.tokens = header;
        }
        stage.costs.more = self.costs.take();
        stage.fields = self.fields;
        stage
    }
}

impl<R, C> fmt::Debug for TenantLayerBuilder<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantLayerBuilder").field("fields", &self.options.fields).finish_non_exhaustive()
    }
}
