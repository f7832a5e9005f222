//! The cache of one tenant.

use std::time::Duration;

use bytes::Bytes;
use tenant_core::TenantContext;

use crate::{CacheError, TenantCache, error::BoxError};

/// A [`TenantCache`] for one tenant: the same verbs without the context.
#[derive(Clone, Copy, Debug)]
pub struct ScopedCache<'a> {
    cache: &'a TenantCache,
    tenant: &'a TenantContext,
}

impl<'a> ScopedCache<'a> {
    pub(crate) const fn new(cache: &'a TenantCache, tenant: &'a TenantContext) -> Self {
        Self { cache, tenant }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &'a TenantContext {
        self.tenant
    }

    /// See [`TenantCache::get`].
    ///
    /// # Errors
    /// The same.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, CacheError> {
        self.cache.get(self.tenant, key).await
    }

    /// See [`TenantCache::set`].
    ///
    /// # Errors
    /// The same.
    pub async fn set(&self, key: impl AsRef<[u8]>, value: impl Into<Bytes>) -> Result<(), CacheError> {
        self.cache.set(self.tenant, key, value).await
    }

    /// See [`TenantCache::set_with_ttl`].
    ///
    /// # Errors
    /// The same.
    pub async fn set_with_ttl(
        &self,
        key: impl AsRef<[u8]>,
        value: impl Into<Bytes>,
        ttl: Duration,
    ) -> Result<(), CacheError> {
        self.cache.set_with_ttl(self.tenant, key, value, ttl).await
    }

    /// See [`TenantCache::delete`].
    ///
    /// # Errors
    /// The same.
    pub async fn delete(&self, key: impl AsRef<[u8]>) -> Result<bool, CacheError> {
        self.cache.delete(self.tenant, key).await
    }

    /// See [`TenantCache::exists`].
    ///
    /// # Errors
    /// The same.
    pub async fn exists(&self, key: impl AsRef<[u8]>) -> Result<bool, CacheError> {
        self.cache.exists(self.tenant, key).await
    }

    /// See [`TenantCache::incr`].
    ///
    /// # Errors
    /// The same.
    pub async fn incr(&self, key: impl AsRef<[u8]>, by: i64) -> Result<i64, CacheError> {
        self.cache.incr(self.tenant, key, by).await
    }

    /// See [`TenantCache::decr`].
    ///
    /// # Errors
    /// The same.
    pub async fn decr(&self, key: impl AsRef<[u8]>, by: i64) -> Result<i64, CacheError> {
        self.cache.decr(self.tenant, key, by).await
    }

    /// See [`TenantCache::get_or_load`].
    ///
    /// # Errors
    /// The same.
    pub async fn get_or_load<L, F, V, E>(
        &self,
        key: impl AsRef<[u8]>,
        ttl: impl Into<Option<Duration>>,
        loader: L,
    ) -> Result<Bytes, CacheError>
    where
        L: FnOnce() -> F + Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
        V: Into<Bytes>,
        E: Into<BoxError>,
    {
        self.cache.get_or_load(self.tenant, key, ttl, loader).await
    }

    /// See [`TenantCache::clear`].
    ///
    /// # Errors
    /// The same.
    pub async fn clear(&self) -> Result<(), CacheError> {
        self.cache.clear(self.tenant).await
    }
}
