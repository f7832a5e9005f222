//! The rules of a config that its types alone don't guarantee.

use std::borrow::Cow;

use super::{TenantConfig, limit::is_limit_name};

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

    fn new(field: impl Into<Cow<'static, str>>, problem: &'static str) -> Self {
        Self { field: field.into(), problem }
    }
}

// Counts ride in JSON numbers; beyond 2^53 not every integer has one (RFC 8259, section 6).
const MAX_COUNT: u64 = 1 << 53;
const MAX_LIST: usize = 1_000;
const MAX_ITEM_LEN: usize = 200;
const SHORTHANDS: [&str; 4] = ["requests_per_minute", "tokens_per_minute", "rpm", "tpm"];

pub(super) fn validate(config: &TenantConfig) -> Result<(), InvalidConfig> {
    name(config)?;
    plan(config)?;
    count("quota.requests_per_minute", config.quota.requests_per_minute)?;
    count("quota.tokens_per_minute", config.quota.tokens_per_minute)?;
    names("policy.allowed_models", &config.policy.allowed_models)?;
    names("policy.allowed_tools", &config.policy.allowed_tools)?;
    names("policy.allowed_methods", &config.policy.allowed_methods)?;
    names("policy.allowed_paths", &config.policy.allowed_paths)?;
    paths(&config.policy.allowed_paths)?;
    hosts(&config.hosts)?;
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

fn count(field: &'static str, count: Option<u64>) -> Result<(), InvalidConfig> {
    if count.is_some_and(|count| count > MAX_COUNT) {
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
    if !hosts.iter().all(|host| is_host(host)) {
        return Err(InvalidConfig::new(
            "hosts",
            "must hold host names in lower case, without scheme, port or path",
        ));
    }
    let mut sorted: Vec<&String> = hosts.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(InvalidConfig::new("hosts", "must not name a host twice"));
    }
    Ok(())
}

/// A host name by RFC 1123, section 2.1, in lower case, with at least one letter in its last label: an address
/// is nobody's name.
fn is_host(host: &str) -> bool {
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

fn limits(config: &TenantConfig) -> Result<(), InvalidConfig> {
    if config.limits.len() > 64 {
        return Err(InvalidConfig::new("limits", "must have at most 64 entries"));
    }
    for (name, limit) in &config.limits {
        if !is_limit_name(name) {
            return Err(InvalidConfig::new("limits", "must be named by 1 to 64 of [A-Za-z0-9_.-]"));
        }
        if SHORTHANDS.contains(&name.as_str()) {
            return Err(InvalidConfig::new(format!("limits.{name}"), "has a name that belongs to the quota"));
        }
        count_of(name, limit.limit)?;
    }
    Ok(())
}

fn count_of(name: &str, limit: u64) -> Result<(), InvalidConfig> {
    if limit > MAX_COUNT {
        return Err(InvalidConfig::new(format!("limits.{name}"), "must be at most 9007199254740992"));
    }
    Ok(())
}
