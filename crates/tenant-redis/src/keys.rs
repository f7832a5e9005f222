//! Which keys there are, and why none of them is another tenant's.

use std::sync::Arc;

use tenant_core::{TenantId, TenantRecord};

use crate::RedisError;

/// The names under which a deployment keeps its things in Redis.
///
/// Every key is `{prefix}:{{tenant}}:{kind}…`: the braces around the tenant's id are Redis Cluster's *hash tag*, so that all
/// keys of one tenant lie in one slot. Redis hashes what is between the first `{` and the first `}` after it ([cluster
/// specification](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/), "hash tags"):
///
/// - The prefix has neither brace nor colon, so that the first `{` is ours.
/// - A [`TenantId`] has neither brace nor colon, so that the first `}` is ours, and the id ends there.
/// - Whatever the application calls its cache entries stands behind all that, and so changes neither.
///
/// Two deployments that share a server take two prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Keyspace(Arc<str>);

impl Keyspace {
    /// A key space with a prefix of 1 to 64 of `[A-Za-z0-9._-]`.
    ///
    /// # Errors
    /// The prefix is none of these.
    pub fn new(prefix: &str) -> Result<Self, RedisError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&prefix.len()) && prefix.bytes().all(plain) {
            return Ok(Self(prefix.into()));
        }
        Err(RedisError::invalid("a prefix must be 1 to 64 of [A-Za-z0-9._-]"))
    }

    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0
    }

    /// The counts of a tenant's rates: one hash.
    pub(crate) fn counts(&self, tenant: &TenantId) -> String {
        format!("{}:{{{tenant}}}:q", self.0)
    }

    /// The permits of one concurrency limit: one sorted set.
    pub(crate) fn permits(&self, tenant: &TenantId, limit: &str) -> String {
        format!("{}:{{{tenant}}}:p:{limit}", self.0)
    }

    /// What a tenant's cache entries begin with. A tenant that is created anew under the same id has another beginning.
    pub(crate) fn cache(&self, tenant: &TenantRecord) -> String {
        let created_at = tenant.config().created_at.as_unix_micros();
        format!("{}:{{{}}}:c:{created_at}", self.0, tenant.id())
    }

    /// What all keys of a tenant begin with; those of its sessions are found by the lists of them.
    pub(crate) fn of(&self, tenant: &TenantId) -> String {
        format!("{}:{{{tenant}}}:", self.0)
    }

    /// What the lists begin with that say which sessions there are in a tenant.
    pub(crate) fn lists(&self, tenant: &TenantId) -> String {
        format!("{}s:", self.of(tenant))
    }

    /// A session: whose it is, who shows its cookie does not say. Its tag is no tenant's id: an id has 63 characters at most.
    pub(crate) fn session(&self, digest: &[u8; 32]) -> String {
        format!("{}:{{{}}}:s", self.0, crate::sessions::hex(digest))
    }

    /// Which sessions somebody has in a tenant.
    pub(crate) fn sessions(&self, tenant: &TenantId, subject: &str) -> String {
        format!("{}{subject}", self.lists(tenant))
    }

    /// The stream of changed configs. Its tag is no tenant's id: an id has no `*`.
    pub(crate) fn changes(&self) -> String {
        format!("{}:{{*}}:changes", self.0)
    }

    /// The stream of events; not of one tenant, as [`changes`](Self::changes).
    pub(crate) fn events(&self) -> String {
        format!("{}:{{*}}:events", self.0)
    }
}

impl Default for Keyspace {
    /// The prefix `tenant`.
    fn default() -> Self {
        Self("tenant".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_can_not_bring_a_hash_tag_of_its_own() {
        for wrong in ["", "{a}", "a{", "a:b", "a b", "ä", "a\n", &"a".repeat(65)] {
            assert!(Keyspace::new(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Keyspace::new("my-app_1.0").unwrap().prefix(), "my-app_1.0");
    }

    #[test]
    fn the_stream_of_changes_and_sessions_are_no_tenants_keys() {
        assert!(TenantId::parse("*").is_err() && TenantId::parse(&crate::sessions::hex(&[0; 32])).is_err());
    }
}
