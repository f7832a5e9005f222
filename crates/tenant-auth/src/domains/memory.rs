use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    HostClaim, HostClaimStatus, HostClaimStore, HostClaimed, StoreError, StoreErrorKind, TenantContext,
    TenantId, Timestamp,
};

/// Claims in this process' memory, for tests and for services of one process that are seldom started.
#[derive(Debug, Default)]
pub struct InMemoryHostClaims(Mutex<BTreeMap<(TenantId, Box<str>), HostClaim>>);

impl InMemoryHostClaims {
    fn change(&self, claim: &HostClaim, change: impl FnOnce(&mut BTreeMap<(TenantId, Box<str>), HostClaim>)) {
        let mut claims = self.0.lock();
        let key = (claim.tenant, claim.host.clone());
        if claims.get(&key).is_some_and(|current| current.token == claim.token) {
            change(&mut claims);
        }
    }
}

#[async_trait]
impl HostClaimStore for InMemoryHostClaims {
    async fn claim(
        &self,
        tenant: &TenantContext,
        claim: &HostClaim,
        most: u32,
    ) -> Result<HostClaimed, StoreError> {
        if claim.tenant != *tenant.id() || tenant.ensure_active().is_err() {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "the claim is another tenant's, or of none",
            ));
        }
        let mut claims = self.0.lock();
        claims.retain(|(owner, _), old| *owner != claim.tenant || old.is_alive(claim.created_at));
        let key = (claim.tenant, claim.host.clone());
        if claims.contains_key(&key) {
            return Ok(HostClaimed::Exists);
        }
        let own = claims.keys().filter(|(owner, _)| *owner == claim.tenant).count();
        if own >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(HostClaimed::TooMany);
        }
        claims.insert(key, claim.clone());
        Ok(HostClaimed::Made)
    }

    async fn list(&self, tenant: &TenantContext, now: Timestamp) -> Result<Vec<HostClaim>, StoreError> {
        let claims = self.0.lock();
        let own = claims.values().filter(|claim| claim.tenant == *tenant.id() && claim.is_alive(now));
        Ok(own.cloned().collect())
    }

    async fn find(
        &self,
        tenant: &TenantId,
        host: &str,
        now: Timestamp,
    ) -> Result<Option<HostClaim>, StoreError> {
        let claims = self.0.lock();
        let claim = claims.get(&(*tenant, host.into())).filter(|claim| claim.is_alive(now));
        Ok(claim.cloned())
    }

    async fn withdraw(&self, tenant: &TenantContext, host: &str) -> Result<bool, StoreError> {
        Ok(self.0.lock().remove(&(*tenant.id(), host.into())).is_some())
    }

    async fn lease(&self, now: Timestamp, limit: u32) -> Result<Vec<HostClaim>, StoreError> {
        let mut claims = self.0.lock();
        let is_due = |claim: &&mut HostClaim| {
            claim.status == HostClaimStatus::Pending && claim.next_try_at <= now && claim.is_alive(now)
        };
        let mut due: Vec<&mut HostClaim> = claims.values_mut().filter(is_due).collect();
        due.sort_by_key(|claim| claim.next_try_at);
        let mut tenants = BTreeSet::new();
        due.retain(|claim| tenants.insert(claim.tenant));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        due.iter_mut().for_each(|claim| claim.put_off(now));
        Ok(due.into_iter().map(|claim| claim.clone()).collect())
    }

    async fn fulfil(&self, claim: &HostClaim) -> Result<(), StoreError> {
        self.change(claim, |claims| drop(claims.remove(&(claim.tenant, claim.host.clone()))));
        Ok(())
    }

    async fn mark_taken(&self, claim: &HostClaim) -> Result<(), StoreError> {
        self.change(claim, |claims| {
            if let Some(current) = claims.get_mut(&(claim.tenant, claim.host.clone())) {
                current.status = HostClaimStatus::Taken;
            }
        });
        Ok(())
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut claims = self.0.lock();
        let expired: Vec<_> =
            claims.iter().filter(|(_, claim)| !claim.is_alive(now)).map(|(key, _)| key.clone()).collect();
        let gone = expired.iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(gone.filter_map(|key| claims.remove(key)).map(|_| 1).sum())
    }
}
