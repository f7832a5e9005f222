//! What a tenant looks like in requests and answers of the admin API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenant::{
    Boost, InvalidConfig, LimitSetting, NextPlan, Plans, PolicyConfig, QuotaConfig, Rejection, TenantConfig,
    TenantId, TenantStatus, Timestamp,
};
use utoipa::ToSchema;

use crate::{docs::schemas, http::Named, state::settings_schema};

/// The body of `POST /admin/tenants` and `PUT /admin/tenants/{id}`: flat, or with nested `quota` and `policy`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantBody {
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: Option<String>,
    /// The id unless given.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    name: Option<String>,
    #[schema(pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    plan: Option<String>,
    #[schema(schema_with = schemas::quota_or_null)]
    quota: Option<Named<QuotaConfig>>,
    /// 0 is unlimited.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_u64)]
    quota_requests_per_minute: Option<u64>,
    /// 0 is unlimited.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_u64)]
    quota_tokens_per_minute: Option<u64>,
    #[schema(schema_with = schemas::policy_or_null)]
    policy: Option<Named<PolicyConfig>>,
    #[schema(schema_with = schemas::names_or_null)]
    allowed_models: Option<Vec<String>>,
    #[schema(schema_with = schemas::names_or_null)]
    allowed_tools: Option<Vec<String>>,
    #[schema(schema_with = schemas::hosts_or_null)]
    hosts: Option<Vec<String>>,
    features: Option<BTreeMap<String, bool>>,
    #[schema(schema_with = schemas::object_or_null)]
    branding: Option<Map<String, Value>>,
    #[schema(schema_with = schemas::limits_or_null)]
    limits: Option<BTreeMap<String, LimitSetting>>,
    #[schema(schema_with = schemas::settings_or_null)]
    settings: Option<Map<String, Value>>,
    #[schema(schema_with = schemas::object_or_null)]
    metadata: Option<Map<String, Value>>,
}

impl TenantBody {
    /// The id that is to be created.
    pub(super) fn new_id(&self) -> Result<TenantId, Rejection> {
        let missing = || Rejection::invalid_request("tenant_id is required").with_field("tenant_id");
        new_id(self.tenant_id.as_deref().ok_or_else(missing)?)
    }

    /// Checks that the body, where it names a tenant, names the one in the path.
    pub(super) fn agree_with(&self, id: &TenantId) -> Result<(), Rejection> {
        match self.tenant_id.as_deref() {
            Some(named) if named != id.as_str() => {
                Err(Rejection::invalid_request("tenant_id is not the one in the path")
                    .with_field("tenant_id"))
            }
            _ => Ok(()),
        }
    }

    /// The config that the body describes in full: what it does not name has its default.
    pub(super) fn into_config(self, id: TenantId, plans: &Plans) -> Result<TenantConfig, Rejection> {
        let quota = self.quota()?;
        let policy = self.policy()?;
        let name = self.name.unwrap_or_else(|| id.as_str().to_owned());
        let builder = TenantConfig::builder(id)
            .name(name)
            .plan(self.plan)
            .quota(quota)
            .policy(policy)
            .hosts(self.hosts.unwrap_or_default())
            .features(self.features.unwrap_or_default())
            .branding(self.branding.unwrap_or_default())
            .limits(self.limits.unwrap_or_default())
            .settings(self.settings.unwrap_or_default())
            .metadata(self.metadata.unwrap_or_default());
        let config = builder.build().map_err(|error| invalid(&error))?;
        plans.limits(&config).map_err(|error| invalid(&error))?;
        settings_schema().check(&config.settings).map_err(|error| invalid(&error))?;
        Ok(config)
    }

    fn quota(&self) -> Result<QuotaConfig, Rejection> {
        let flat = QuotaConfig {
            requests_per_minute: self.quota_requests_per_minute,
            tokens_per_minute: self.quota_tokens_per_minute,
        };
        match &self.quota {
            Some(_) if flat != QuotaConfig::default() => Err(twice("quota")),
            Some(Named(nested)) => Ok(*nested),
            None => Ok(flat),
        }
    }

    fn policy(&self) -> Result<PolicyConfig, Rejection> {
        let is_flat = self.allowed_models.is_some() || self.allowed_tools.is_some();
        match &self.policy {
            Some(_) if is_flat => Err(twice("policy")),
            Some(Named(nested)) => Ok(nested.clone()),
            None => Ok(PolicyConfig {
                allowed_models: self.allowed_models.clone().unwrap_or_default(),
                allowed_tools: self.allowed_tools.clone().unwrap_or_default(),
                ..PolicyConfig::default()
            }),
        }
    }
}

/// An id that a tenant may be made under.
pub(super) fn new_id(text: &str) -> Result<TenantId, Rejection> {
    // There is a route of this name where a tenant's id stands.
    if text == "import" {
        return Err(Rejection::invalid_request("tenant_id is reserved").with_field("tenant_id"));
    }
    TenantId::parse(text)
        .map_err(|error| Rejection::invalid_request(error.to_string()).with_field("tenant_id"))
}

fn twice(field: &'static str) -> Rejection {
    Rejection::invalid_request(format!("{field} is given twice, flat and nested")).with_field(field)
}

pub(crate) fn invalid(error: &InvalidConfig) -> Rejection {
    Rejection::invalid_request(error.to_string()).with_field(error.field().to_owned())
}

/// The body of `PUT /admin/tenants/{id}/quota`: it replaces all three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaBody {
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_u64)]
    pub(super) requests_per_minute: Option<u64>,
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_u64)]
    pub(super) tokens_per_minute: Option<u64>,
    #[serde(default)]
    #[schema(schema_with = schemas::limits)]
    pub(super) limits: BTreeMap<String, LimitSetting>,
}

/// A tenant in answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantView<'a> {
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: &'a TenantId,
    name: &'a str,
    #[schema(schema_with = schemas::status)]
    status: TenantStatus,
    plan: Option<&'a str>,
    #[schema(schema_with = schemas::quota)]
    quota: QuotaConfig,
    #[schema(schema_with = schemas::object)]
    policy: &'a PolicyConfig,
    #[schema(value_type = Vec<String>)]
    hosts: &'a [String],
    #[schema(value_type = BTreeMap<String, bool>)]
    features: &'a BTreeMap<String, bool>,
    #[schema(schema_with = schemas::object)]
    branding: &'a Map<String, Value>,
    #[schema(schema_with = schemas::object)]
    limits: &'a BTreeMap<String, LimitSetting>,
    /// Left out where there are none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(schema_with = schemas::object, required = false)]
    settings: &'a Map<String, Value>,
    #[schema(schema_with = schemas::object)]
    metadata: &'a Map<String, Value>,
    /// Left out where it tries no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::moment, required = false)]
    trial_ends_at: Option<Timestamp>,
    /// Left out where it stays on its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::object, required = false)]
    next_plan: Option<&'a NextPlan>,
    /// Left out where there are none. Those that have ended are there until another one is given.
    #[serde(skip_serializing_if = "<[Boost]>::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    boosts: &'a [Boost],
    #[schema(schema_with = schemas::moment)]
    created_at: Timestamp,
    #[schema(schema_with = schemas::moment)]
    updated_at: Timestamp,
}

impl<'a> From<&'a TenantConfig> for TenantView<'a> {
    fn from(config: &'a TenantConfig) -> Self {
        Self {
            tenant_id: &config.tenant_id,
            name: &config.name,
            status: config.status,
            plan: config.plan.as_deref(),
            quota: config.quota,
            policy: &config.policy,
            hosts: &config.hosts,
            features: &config.features,
            branding: &config.branding,
            limits: &config.limits,
            settings: &config.settings,
            metadata: &config.metadata,
            trial_ends_at: config.trial_ends_at,
            next_plan: config.next_plan.as_ref(),
            boosts: &config.boosts,
            created_at: config.created_at,
            updated_at: config.updated_at,
        }
    }
}
