use async_trait::async_trait;
use tenant_core::{StoreError, TenantId, jobs::Residue};

use super::InMemoryBackend;
use crate::owner::Owner;

impl InMemoryBackend {
    /// Whoever has had this id, one after the other.
    fn owners(&self, id: &TenantId) -> Vec<Owner> {
        let mut owners = Vec::new();
        self.registry.each(|owner, _| owners.extend(owner.is(id).then_some(*owner)));
        owners
    }
}

/// The entries of a tenant that is purged. Whoever has its id then would not find them, but they are the former one's.
#[async_trait]
impl Residue for InMemoryBackend {
    fn name(&self) -> &str {
        "cache in memory"
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        for owner in self.owners(tenant) {
            let garbage = self.visit(&owner, |locked| locked.clear());
            drop(garbage);
        }
        Ok(())
    }

    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let entries = |owner| self.visit(&owner, |locked| locked.len()).unwrap_or(0);
        let left: usize = self.owners(tenant).into_iter().map(entries).sum();
        Ok(u64::try_from(left).unwrap_or(u64::MAX))
    }
}
