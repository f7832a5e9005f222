use async_trait::async_trait;

use super::{PolicyDecision, PolicyEvaluator, PolicyRequest};
use crate::{PolicyConfig, StoreError, TenantContext};

/// Holds requests against the policy in the tenant's config.
///
/// Models, tools and methods are compared byte for byte; a path allows itself and what lies below it. An empty list
/// allows everything. A declared feature must be switched on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfigPolicyEvaluator(());

impl ConfigPolicyEvaluator {
    /// The evaluator.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

#[async_trait]
impl PolicyEvaluator for ConfigPolicyEvaluator {
    fn try_evaluate(&self, tenant: &TenantContext, request: &PolicyRequest<'_>) -> Option<PolicyDecision> {
        Some(decide(tenant, request))
    }

    async fn evaluate(
        &self,
        tenant: &TenantContext,
        request: &PolicyRequest<'_>,
    ) -> Result<PolicyDecision, StoreError> {
        Ok(decide(tenant, request))
    }
}

fn decide(tenant: &TenantContext, request: &PolicyRequest<'_>) -> PolicyDecision {
    let config = tenant.config();
    let PolicyConfig { allowed_models, allowed_tools, allowed_methods, allowed_paths } = &config.policy;
    if !allows(allowed_methods, Some(request.method)) {
        return PolicyDecision::deny("the method is not allowed for this tenant");
    }
    if !(allowed_paths.is_empty() || allowed_paths.iter().any(|allowed| is_below(request.path, allowed))) {
        return PolicyDecision::deny("the path is not allowed for this tenant");
    }
    if !allows(allowed_models, request.model) {
        return PolicyDecision::deny("the model is not allowed for this tenant");
    }
    if !allows(allowed_tools, request.tool) {
        return PolicyDecision::deny("the tool is not allowed for this tenant");
    }
    if request.feature.is_some_and(|feature| !config.has_feature(feature)) {
        return PolicyDecision::deny("the feature is not switched on for this tenant");
    }
    PolicyDecision::Allow
}

fn allows(list: &[String], asked: Option<&str>) -> bool {
    list.is_empty() || asked.is_none_or(|asked| list.iter().any(|allowed| allowed == asked))
}

// Percent-encoding and dot segments could name a path below another one; what isn't plain isn't below anything.
fn is_below(path: &str, allowed: &str) -> bool {
    let plain = !path.contains('%') && !path.split('/').any(|segment| matches!(segment, "." | ".."));
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/') || allowed.ends_with('/');
    plain && path.strip_prefix(allowed).is_some_and(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InMemoryConfigManager, TenantConfig, TenantId};

    async fn decide_for(policy: PolicyConfig, request: PolicyRequest<'_>) -> bool {
        let id = TenantId::parse("acme").unwrap();
        let config = TenantConfig::builder(id).policy(policy).feature("beta", true).build().unwrap();
        let configs = InMemoryConfigManager::with([config]).unwrap();
        let tenant = TenantContext::of(&configs, &id).await.unwrap();
        ConfigPolicyEvaluator::new().evaluate(&tenant, &request).await.unwrap().is_allowed()
    }

    #[tokio::test]
    async fn an_empty_policy_allows_everything() {
        let request = PolicyRequest::new("POST", "/x").with_model(Some("any")).with_tool(Some("any"));
        assert!(decide_for(PolicyConfig::default(), request).await);
    }

    #[tokio::test]
    async fn models_and_tools_are_compared_byte_for_byte() {
        let policy = PolicyConfig {
            allowed_models: vec!["gpt-4".into()],
            allowed_tools: vec!["search".into()],
            ..PolicyConfig::default()
        };
        let request = PolicyRequest::new("POST", "/");
        assert!(
            decide_for(policy.clone(), request.with_model(Some("gpt-4")).with_tool(Some("search"))).await
        );
        assert!(decide_for(policy.clone(), request).await);
        assert!(!decide_for(policy.clone(), request.with_model(Some("GPT-4"))).await);
        assert!(!decide_for(policy, request.with_tool(Some("search "))).await);
    }

    #[tokio::test]
    async fn a_path_allows_itself_and_what_lies_below() {
        let policy = PolicyConfig { allowed_paths: vec!["/api/users".into()], ..PolicyConfig::default() };
        for (path, allowed) in [
            ("/api/users", true),
            ("/api/users/7", true),
            ("/api/usersecrets", false),
            ("/api/users/../secrets", false),
            ("/api/users/%2e%2e/secrets", false),
            ("/", false),
        ] {
            assert_eq!(decide_for(policy.clone(), PolicyRequest::new("GET", path)).await, allowed, "{path}");
        }
    }

    #[tokio::test]
    async fn a_feature_nobody_mentioned_is_off() {
        let request = PolicyRequest::new("GET", "/");
        assert!(decide_for(PolicyConfig::default(), request.with_feature(Some("beta"))).await);
        assert!(!decide_for(PolicyConfig::default(), request.with_feature(Some("other"))).await);
    }
}
