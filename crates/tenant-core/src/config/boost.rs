use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{InvalidConfig, QuotaConfig, limit::is_limit_name, validate::is_count};
use crate::{Timestamp, quota::Limits};

/// More of some limits for a while: so much is added to what plan and overrides admit, until a moment at which it ends by
/// itself.
///
/// Boosts of one tenant add up. A limit that a tenant does not have admits everything: a boost adds nothing to it.
///
/// # Example
/// ```
/// use tenant_core::{Boost, TenantConfig, TenantId, TenantRecord, Timestamp, UnixTime};
///
/// let until = Timestamp::parse("2024-12-01T00:00:00Z")?;
/// let sale = Boost::new("sale", until).requests_per_minute(50).limit("workflows", 5);
/// let acme = TenantConfig::builder(TenantId::parse("acme")?)
///     .requests_per_minute(100)
///     .limit("workflows", 20)
///     .boosts([sale])
///     .build()?;
/// let record = TenantRecord::new(acme);
/// let workflows = |now| record.limits_at(now).stock("workflows").map(|limit| limit.limit);
/// assert_eq!(workflows(UnixTime::from_secs(1_700_000_000)), Some(25));
/// assert_eq!(workflows(UnixTime::from_secs(1_800_000_000)), Some(20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Boost {
    /// What it is called: 1 to 64 of `[A-Za-z0-9_.-]`, once per tenant.
    pub name: String,
    /// How much is added to the two limits that every tenant has.
    #[serde(default)]
    pub quota: QuotaConfig,
    /// How much is added to named limits.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
    /// When it ends: at this moment it adds nothing any more.
    pub until: Timestamp,
}

impl Boost {
    /// The most that one tenant has at a time.
    pub const MOST: usize = 16;
    /// How far ahead one may end, in days: what is to last longer is an override.
    pub const LONGEST_DAYS: i64 = 366;

    /// One that adds nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, until: Timestamp) -> Self {
        Self { name: name.into(), quota: QuotaConfig::default(), limits: BTreeMap::new(), until }
    }

    /// Adds so many requests per UTC minute.
    #[must_use]
    pub const fn requests_per_minute(mut self, more: u64) -> Self {
        self.quota.requests_per_minute = Some(more);
        self
    }

    /// Adds so many tokens per UTC minute.
    #[must_use]
    pub const fn tokens_per_minute(mut self, more: u64) -> Self {
        self.quota.tokens_per_minute = Some(more);
        self
    }

    /// Adds so much to a named limit.
    #[must_use]
    pub fn limit(mut self, name: impl Into<String>, more: u64) -> Self {
        self.limits.insert(name.into(), more);
        self
    }

    /// How much it adds to a limit, as limits are named: `rpm` and `tpm` are the two that every tenant has.
    #[must_use]
    pub fn more_of(&self, limit: &str) -> u64 {
        let more = match limit {
            "rpm" => self.quota.requests_per_minute,
            "tpm" => self.quota.tokens_per_minute,
            named => self.limits.get(named).copied(),
        };
        more.unwrap_or(0)
    }

    /// Checks one that is given now to a tenant with these limits.
    ///
    /// # Errors
    /// [`InvalidConfig`] names the field that is wrong: it ends in the past or too far ahead, adds nothing, or adds to a limit
    /// that the tenant does not have.
    pub fn check(&self, limits: &Limits, now: Timestamp) -> Result<(), InvalidConfig> {
        self.validate()?;
        let ahead = self.until.as_unix_micros().saturating_sub(now.as_unix_micros());
        if ahead <= 0 {
            return Err(InvalidConfig::new("until", "must be in the future"));
        }
        if ahead > Self::LONGEST_DAYS * 24 * 3_600 * 1_000_000 {
            return Err(InvalidConfig::new("until", "must be within 366 days: what lasts longer is a limit"));
        }
        let has = |name: &str| limits.iter().any(|limit| &*limit.name == name);
        match self.fields().find(|(_, name, _)| !has(name)) {
            Some((field, _, _)) => Err(InvalidConfig::new(field, "is nothing that the tenant is limited in")),
            None => Ok(()),
        }
    }

    /// What holds whatever the time is, and whatever the limits are.
    pub(super) fn validate(&self) -> Result<(), InvalidConfig> {
        if !is_limit_name(&self.name) {
            return Err(InvalidConfig::new("name", "must be 1 to 64 of [A-Za-z0-9_.-]"));
        }
        if self.fields().next().is_none() {
            return Err(InvalidConfig::new("limits", "must raise something, or quota must"));
        }
        if self.limits.len() > 64 || self.limits.keys().any(|name| !is_limit_name(name)) {
            return Err(InvalidConfig::new("limits", "must have at most 64 entries, named as limits are"));
        }
        if let Some(name) = self.limits.keys().find(|name| matches!(&***name, "rpm" | "tpm")) {
            return Err(InvalidConfig::new(format!("limits.{name}"), "has a name that belongs to the quota"));
        }
        let is_more = |more: u64| more > 0 && is_count(more);
        match self.fields().find(|(_, _, more)| !is_more(*more)) {
            Some((field, _, _)) => Err(InvalidConfig::new(field, "must be from 1 to 9007199254740992")),
            None => Ok(()),
        }
    }

    /// All that is raised: the field on the wire, the limit's name, and by how much.
    fn fields(&self) -> impl Iterator<Item = (String, &str, u64)> {
        let quota = [
            ("quota.requests_per_minute", "rpm", self.quota.requests_per_minute),
            ("quota.tokens_per_minute", "tpm", self.quota.tokens_per_minute),
        ];
        let quota = quota.into_iter().filter_map(|(field, name, more)| Some((field.to_owned(), name, more?)));
        quota.chain(self.limits.iter().map(|(name, more)| (format!("limits.{name}"), &**name, *more)))
    }
}

/// Those of one tenant.
pub(super) fn validate(boosts: &[Boost]) -> Result<(), InvalidConfig> {
    if boosts.len() > Boost::MOST {
        return Err(InvalidConfig::new("boosts", "must be at most 16"));
    }
    for (index, boost) in boosts.iter().enumerate() {
        boost.validate().map_err(|error| error.within(&format!("boosts.{}", boost.name)))?;
        if boosts.iter().take(index).any(|other| other.name == boost.name) {
            return Err(InvalidConfig::new("boosts", "must not name one twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TenantConfig, TenantConfigBuilder, TenantId};

    const NOW: Timestamp = Timestamp::from_unix_micros(1_700_000_000_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_micros(NOW.as_unix_micros() + seconds * 1_000_000)
    }

    fn acme() -> TenantConfigBuilder {
        let acme = TenantConfig::builder(TenantId::parse("acme").unwrap());
        acme.requests_per_minute(5).limit("workflows", 3)
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let limits = Limits::of(&acme().build().unwrap());
        let boost = |until| Boost::new("sale", at(until));
        assert!(boost(1).requests_per_minute(1).limit("workflows", 1).check(&limits, NOW).is_ok());
        for (wrong, field) in [
            (boost(1), "limits"),
            (boost(0).requests_per_minute(1), "until"),
            (boost(-60).requests_per_minute(1), "until"),
            (boost(367 * 86_400).requests_per_minute(1), "until"),
            (boost(1).requests_per_minute(0), "quota.requests_per_minute"),
            (boost(1).requests_per_minute(u64::MAX), "quota.requests_per_minute"),
            (boost(1).tokens_per_minute(5), "quota.tokens_per_minute"),
            (boost(1).limit("projects", 5), "limits.projects"),
            (boost(1).limit("workflows", 0), "limits.workflows"),
            (boost(1).limit("rpm", 5), "limits.rpm"),
            (boost(1).limit("", 5), "limits"),
            (Boost::new("a sale", at(1)).requests_per_minute(1), "name"),
        ] {
            assert_eq!(wrong.check(&limits, NOW).unwrap_err().field(), field, "{wrong:?}");
        }
    }

    #[test]
    fn a_config_has_so_many_each_of_its_own_name() {
        let boosts =
            |count: usize| (0..count).map(|number| Boost::new(number.to_string(), NOW).limit("x", 1));
        assert!(acme().boosts(boosts(Boost::MOST)).build().is_ok());
        assert_eq!(acme().boosts(boosts(Boost::MOST + 1)).build().unwrap_err().field(), "boosts");
        assert_eq!(acme().boosts(boosts(1).chain(boosts(1))).build().unwrap_err().field(), "boosts");
        let nothing = acme().boosts([Boost::new("sale", NOW)]).build().unwrap_err();
        assert_eq!(nothing.field(), "boosts.sale.limits");
    }

    #[test]
    fn it_is_read_strictly() {
        let read = |json: &str| serde_json::from_str::<Boost>(json);
        let json = r#"{"name":"sale","quota":{"requests_per_minute":50},"limits":{"workflows":5},"until":"2024-12-01T00:00:00Z"}"#;
        let boost = read(json).unwrap();
        assert_eq!(read(&serde_json::to_string(&boost).unwrap()).unwrap(), boost);
        assert_eq!(["rpm", "tpm", "workflows", "projects"].map(|name| boost.more_of(name)), [50, 0, 5, 0]);
        for wrong in [
            r#"{"name":"sale","limits":{"workflows":-5},"until":"2024-12-01T00:00:00Z"}"#,
            r#"{"name":"sale","limits":{"workflows":"unlimited"},"until":"2024-12-01T00:00:00Z"}"#,
            r#"{"name":"sale","limits":{"workflows":5},"until":"tomorrow"}"#,
            r#"{"name":"sale","limits":{"workflows":5}}"#,
            r#"{"name":"sale","limit":{"workflows":5},"until":"2024-12-01T00:00:00Z"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
