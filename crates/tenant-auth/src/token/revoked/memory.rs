use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    StoreError, UnixTime,
    auth::{Revocation, RevocationStore, Revoked},
};

/// Keeps revocations in memory: for tests, and for a single process whose tokens do not outlive it.
///
/// After a restart none of them is known: a token that was revoked is taken again until it expires.
#[derive(Debug, Default)]
pub struct InMemoryRevocationStore(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    all: BTreeMap<u64, Revocation>,
}

impl InMemoryRevocationStore {
    /// One in which nothing is revoked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl RevocationStore for InMemoryRevocationStore {
    async fn revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError> {
        let mut kept = self.0.lock();
        kept.last += 1;
        let revocation = Revocation::new(kept.last, revoked.clone(), forget_at);
        kept.all.insert(revocation.number, revocation);
        Ok(())
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        let Some(first) = number.checked_add(1) else { return Ok(Vec::new()) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.0.lock().all.range(first..).take(limit).map(|(_, revocation)| revocation.clone()).collect())
    }

    async fn sweep(&self, now: UnixTime) -> Result<(), StoreError> {
        self.0.lock().all.retain(|_, revocation| revocation.forget_at > now);
        Ok(())
    }
}
