use std::sync::Arc;

use http::HeaderName;
use tenant_core::{Hooks, PolicyEvaluator};
use tower_layer::Layer;

use super::PolicyStage;
use crate::{TenantService, edge::Edge};

/// Holds requests against the policy of the tenant that a layer further out has entered.
///
/// Without such a layer every request is rejected with a 500; where that layer lets requests without a tenant through,
/// so does this one. Model and tool come from `X-Model` and `X-Tool`; one that comes twice, is empty or is not visible
/// ASCII is a 400.
#[derive(Clone, Debug)]
pub struct PolicyLayer {
    stage: PolicyStage,
    hooks: Hooks,
}

impl PolicyLayer {
    /// Asks `evaluator`.
    #[must_use]
    pub fn new(evaluator: impl PolicyEvaluator + 'static) -> Self {
        Self { stage: PolicyStage::new(Arc::new(evaluator)), hooks: Hooks::default() }
    }

    /// Takes the model from the header `name`.
    #[must_use]
    pub fn model_header(mut self, name: HeaderName) -> Self {
        self.stage.model.header = name;
        self
    }

    /// Takes the tool from the header `name`.
    #[must_use]
    pub fn tool_header(mut self, name: HeaderName) -> Self {
        self.stage.tool.header = name;
        self
    }

    /// Rejects requests that declare no model with a 400.
    #[must_use]
    pub const fn require_model(mut self) -> Self {
        self.stage.model.is_required = true;
        self
    }

    /// Rejects requests that declare no tool with a 400.
    #[must_use]
    pub const fn require_tool(mut self) -> Self {
        self.stage.tool.is_required = true;
        self
    }

    /// Tells `hooks` what is decided.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let edge = Edge { policy: Some(self.stage.clone()), hooks: self.hooks.clone(), ..Edge::default() };
        TenantService::new(inner, Arc::new(edge))
    }
}
