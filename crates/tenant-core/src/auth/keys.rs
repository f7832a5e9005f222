//! API keys as they are kept: never the key itself.

use async_trait::async_trait;

use super::Scopes;
use crate::{Page, StoreError, TenantContext, TenantId, Timestamp};

/// An API key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKeyRecord {
    /// What finds it: a public part of the key, unique among all tenants.
    pub key_id: Box<str>,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is for, in words.
    pub name: String,
    /// The SHA-256 of the whole key. The secret has 256 random bits: nothing slower is needed.
    pub digest: [u8; 32],
    /// How it begins, for people to know it by.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The project it is bound to.
    pub project: Option<String>,
    /// How many requests a minute it admits.
    pub rate_limit: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, up to a minute late.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKeyRecord {
    /// A key that may nothing yet, without a project, a limit or an end.
    #[must_use]
    pub fn new(
        key_id: impl Into<Box<str>>,
        tenant: TenantId,
        digest: [u8; 32],
        created_at: Timestamp,
    ) -> Self {
        Self {
            key_id: key_id.into(),
            tenant,
            name: String::new(),
            digest,
            prefix: String::new(),
            scopes: Scopes::default(),
            project: None,
            rate_limit: None,
            created_at,
            expires_at: None,
            last_used_at: None,
        }
    }
}

/// Keeps API keys.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// The key that is found by this id, whoever's it is: nothing else is known before it is verified. A revoked one is gone.
    ///
    /// # Errors
    /// The store failed.
    async fn find(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, StoreError>;

    /// Adds a key of the tenant's.
    ///
    /// # Errors
    /// The id is taken, the record is of another tenant, or the store failed.
    async fn create(&self, tenant: &TenantContext, key: &ApiKeyRecord) -> Result<(), StoreError>;

    /// The tenant's keys, oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn list(&self, tenant: &TenantContext, page: Page) -> Result<Vec<ApiKeyRecord>, StoreError>;

    /// Ends a key of the tenant's; `false` where the tenant has none of this id.
    ///
    /// # Errors
    /// The store failed.
    async fn revoke(&self, tenant: &TenantContext, key_id: &str) -> Result<bool, StoreError>;

    /// Notes when keys were used.
    ///
    /// # Errors
    /// The store failed.
    async fn touch(&self, uses: &[(Box<str>, Timestamp)]) -> Result<(), StoreError>;
}
