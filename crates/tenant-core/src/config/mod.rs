//! What is known of a tenant: its status, quota, policy, hosts and settings.

mod boost;
mod limit;
mod next_plan;
mod placement;
mod policy;
mod quota;
mod status;
mod validate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use boost::Boost;
pub(crate) use limit::is_limit_name;
pub use limit::{
    Algorithm, Amount, Dimension, FailurePolicy, InvalidLimit, LimitKind, LimitSetting, NamedLimit, Window,
};
pub use next_plan::NextPlan;
pub use placement::{InvalidPlaceName, PlaceName, Placement};
pub use policy::PolicyConfig;
pub use quota::QuotaConfig;
pub use status::TenantStatus;
pub use validate::InvalidConfig;
pub(crate) use validate::{MAX_COUNT, base_of, check_limits, check_shorthands, is_host};

use crate::{
    TenantId, Timestamp,
    settings::{self, InvalidSetting},
};

/// Everything that is configured for one tenant.
///
/// It is data: holding one proves nothing and opens nothing. What opens doors is a
/// [`TenantContext`](crate::TenantContext), which only a lookup of an *active* tenant's config mints.
///
/// # Example
/// ```
/// use tenant_core::{TenantConfig, TenantId};
///
/// let config = TenantConfig::builder(TenantId::parse("acme-corp")?)
///     .name("Acme Corporation")
///     .requests_per_minute(100)
///     .allowed_models(["gpt-4"])
///     .build()?;
/// assert!(config.status.is_active());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TenantConfig {
    /// Who it is.
    pub tenant_id: TenantId,
    /// The name shown to people; the id unless given.
    pub name: String,
    /// Whether the tenant is served.
    #[serde(default)]
    pub status: TenantStatus,
    /// The plan it is on; none unless given.
    #[serde(default)]
    pub plan: Option<String>,
    /// The two limits every tenant has.
    #[serde(default)]
    pub quota: QuotaConfig,
    /// What it may ask for.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// The host names that lead to this tenant, in lower case; a host belongs to one tenant. `*.base` is every host one
    /// label below `base`: no other tenant has one there.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Features that are switched on or off for it.
    #[serde(default)]
    pub features: BTreeMap<String, bool>,
    /// How its pages look; free for the application to define.
    #[serde(default)]
    pub branding: Map<String, Value>,
    /// Settings by name: those that [the framework acts upon](crate::settings), and the application's own.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Limits beyond the two shorthands, by name; over the plan's of the same name.
    #[serde(default)]
    pub limits: BTreeMap<String, LimitSetting>,
    /// Whatever the operator wants to keep with it; the framework never reads it.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// The value that stands for the tenant in tables keyed by a uuid or an integer; the id itself unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_key: Option<DatabaseKey>,
    /// Where its rows live; in the tables of all unless given.
    #[serde(default, skip_serializing_if = "Placement::is_shared")]
    pub placement: Placement,
    /// Whether its rows are on their way to another place: where they are is then asked for each statement. Set by who
    /// moves them, and by nobody else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_moving: bool,
    /// When the trial of its plan ends; it tries none unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_ends_at: Option<Timestamp>,
    /// Which plan it goes to, and when; it stays where it is unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_plan: Option<NextPlan>,
    /// More of some limits for a while, over the plan's and its own; none unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boosts: Vec<Boost>,
    /// Counts the changes: a write that was read from an older revision is refused.
    #[serde(default)]
    pub revision: u64,
    /// When it was created.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[serde(default)]
    pub updated_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How a tenant is named inside the database where that is not by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DatabaseKey {
    /// A 64-bit integer.
    Integer(i64),
    /// The 128 bits of a uuid.
    Uuid(u128),
}

impl TenantConfig {
    /// The longest name, in bytes.
    pub const MAX_NAME_LEN: usize = 200;

    /// Starts a config with every limit off, every model and tool allowed, and the tenant active.
    pub fn builder(tenant_id: TenantId) -> TenantConfigBuilder {
        TenantConfigBuilder { config: Self::plain(tenant_id) }
    }

    /// Whether a feature is switched on; one that was never mentioned is off.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.get(name).copied().unwrap_or(false)
    }

    /// A setting, as the type that is asked for; `None` where the tenant has none of this name.
    ///
    /// # Errors
    /// It is of another type.
    ///
    /// # Example
    /// ```
    /// use serde_json::json;
    /// use tenant_core::{TenantConfig, TenantId};
    ///
    /// let acme = TenantConfig::builder(TenantId::parse("acme")?).setting("seats", json!(50)).build()?;
    /// assert_eq!(acme.setting::<u32>("seats")?, Some(50));
    /// assert_eq!(acme.setting::<String>("theme")?, None);
    /// assert!(acme.setting::<String>("seats").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, InvalidSetting> {
        settings::typed(&self.settings, name)
    }

    /// When its plan is to change by itself: when a trial ends, or another plan begins. Never, once it is deleted.
    ///
    /// # Example
    /// ```
    /// use tenant_core::{NextPlan, TenantConfig, TenantId, Timestamp};
    ///
    /// let [soon, later] = [1, 2].map(Timestamp::from_unix_micros);
    /// let acme = TenantConfig::builder(TenantId::parse("acme")?).trial_ends_at(Some(later));
    /// let acme = acme.next_plan(Some(NextPlan::new("starter", soon))).build()?;
    /// assert_eq!(acme.due_at(), Some(soon));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let next = self.next_plan.as_ref().map(|next| next.at);
        let moments = [self.trial_ends_at, next].into_iter().flatten();
        moments.min().filter(|_| self.status != TenantStatus::Deleted)
    }

    /// Checks everything that the types alone don't guarantee. What hangs on the tenant's plan,
    /// [`Plans::limits`](crate::Plans::limits) checks.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the field that is wrong and what it must be.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        validate::validate(self)
    }

    fn plain(tenant_id: TenantId) -> Self {
        Self {
            tenant_id,
            name: tenant_id.as_str().to_owned(),
            status: TenantStatus::Active,
            plan: None,
            quota: QuotaConfig::default(),
            policy: PolicyConfig::default(),
            hosts: Vec::new(),
            features: BTreeMap::new(),
            branding: Map::new(),
            settings: Map::new(),
            trial_ends_at: None,
            next_plan: None,
            boosts: Vec::new(),
            limits: BTreeMap::new(),
            metadata: Map::new(),
            database_key: None,
            placement: Placement::Shared,
            is_moving: false,
            revision: 0,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

/// Builds a [`TenantConfig`].
#[derive(Clone, Debug)]
#[must_use]
pub struct TenantConfigBuilder {
    config: TenantConfig,
}

impl TenantConfigBuilder {
    /// The name shown to people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// Whether the tenant is served; active unless said otherwise.
    pub fn status(mut self, status: TenantStatus) -> Self {
        self.config.status = status;
        self
    }

    /// The plan.
    pub fn plan(mut self, plan: Option<String>) -> Self {
        self.config.plan = plan;
        self
    }

    /// When the trial of the plan ends.
    pub fn trial_ends_at(mut self, end: Option<Timestamp>) -> Self {
        self.config.trial_ends_at = end;
        self
    }

    /// Which plan it goes to, and when.
    pub fn next_plan(mut self, next: Option<NextPlan>) -> Self {
        self.config.next_plan = next;
        self
    }

    /// More of some limits for a while.
    pub fn boosts(mut self, boosts: impl IntoIterator<Item = Boost>) -> Self {
        self.config.boosts = boosts.into_iter().collect();
        self
    }

    /// Both shorthand limits at once.
    pub fn quota(mut self, quota: QuotaConfig) -> Self {
        self.config.quota = quota;
        self
    }

    /// At most so many requests per UTC minute; 0 is unlimited.
    pub fn requests_per_minute(mut self, limit: u64) -> Self {
        self.config.quota.requests_per_minute = Some(limit);
        self
    }

    /// At most so many tokens per UTC minute; 0 is unlimited.
    pub fn tokens_per_minute(mut self, limit: u64) -> Self {
        self.config.quota.tokens_per_minute = Some(limit);
        self
    }

    /// The whole policy at once.
    pub fn policy(mut self, policy: PolicyConfig) -> Self {
        self.config.policy = policy;
        self
    }

    /// The models it may ask for; none given means all.
    pub fn allowed_models<S: Into<String>>(mut self, models: impl IntoIterator<Item = S>) -> Self {
        self.config.policy.allowed_models = models.into_iter().map(Into::into).collect();
        self
    }

    /// The tools it may ask for; none given means all.
    pub fn allowed_tools<S: Into<String>>(mut self, tools: impl IntoIterator<Item = S>) -> Self {
        self.config.policy.allowed_tools = tools.into_iter().map(Into::into).collect();
        self
    }

    /// The hosts that lead here; lower-cased.
    pub fn hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.config.hosts = hosts.into_iter().map(|host| host.into().to_ascii_lowercase()).collect();
        self
    }

    /// Switches a feature on or off.
    pub fn feature(mut self, name: impl Into<String>, on: bool) -> Self {
        self.config.features.insert(name.into(), on);
        self
    }

    /// All features at once.
    pub fn features(mut self, features: BTreeMap<String, bool>) -> Self {
        self.config.features = features;
        self
    }

    /// How its pages look.
    pub fn branding(mut self, branding: Map<String, Value>) -> Self {
        self.config.branding = branding;
        self
    }

    /// One setting.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.config.settings.insert(name.into(), value.into());
        self
    }

    /// All settings at once.
    pub fn settings(mut self, settings: Map<String, Value>) -> Self {
        self.config.settings = settings;
        self
    }

    /// Adds a limit beyond the two shorthands.
    pub fn limit(mut self, name: impl Into<String>, limit: impl Into<LimitSetting>) -> Self {
        self.config.limits.insert(name.into(), limit.into());
        self
    }

    /// All named limits at once.
    pub fn limits(mut self, limits: BTreeMap<String, LimitSetting>) -> Self {
        self.config.limits = limits;
        self
    }

    /// What the operator wants to keep with it.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.config.metadata = metadata;
        self
    }

    /// How the tenant is named in tables keyed by an integer or a uuid.
    pub fn database_key(mut self, key: DatabaseKey) -> Self {
        self.config.database_key = Some(key);
        self
    }

    /// Where its rows live.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.config.placement = placement;
        self
    }

    /// The revision it was read at.
    pub fn revision(mut self, revision: u64) -> Self {
        self.config.revision = revision;
        self
    }

    /// When it was created and changed last; stores fill this in.
    pub fn timestamps(mut self, created_at: Timestamp, updated_at: Timestamp) -> Self {
        self.config.created_at = created_at;
        self.config.updated_at = updated_at;
        self
    }

    /// The config, checked.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the field that is wrong.
    pub fn build(self) -> Result<TenantConfig, InvalidConfig> {
        self.config.validate()?;
        Ok(self.config)
    }
}

#[cfg(test)]
mod tests;
