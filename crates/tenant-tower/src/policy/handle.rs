use std::{fmt, sync::Arc};

use tenant_core::{Hooks, PolicyEvaluator, TenantContext, hooks::PolicyEvent, policy::PolicyRequest};

use crate::Rejection;

/// Evaluates policies on what only the handler knows: a model that is named in the body, for instance.
///
/// A denial comes back as a rejection. Where the handler answers with it, the layer that charged the request sees it in
/// the response's extensions and refunds the charge, as if the denial had come before the quota.
///
/// # Example
/// ```
/// # use tenant_core::{ConfigPolicyEvaluator, InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use tenant_core::policy::PolicyRequest;
/// use tenant_tower::Policies;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let config = TenantConfig::builder(id).allowed_models(["small"]).build()?;
/// # let tenant = TenantContext::of(&InMemoryConfigManager::with([config])?, &id).await?;
/// let policies = Policies::new(ConfigPolicyEvaluator::new());
/// let request = PolicyRequest::new("POST", "/api/chat").with_model(Some("large"));
/// let rejection = policies.check(&tenant, &request).await.unwrap_err();
/// assert_eq!(rejection.code(), "policy_denied");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Policies {
    evaluator: Arc<dyn PolicyEvaluator>,
    hooks: Hooks,
}

impl Policies {
    /// Asks `evaluator`; [`TenantLayer::policies`](crate::TenantLayer::policies) gives the one of a layer.
    #[must_use]
    pub fn new(evaluator: impl PolicyEvaluator + 'static) -> Self {
        Self::of(Arc::new(evaluator), Hooks::default())
    }

    pub(crate) const fn of(evaluator: Arc<dyn PolicyEvaluator>, hooks: Hooks) -> Self {
        Self { evaluator, hooks }
    }

    /// Holds `request` against the tenant's policy.
    ///
    /// # Errors
    /// The policy denies, or can't be read.
    pub async fn check(&self, tenant: &TenantContext, request: &PolicyRequest<'_>) -> Result<(), Rejection> {
        let decision = match self.evaluator.try_evaluate(tenant, request) {
            Some(decision) => decision,
            None => {
                let decision = self.evaluator.evaluate(tenant, request).await;
                decision.map_err(Rejection::store_unavailable)?
            }
        };
        self.hooks.on_policy(&PolicyEvent::new(tenant, request, &decision));
        Rejection::of_policy(&decision).map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Policies")
    }
}
