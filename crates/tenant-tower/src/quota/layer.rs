use std::sync::Arc;

use http::HeaderName;
use tenant_core::{Hooks, QuotaManager, quota::Cost};
use tower_layer::Layer;

use super::QuotaStage;
use crate::{Rejection, RequestHead, TenantService, edge::Edge};

/// Counts requests against the limits of the tenant that a layer further out has entered.
///
/// A request costs 1 in the dimension `requests` and what `X-Token-Count` announces in `tokens`. Without a layer that
/// resolves, every request is rejected with a 500; where that layer lets requests without a tenant through, so does this
/// one, uncounted. Where the inner service answers with a policy's or a limit's denial, the charge is
/// refunded.
#[derive(Clone, Debug)]
pub struct QuotaLayer {
    stage: QuotaStage,
    hooks: Hooks,
}

impl QuotaLayer {
    /// Counts in `quotas`.
    #[must_use]
    pub fn new(quotas: impl QuotaManager + 'static) -> Self {
        Self { stage: QuotaStage::new(Arc::new(quotas)), hooks: Hooks::default() }
    }

    /// Takes the tokens from the header `name`.
    #[must_use]
    pub fn token_header(mut self, name: HeaderName) -> Self {
        self.stage.costs.tokens = name;
        self
    }

    /// What each request costs in the dimension `requests`; 1 unless given. A layer further in, on some routes only, takes
    /// 0 for what another one has counted.
    #[must_use]
    pub const fn request_cost(mut self, amount: u64) -> Self {
        self.stage.costs.requests = amount;
        self
    }

    /// What a request costs beyond requests and tokens, as its head tells: executions, for instance. A cost under a
    /// concurrency limit is held until the response's body has ended.
    #[must_use]
    pub fn costs(
        mut self,
        costs: impl Fn(&RequestHead<'_>) -> Result<Vec<Cost>, Rejection> + Send + Sync + 'static,
    ) -> Self {
        self.stage.costs.more = Some(Arc::new(costs));
        self
    }

    /// Sends `RateLimit-Policy` and `RateLimit`; on by default.
    #[must_use]
    pub const fn rate_limit_fields(mut self, on: bool) -> Self {
        self.stage.fields.standard = on;
        self
    }

    /// Sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` (in seconds from now); off by default.
    #[must_use]
    pub const fn legacy_fields(mut self, on: bool) -> Self {
        self.stage.fields.legacy = on;
        self
    }

    /// Sends `X-Quota-Remaining-Requests` and `-Tokens`; off by default.
    #[must_use]
    pub const fn remaining_fields(mut self, on: bool) -> Self {
        self.stage.fields.remaining = on;
        self
    }

    /// Tells `hooks` what is decided.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }
}

impl<S> Layer<S> for QuotaLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let edge = Edge { quota: Some(self.stage.clone()), hooks: self.hooks.clone(), ..Edge::default() };
        TenantService::new(inner, Arc::new(edge))
    }
}
