use std::fmt;

use tenant_core::{
    TenantContext, Timestamp,
    auth::{ApiKeyRecord, AuthError, Scopes},
};

use super::format::{self, LIVE, Parts, TEST};

/// What a key is for, which its first letters tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ApiKeyMode {
    /// `sk_live_`, the default.
    #[default]
    Live,
    /// `sk_test_`: people know it by that; it is verified like any other.
    Test,
}

/// A key that was just made. The key itself is here and nowhere else: who does not take it now has lost it.
///
/// # Example
/// ```
/// use tenant_auth::{ApiKeyMode, NewApiKey};
/// use tenant_core::{Clock, SystemClock, TenantContext};
///
/// # fn make(acme: &TenantContext) -> Result<(), Box<dyn std::error::Error>> {
/// let new = NewApiKey::generate(acme, ApiKeyMode::Live, SystemClock::new().unix().into())?
///     .name("the nightly import")
///     .scopes("read:users write:users".parse()?);
/// assert!(new.key().starts_with("sk_live_"));
/// assert!(!format!("{new:?}").contains(new.key()));
/// # Ok(())
/// # }
/// ```
#[must_use = "the key is here and nowhere else"]
pub struct NewApiKey {
    key: String,
    record: ApiKeyRecord,
}

/// How much of the id people see in a list.
const SEEN: usize = 8;

impl NewApiKey {
    /// Makes a key of a tenant's, that may nothing yet.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn generate(tenant: &TenantContext, mode: ApiKeyMode, now: Timestamp) -> Result<Self, AuthError> {
        let prefix = match mode {
            ApiKeyMode::Live => LIVE,
            ApiKeyMode::Test => TEST,
        };
        let Parts { id, key, digest } = format::make(prefix)?;
        let seen: String = id.chars().take(SEEN).collect();
        let mut record = ApiKeyRecord::new(id, *tenant.id(), digest, now);
        record.prefix = format!("{prefix}{seen}");
        Ok(Self { key, record })
    }

    /// What it is for, in words.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.record.name = name.into();
        self
    }

    /// What it may be used for; nothing by default.
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.record.scopes = scopes;
        self
    }

    /// The project it is bound to; none by default.
    pub fn project(mut self, project: Option<String>) -> Self {
        self.record.project = project;
        self
    }

    /// How many requests a minute it admits; as many as the tenant by default.
    pub const fn rate_limit(mut self, per_minute: Option<u64>) -> Self {
        self.record.rate_limit = per_minute;
        self
    }

    /// When it ends; never by default.
    pub const fn expires_at(mut self, moment: Option<Timestamp>) -> Self {
        self.record.expires_at = moment;
        self
    }

    /// The key, for its owner's eyes.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is kept of it.
    #[must_use]
    pub const fn record(&self) -> &ApiKeyRecord {
        &self.record
    }
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey").field("key_id", &self.record.key_id).finish_non_exhaustive()
    }
}
