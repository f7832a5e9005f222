//! The rules of a config that its types alone don't guarantee.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    Algorithm, Amount, LimitKind, LimitSetting, NamedLimit, QuotaConfig, TenantConfig, boost,
    limit::is_limit_name,
};
use crate::settings::{self, InvalidSetting};

/// A config that can't be accepted: which field, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidConfig {
    field: Cow<'static, str>,
    problem: &'static str,
}

impl InvalidConfig {
    /// The field that is wrong, as it is named on the wire.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    pub(crate) fn new(field: impl Into<Cow<'static, str>>, problem: &'static str) -> Self {
        Self { field: field.into(), problem }
    }

    /// The same of a field that is a part of another.
    pub(crate) fn within(self, field: &str) -> Self {
        Self::new(format!("{field}.{}", self.field), self.problem)
    }
}

impl From<InvalidSetting> for InvalidConfig {
    fn from(error: InvalidSetting) -> Self {
        Self::new(error.field(), error.problem())
    }
}

// Counts ride in JSON numbers; beyond 2^53 not every integer has one (RFC 8259, section 6).
pub(crate) const MAX_COUNT: u64 = 1 << 53;
const MAX_LIST: usize = 1_000;
const MAX_ITEM_LEN: usize = 200;
const SHORTHANDS: [&str; 4] = ["requests_per_minute", "tokens_per_minute", "rpm", "tpm"];

pub(super) fn validate(config: &TenantConfig) -> Result<(), InvalidConfig> {
    name(config)?;
    plan(config)?;
    check_shorthands(config.quota)?;
    names("policy.allowed_models", &config.policy.allowed_models)?;
    names("policy.allowed_tools", &config.policy.allowed_tools)?;
    names("policy.allowed_methods", &config.policy.allowed_methods)?;
    names("policy.allowed_paths", &config.policy.allowed_paths)?;
    paths(&config.policy.allowed_paths)?;
    hosts(&config.hosts)?;
    settings::check(&config.settings)?;
    boost::validate(&config.boosts)?;
    next_plan(config)?;
    limits(config)
}

fn name(config: &TenantConfig) -> Result<(), InvalidConfig> {
    let fits = (1..=TenantConfig::MAX_NAME_LEN).contains(&config.name.len());
    if fits && !config.name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(InvalidConfig::new("name", "must be 1 to 200 bytes without control characters"))
}

fn plan(config: &TenantConfig) -> Result<(), InvalidConfig> {
    match &config.plan {
        Some(plan) if !is_limit_name(plan) => {
            Err(InvalidConfig::new("plan", "must be 1 to 64 of [A-Za-z0-9_.-]"))
        }
        _ => Ok(()),
    }
}

fn next_plan(config: &TenantConfig) -> Result<(), InvalidConfig> {
    match &config.next_plan {
        Some(next) if !is_limit_name(&next.plan) => {
            Err(InvalidConfig::new("next_plan.plan", "must be 1 to 64 of [A-Za-z0-9_.-]"))
        }
        _ => Ok(()),
    }
}

/// Whether JSON has an integer for it.
pub(super) const fn is_count(count: u64) -> bool {
    count <= MAX_COUNT
}

fn count(field: &'static str, count: Option<u64>) -> Result<(), InvalidConfig> {
    if count.is_some_and(|count| !is_count(count)) {
        return Err(InvalidConfig::new(field, "must be at most 9007199254740992"));
    }
    Ok(())
}

fn names(field: &'static str, names: &[String]) -> Result<(), InvalidConfig> {
    if names.len() > MAX_LIST {
        return Err(InvalidConfig::new(field, "must have at most 1000 entries"));
    }
    let wrong = |name: &String| {
        name.is_empty()
            || name.len() > MAX_ITEM_LEN
            || name.chars().any(char::is_control)
            || name.trim() != name
    };
    if names.iter().any(wrong) {
        return Err(InvalidConfig::new(
            field,
            "must hold texts of 1 to 200 bytes without control characters or outer blanks",
        ));
    }
    Ok(())
}

fn paths(paths: &[String]) -> Result<(), InvalidConfig> {
    if paths.iter().all(|path| path.starts_with('/')) {
        return Ok(());
    }
    Err(InvalidConfig::new("policy.allowed_paths", "must hold paths that start with '/'"))
}

fn hosts(hosts: &[String]) -> Result<(), InvalidConfig> {
    if hosts.len() > MAX_LIST {
        return Err(InvalidConfig::new("hosts", "must have at most 1000 entries"));
    }
    if !hosts
        .iter()
        .all(|host| is_host(host) || base_of(host).is_some_and(|base| is_host(base) && host.len() <= 253))
    {
        return Err(InvalidConfig::new(
            "hosts",
            "must hold host names in lower case, or '*.' and one, without scheme, port or path",
        ));
    }
    let mut sorted: Vec<&String> = hosts.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(InvalidConfig::new("hosts", "must not name a host twice"));
    }
    Ok(())
}

/// What a wildcard stands one label below.
pub(crate) fn base_of(host: &str) -> Option<&str> {
    host.strip_prefix("*.")
}

/// A host name by RFC 1123, section 2.1, in lower case, with at least one letter in its last label: an address
/// is nobody's name.
pub(crate) fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=253).contains(&host.len())
        && host.split('.').all(label)
        && host.rsplit('.').next().is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_lowercase()))
}

pub(crate) fn check_shorthands(quota: QuotaConfig) -> Result<(), InvalidConfig> {
    count("quota.requests_per_minute", quota.requests_per_minute)?;
    count("quota.tokens_per_minute", quota.tokens_per_minute)
}

/// Without the plan at hand: an amount alone may be that of one of the plan's limits.
fn limits(config: &TenantConfig) -> Result<(), InvalidConfig> {
    let has_plan = config.plan.is_some();
    check_limits(&config.limits, |name| NamedLimit::well_known(name).map(|known| known.kind), has_plan)
}

/// Checks named limits against those that their names stand for, so far as `base` knows.
pub(crate) fn check_limits(
    limits: &BTreeMap<String, LimitSetting>,
    base: impl Fn(&str) -> Option<LimitKind>,
    may_be_bare: bool,
) -> Result<(), InvalidConfig> {
    if limits.len() > 64 {
        return Err(InvalidConfig::new("limits", "must have at most 64 entries"));
    }
    for (name, setting) in limits {
        if !is_limit_name(name) {
            return Err(InvalidConfig::new("limits", "must be named by 1 to 64 of [A-Za-z0-9_.-]"));
        }
        let problem = problem_of(name, setting, base(name), may_be_bare);
        if let Some(problem) = problem {
            return Err(InvalidConfig::new(format!("limits.{name}"), problem));
        }
    }
    Ok(())
}

fn problem_of(
    name: &str,
    setting: &LimitSetting,
    base: Option<LimitKind>,
    may_be_bare: bool,
) -> Option<&'static str> {
    if SHORTHANDS.contains(&name) {
        return Some("has a name that belongs to the quota");
    }
    if matches!(setting.amount(), Amount::Limited(limit) if limit > MAX_COUNT) {
        return Some("must be at most 9007199254740992");
    }
    match (setting, base) {
        (LimitSetting::Amount(_), None) if !may_be_bare => Some(
            "must be an object with kind and limit: only workflows, executions_per_day, concurrent_executions and what the plan limits can be an amount alone",
        ),
        (LimitSetting::Amount(_), _) => None,
        (LimitSetting::Full(limit), Some(base)) if base.as_str() != limit.kind.as_str() => {
            Some("must be of the kind that its name stands for")
        }
        (LimitSetting::Full(limit), _) => problem_of_kind(limit.kind),
    }
}

/// What JSON can't say, but code can.
fn problem_of_kind(kind: LimitKind) -> Option<&'static str> {
    let LimitKind::Rate { window, algorithm } = kind else { return None };
    if window.seconds() > super::Window::Month.seconds() {
        return Some("must have a window of 1 second to 31 days");
    }
    match algorithm {
        Algorithm::Sliding { sub_windows } if !(1..=100).contains(&sub_windows) => {
            Some("must have 1 to 100 sub_windows")
        }
        Algorithm::TokenBucket { burst: Some(burst) } if burst > MAX_COUNT => {
            Some("must have a burst of at most 9007199254740992")
        }
        Algorithm::Fixed | Algorithm::Sliding { .. } | Algorithm::TokenBucket { .. } => None,
    }
}
