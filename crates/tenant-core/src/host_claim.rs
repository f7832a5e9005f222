//! Hosts that tenants want to be reached by and have not proved yet to be theirs.

use async_trait::async_trait;

use crate::{StoreError, TenantContext, TenantId, Timestamp};

/// What a tenant says of a host: a claim, as a [`TenantId`] is, until its token was found where only who holds the host
/// can have put it.
///
/// It reserves nothing: several tenants may claim one host, each with a token of its own, and who proves it first has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostClaim {
    /// Who claims it.
    pub tenant: TenantId,
    /// The host, in lower case.
    pub host: Box<str>,
    /// What is to be found on the host. It is unguessable and of this claim alone: published as it is meant to be, it
    /// proves nothing of any other tenant, host or claim.
    pub token: Box<str>,
    /// How it stands.
    pub status: HostClaimStatus,
    /// How often it was looked for.
    pub tries: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is looked for next.
    pub next_try_at: Timestamp,
    /// When it ends, so that a token that was left behind proves nothing of whoever holds the host by then.
    pub expires_at: Timestamp,
}

/// How a claim stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostClaimStatus {
    /// The token is looked for.
    #[default]
    Pending,
    /// The token was found, but the host is another tenant's. Only who has proved to hold the host learns this.
    Taken,
}

/// Whether a claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum HostClaimed {
    /// It was.
    Made,
    /// The tenant claims the host already.
    Exists,
    /// The tenant claims as many hosts as it may.
    TooMany,
}

const MINUTE: i64 = 60_000_000;
const LONGEST_WAIT: i64 = 6 * 60 * MINUTE;

impl HostClaim {
    /// A claim that begins: it is looked for in a minute.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        host: impl Into<Box<str>>,
        token: impl Into<Box<str>>,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            tenant,
            host: host.into(),
            token: token.into(),
            status: HostClaimStatus::Pending,
            tries: 0,
            created_at,
            next_try_at: after(created_at, MINUTE),
            expires_at,
        }
    }

    /// Whether it counts at a moment.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Puts the next try off: by a minute, then twice as long each time, up to six hours.
    pub fn put_off(&mut self, now: Timestamp) {
        let wait = MINUTE.checked_shl(self.tries.min(16)).unwrap_or(LONGEST_WAIT);
        self.next_try_at = after(now, wait.min(LONGEST_WAIT));
        self.tries = self.tries.saturating_add(1);
    }
}

fn after(moment: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(moment.as_unix_micros().saturating_add(micros))
}

/// Keeps claims to hosts.
#[async_trait]
pub trait HostClaimStore: Send + Sync {
    /// Adds a claim of the tenant's, unless it has one to this host or `most` in all. Those of its own that have expired by
    /// the time of the new one are cleared away.
    ///
    /// # Errors
    /// The claim is of another tenant, the tenant is not active, or the store failed.
    async fn claim(
        &self,
        tenant: &TenantContext,
        claim: &HostClaim,
        most: u32,
    ) -> Result<HostClaimed, StoreError>;

    /// The tenant's claims, by host, without those that have expired.
    ///
    /// # Errors
    /// The store failed.
    async fn list(&self, tenant: &TenantContext, now: Timestamp) -> Result<Vec<HostClaim>, StoreError>;

    /// The claim of a tenant's to a host, unless it has expired.
    ///
    /// # Errors
    /// The store failed.
    async fn find(
        &self,
        tenant: &TenantId,
        host: &str,
        now: Timestamp,
    ) -> Result<Option<HostClaim>, StoreError>;

    /// Takes a claim of the tenant's back; `false` where it has none to this host.
    ///
    /// # Errors
    /// The store failed.
    async fn withdraw(&self, tenant: &TenantContext, host: &str) -> Result<bool, StoreError>;

    /// Claims whose token is to be looked for now, at most one of each tenant and `limit` in all, those that have waited
    /// longest first. Each is given to one caller alone, and to nobody again before its
    /// [next try](HostClaim::put_off).
    ///
    /// # Errors
    /// The store failed.
    async fn lease(&self, now: Timestamp, limit: u32) -> Result<Vec<HostClaim>, StoreError>;

    /// Ends a claim whose host has gone live. One that was made anew meanwhile, with another token, stays.
    ///
    /// # Errors
    /// The store failed.
    async fn fulfil(&self, claim: &HostClaim) -> Result<(), StoreError>;

    /// Notes that the host of a claim is another tenant's. One that was made anew meanwhile stays as it is.
    ///
    /// # Errors
    /// The store failed.
    async fn mark_taken(&self, claim: &HostClaim) -> Result<(), StoreError>;

    /// Clears away what has expired by then, at most so many at once, and says how many.
    ///
    /// # Errors
    /// The store failed.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rare_and_never_stop() {
        let start = Timestamp::from_unix_micros(0);
        let acme = TenantId::parse("acme").unwrap();
        let mut claim = HostClaim::new(acme, "acme.example", "t", start, after(start, i64::MAX));
        assert_eq!(claim.next_try_at, after(start, MINUTE));
        let waits: Vec<i64> = (0..40)
            .map(|_| {
                claim.put_off(start);
                claim.next_try_at.as_unix_micros() / MINUTE
            })
            .collect();
        assert_eq!(&waits[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert!(waits[11..].iter().all(|wait| *wait == 360));
        claim.tries = u32::MAX;
        claim.put_off(Timestamp::from_unix_micros(i64::MAX));
        assert_eq!(claim.tries, u32::MAX);
    }
}
