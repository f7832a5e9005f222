use std::sync::Arc;

use async_trait::async_trait;

use super::{PolicyDecision, PolicyRequest};
use crate::{StoreError, TenantContext};

/// Decides whether a tenant may do what a request asks for.
///
/// # Example
/// ```
/// use tenant_core::{PolicyEvaluator, StoreError, TenantContext, async_trait};
/// use tenant_core::policy::{PolicyDecision, PolicyRequest};
///
/// struct ReadOnly;
///
/// #[async_trait]
/// impl PolicyEvaluator for ReadOnly {
///     async fn evaluate(&self, _: &TenantContext, request: &PolicyRequest<'_>) -> Result<PolicyDecision, StoreError> {
///         Ok(if request.method == "GET" { PolicyDecision::Allow } else { PolicyDecision::deny("read only") })
///     }
/// }
/// ```
#[async_trait]
pub trait PolicyEvaluator: Send + Sync {
    /// Decides from memory; `None` if it takes [`PolicyEvaluator::evaluate`]. This is the hot path.
    fn try_evaluate(&self, tenant: &TenantContext, request: &PolicyRequest<'_>) -> Option<PolicyDecision> {
        let _ = (tenant, request);
        None
    }

    /// Decides.
    ///
    /// # Errors
    /// The policy can't be read. That is neither allow nor deny; the edge answers 503.
    async fn evaluate(
        &self,
        tenant: &TenantContext,
        request: &PolicyRequest<'_>,
    ) -> Result<PolicyDecision, StoreError>;
}

#[async_trait]
impl<P: PolicyEvaluator + ?Sized> PolicyEvaluator for Arc<P> {
    fn try_evaluate(&self, tenant: &TenantContext, request: &PolicyRequest<'_>) -> Option<PolicyDecision> {
        (**self).try_evaluate(tenant, request)
    }

    async fn evaluate(
        &self,
        tenant: &TenantContext,
        request: &PolicyRequest<'_>,
    ) -> Result<PolicyDecision, StoreError> {
        (**self).evaluate(tenant, request).await
    }
}
