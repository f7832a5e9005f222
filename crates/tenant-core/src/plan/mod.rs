//! What the tenants of a plan may use, and how a tenant's own limits stand over it.

mod merge;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    InvalidConfig, LimitKind, LimitSetting, NamedLimit, QuotaConfig, StoreError, StoreErrorKind,
    TenantConfig,
    config::{check_limits, check_shorthands, is_limit_name},
    quota::Limits,
};

/// The limits of a plan: what a tenant on it gets wherever its own config says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The two limits every tenant has; absent or 0 is unlimited.
    #[serde(default)]
    pub quota: QuotaConfig,
    /// The limits beyond them, by name.
    #[serde(default)]
    pub limits: BTreeMap<String, LimitSetting>,
}

impl Plan {
    /// A plan that limits nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The two limits every tenant has.
    #[must_use]
    pub const fn quota(mut self, quota: QuotaConfig) -> Self {
        self.quota = quota;
        self
    }

    /// Adds a limit.
    #[must_use]
    pub fn limit(mut self, name: impl Into<String>, limit: impl Into<LimitSetting>) -> Self {
        self.limits.insert(name.into(), limit.into());
        self
    }

    fn check(&self) -> Result<(), InvalidConfig> {
        check_shorthands(self.quota)?;
        check_limits(&self.limits, |name| NamedLimit::well_known(name).map(|known| known.kind), false)
    }

    /// What kind of limit a name stands for on this plan.
    fn kind_of(&self, name: &str) -> Option<LimitKind> {
        match self.limits.get(name) {
            Some(LimitSetting::Full(limit)) => Some(limit.kind),
            Some(LimitSetting::Amount(_)) | None => NamedLimit::well_known(name).map(|known| known.kind),
        }
    }
}

/// All plans, by name; cheap to clone.
///
/// Here, and nowhere else, a tenant's limits are merged from its plan's and its own, as its config is loaded: the
/// tenant's stand over the plan's, one by one and by name. A tenant without a plan has no plan's limits.
///
/// # Example
/// ```
/// use tenant_core::{Amount, Plan, Plans, TenantConfig, TenantId};
///
/// let plans = Plans::new([("pro", Plan::new().limit("workflows", 50).limit("executions_per_day", 5_000))])?;
/// let config = TenantConfig::builder(TenantId::parse("acme")?)
///     .plan(Some("pro".into()))
///     .limit("workflows", 60)
///     .limit("executions_per_day", Amount::Unlimited)
///     .build()?;
/// let limits = plans.limits(&config)?;
/// assert_eq!(limits.stock("workflows").map(|limit| limit.limit), Some(60));
/// assert_eq!(limits.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans(Arc<BTreeMap<String, Plan>>);

/// A plan that makes no sense: which one, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan {plan}: {problem}")]
pub struct InvalidPlan {
    plan: String,
    problem: InvalidConfig,
}

impl InvalidPlan {
    /// The plan's name.
    #[must_use]
    pub fn plan(&self) -> &str {
        &self.plan
    }

    /// The field that is wrong, as it is named on the wire.
    #[must_use]
    pub fn field(&self) -> &str {
        self.problem.field()
    }
}

impl Plans {
    /// These plans; of two with one name the later.
    ///
    /// # Errors
    /// A name is not 1 to 64 of `[A-Za-z0-9_.-]`, or a limit makes no sense.
    pub fn new<S: Into<String>>(plans: impl IntoIterator<Item = (S, Plan)>) -> Result<Self, InvalidPlan> {
        let plans: BTreeMap<String, Plan> =
            plans.into_iter().map(|(name, plan)| (name.into(), plan)).collect();
        for (name, plan) in &plans {
            let named = if is_limit_name(name) {
                Ok(())
            } else {
                Err(InvalidConfig::new("name", "must be 1 to 64 of [A-Za-z0-9_.-]"))
            };
            named
                .and_then(|()| plan.check())
                .map_err(|problem| InvalidPlan { plan: name.clone(), problem })?;
        }
        Ok(Self(Arc::new(plans)))
    }

    /// The plan of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Plan> {
        self.0.get(name)
    }

    /// Whether there are none: then any name of a plan is taken, and stands for no limits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The limits of a tenant: its own over its plan's.
    ///
    /// # Errors
    /// There are plans, and the tenant's is not among them; a limit is an amount alone that neither its name nor the
    /// plan tells more of; or it is of another kind than the plan's.
    pub fn limits(&self, config: &TenantConfig) -> Result<Limits, InvalidConfig> {
        let plan = self.plan_of(config)?;
        let base = |name: &str| match plan {
            Some(plan) => plan.kind_of(name),
            None => NamedLimit::well_known(name).map(|known| known.kind),
        };
        check_limits(&config.limits, base, false)?;
        Ok(Limits::new(merge::merge(config, plan)))
    }

    /// As [`Plans::limits`], for a config manager. Of a tenant that is not served nothing is counted: so that one whose
    /// plan is gone can still be suspended and deleted, but not activated. One that knows no plans (a store behind a cache
    /// that does) takes the config by itself.
    pub(crate) fn merged(&self, config: &TenantConfig) -> Result<Limits, StoreError> {
        if self.is_empty() {
            return Ok(Limits::of(config));
        }
        match self.limits(config) {
            Err(_) if !config.status.is_active() => Ok(Limits::default()),
            limits => limits.map_err(|error| StoreError::new(StoreErrorKind::Invalid, error.to_string())),
        }
    }

    fn plan_of(&self, config: &TenantConfig) -> Result<Option<&Plan>, InvalidConfig> {
        match config.plan.as_deref() {
            Some(name) if !self.is_empty() => {
                let unknown = || InvalidConfig::new("plan", "must be one of the plans there are");
                self.get(name).map(Some).ok_or_else(unknown)
            }
            Some(_) | None => Ok(None),
        }
    }
}

impl Limits {
    /// The limits that a config amounts to by itself, without those of its plan: see [`Plans::limits`].
    ///
    /// An amount alone whose name nobody knows limits a stock.
    #[must_use]
    pub fn of(config: &TenantConfig) -> Self {
        Self::new(merge::merge(config, None))
    }
}

#[cfg(test)]
mod tests;
