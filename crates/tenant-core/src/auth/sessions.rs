//! Sessions as they are kept: never what the cookie holds.

use async_trait::async_trait;

use crate::{StoreError, TenantId, Timestamp};

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionRecord {
    /// The SHA-256 of what the cookie holds, which has 256 random bits.
    pub digest: [u8; 32],
    /// The one tenant that it is for.
    pub tenant: TenantId,
    /// Who signed in.
    pub subject: Box<str>,
    /// The roles that they have in the tenant, by name.
    pub roles: Vec<Box<str>>,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, up to a quarter of the idle time late.
    pub seen_at: Timestamp,
    /// When it ends, whatever is done.
    pub expires_at: Timestamp,
    /// Whether they showed a second factor.
    pub second_factor: bool,
}

impl SessionRecord {
    /// A session that begins.
    #[must_use]
    pub fn new(
        digest: [u8; 32],
        tenant: TenantId,
        subject: impl Into<Box<str>>,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        let (subject, roles) = (subject.into(), Vec::new());
        let seen_at = created_at;
        Self { digest, tenant, subject, roles, created_at, seen_at, expires_at, second_factor: false }
    }
}

/// Keeps sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The session of this digest, whoever's it is. One that was ended is gone; one that has expired may still be there.
    ///
    /// # Errors
    /// The store failed.
    async fn load(&self, digest: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError>;

    /// Keeps a new session.
    ///
    /// # Errors
    /// The store failed.
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError>;

    /// Notes that a session is in use. One that was ended meanwhile stays so.
    ///
    /// # Errors
    /// The store failed.
    async fn touch(&self, digest: &[u8; 32], seen_at: Timestamp) -> Result<(), StoreError>;

    /// Ends a session; `false` where there is none.
    ///
    /// # Errors
    /// The store failed.
    async fn end(&self, digest: &[u8; 32]) -> Result<bool, StoreError>;

    /// Ends all sessions of somebody in a tenant, and says which there were.
    ///
    /// # Errors
    /// The store failed.
    async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError>;

    /// Clears away what has expired by then, at most so many at once, and says how many.
    ///
    /// # Errors
    /// The store failed.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
