//! Where entries are kept.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tenant_core::{TenantContext, TenantRecord};

use crate::CacheError;

/// What [`CacheBackend::peek`] finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The value.
    Found(Bytes),
    /// There is no such entry.
    Missing,
}

/// What [`CacheBackend::lease`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leased {
    /// The entry is there; nothing has to be loaded.
    Found(Bytes),
    /// The entry is missing; who holds the lease may bring it.
    Granted(Lease),
}

/// The right to fill one missing entry, lost as soon as anyone writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(u64);

impl Lease {
    /// The lease with this number; a backend never gives the same number twice.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Where entries are kept: each belongs to a tenant *and* a key, so that a backend can drop all of one tenant's
/// without looking at anybody else's.
///
/// It is used through a [`TenantCache`](crate::TenantCache), which refuses contexts of tenants that are no longer
/// active. What an implementation owes:
/// - An entry is seen, changed, counted and dropped by its own tenant alone, and not by one that was created later
///   under the same id (`tenant.config().created_at` tells them apart).
/// - An entry with a time to live is gone at the very moment the time has passed; a time of zero stores nothing.
/// - `add` is one step, however many count at once.
/// - A lease ends with any write of its key, and with [`clear`](Self::clear). (The leases of Nishtala et al., "Scaling
///   Memcache at Facebook", NSDI 2013, section 3.2.1.)
#[async_trait]
pub trait CacheBackend: Send + Sync {
    /// Looks into this process' memory, without waiting; `None` if [`get`](Self::get) has to be asked.
    fn peek(&self, tenant: &TenantContext, key: &[u8]) -> Option<Lookup> {
        let _ = (tenant, key);
        None
    }

    /// The value of an entry.
    ///
    /// # Errors
    /// The backend is unavailable.
    async fn get(&self, tenant: &TenantContext, key: &[u8]) -> Result<Option<Bytes>, CacheError>;

    /// Writes an entry, with a time to live or without. An entry that is refused takes the former one along, so that
    /// nobody reads what was to be overwritten.
    ///
    /// # Errors
    /// The entry is too large, or the backend is unavailable.
    async fn set(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError>;

    /// Drops an entry; whether there was one.
    ///
    /// # Errors
    /// The backend is unavailable.
    async fn delete(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError>;

    /// Whether there is such an entry.
    ///
    /// # Errors
    /// The backend is unavailable.
    async fn exists(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError>;

    /// Adds to a counter, which is a 64-bit integer in decimal digits, and answers its new value. A missing one counts
    /// from zero and lives until it is dropped; one with a time to live keeps it.
    ///
    /// # Errors
    /// The value is no number, the sum overflows (both leave the entry as it was), there is no room for the entry, or
    /// the backend is unavailable.
    async fn add(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError>;

    /// Drops everything of one tenant. It takes a record, because a tenant that is no longer served is cleared too.
    ///
    /// # Errors
    /// The backend is unavailable.
    async fn clear(&self, tenant: &TenantRecord) -> Result<(), CacheError>;

    /// The value of an entry, or the right to bring it. A later lease of the same key ends an earlier one.
    ///
    /// # Errors
    /// The backend is unavailable.
    async fn lease(&self, tenant: &TenantContext, key: &[u8]) -> Result<Leased, CacheError>;

    /// Writes an entry if the lease has not been lost; whether it was written.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    async fn fill(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError>;

    /// Gives a lease back that was not used. Backends whose leases expire by themselves need not care.
    fn release(&self, tenant: &TenantContext, key: &[u8], lease: Lease) {
        let _ = (tenant, key, lease);
    }
}

#[async_trait]
impl<B: CacheBackend + ?Sized> CacheBackend for Arc<B> {
    fn peek(&self, tenant: &TenantContext, key: &[u8]) -> Option<Lookup> {
        (**self).peek(tenant, key)
    }

    async fn get(&self, tenant: &TenantContext, key: &[u8]) -> Result<Option<Bytes>, CacheError> {
        (**self).get(tenant, key).await
    }

    async fn set(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        (**self).set(tenant, key, value, ttl).await
    }

    async fn delete(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        (**self).delete(tenant, key).await
    }

    async fn exists(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        (**self).exists(tenant, key).await
    }

    async fn add(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError> {
        (**self).add(tenant, key, delta).await
    }

    async fn clear(&self, tenant: &TenantRecord) -> Result<(), CacheError> {
        (**self).clear(tenant).await
    }

    async fn lease(&self, tenant: &TenantContext, key: &[u8]) -> Result<Leased, CacheError> {
        (**self).lease(tenant, key).await
    }

    async fn fill(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        (**self).fill(tenant, key, lease, value, ttl).await
    }

    fn release(&self, tenant: &TenantContext, key: &[u8], lease: Lease) {
        (**self).release(tenant, key, lease);
    }
}
