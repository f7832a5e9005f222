use async_trait::async_trait;

use super::{AuditEnds, AuditEntry, AuditEvent, ChainLink, Digest};
use crate::{StoreError, TenantId, Timestamp};

/// Seals an event in the place of this number, behind the digest of the entry before.
pub type Seal<'a> = dyn Fn(&Digest, u64, &AuditEvent) -> Digest + Send + Sync + 'a;

/// Which events are looked for; all by default. Another field breaks stores that would not heed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Done by exactly this one.
    pub actor: Option<String>,
    /// Exactly this.
    pub action: Option<String>,
    /// Done to exactly such things.
    pub resource_type: Option<String>,
}

/// Keeps the audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends events in their order behind what is there, all or none. One whose id is there already is left out: who does
    /// not know whether it was written says it again.
    ///
    /// # Errors
    /// The store failed; then nobody knows whether they were written.
    async fn append(&self, events: &[AuditEvent], seal: &Seal<'_>) -> Result<(), StoreError>;

    /// Events of one tenant, or of all and the deployment's own, the newest first, at most so many: those before the one of
    /// this id in the same log, where one is given.
    ///
    /// # Errors
    /// There is no event of this id in the log (`NotFound`), or the store failed.
    async fn list(
        &self,
        tenant: Option<&TenantId>,
        filter: &AuditFilter,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;

    /// The entries behind a place, in their order, at most so many; fewer only where there are no more.
    ///
    /// # Errors
    /// The store failed, or an entry can't be read.
    async fn after(&self, number: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// Where the chain begins and ends.
    ///
    /// # Errors
    /// The store failed.
    async fn ends(&self) -> Result<AuditEnds, StoreError>;

    /// Forgets the oldest entries, at most so many, up to the first that is not older than this; says where the chain begins now,
    /// and how many are gone.
    ///
    /// # Errors
    /// The store failed.
    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<(ChainLink, u64), StoreError>;
}
