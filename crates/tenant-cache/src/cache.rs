//! The cache that knows its tenants.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use tenant_core::{TenantContext, TenantRecord};

use crate::{
    CacheBackend, CacheError, CacheErrorKind, Lease, Leased, Lookup, ScopedCache,
    error::BoxError,
    flight::{Answer, Flights},
    owner::Owner,
};

/// A cache whose every entry belongs to a tenant.
///
/// It takes contexts, never bare ids, and refuses those whose tenant is no longer active. Two tenants' entries of the
/// same key have nothing to do with each other. Cloning costs one reference count; clones share their loads.
///
/// # Example
/// ```
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
/// use std::time::Duration;
/// use tenant_cache::{InMemoryBackend, TenantCache};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let id = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(id).build()?])?;
/// # let tenant = TenantContext::of(&configs, &id).await?;
/// let cache = TenantCache::new(InMemoryBackend::builder().build());
/// let mine = cache.scoped(&tenant);
///
/// mine.set("greeting", "hello").await?;
/// assert_eq!(mine.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
///
/// let report = mine
///     .get_or_load("report", Duration::from_secs(60), || async {
///         Ok::<_, std::io::Error>("expensive")
///     })
///     .await?;
/// assert_eq!(report, "expensive");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TenantCache {
    backend: Arc<dyn CacheBackend>,
    flights: Arc<Flights>,
}

impl TenantCache {
    /// A cache that keeps its entries in `backend`; an `Arc` of one will do.
    #[must_use]
    pub fn new(backend: impl CacheBackend + 'static) -> Self {
        Self { backend: Arc::new(backend), flights: Arc::new(Flights::new()) }
    }

    /// The cache of one tenant.
    #[must_use]
    pub const fn scoped<'a>(&'a self, tenant: &'a TenantContext) -> ScopedCache<'a> {
        ScopedCache::new(self, tenant)
    }

    /// The value of the tenant's entry.
    ///
    /// # Errors
    /// The tenant is no longer active, or the backend is unavailable.
    pub async fn get(
        &self,
        tenant: &TenantContext,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<Bytes>, CacheError> {
        tenant.ensure_active()?;
        match self.backend.peek(tenant, key.as_ref()) {
            Some(Lookup::Found(value)) => Ok(Some(value)),
            Some(Lookup::Missing) => Ok(None),
            None => self.backend.get(tenant, key.as_ref()).await,
        }
    }

    /// Writes an entry that lives until it is dropped or evicted. One that is refused takes the former one along.
    ///
    /// # Errors
    /// The tenant is no longer active, the entry is too large, or the backend is unavailable.
    pub async fn set(
        &self,
        tenant: &TenantContext,
        key: impl AsRef<[u8]>,
        value: impl Into<Bytes>,
    ) -> Result<(), CacheError> {
        self.write(tenant, key.as_ref(), value.into(), None).await
    }

    /// Writes an entry that lives for `ttl` at most; zero drops the former one and writes nothing.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn set_with_ttl(
        &self,
        tenant: &TenantContext,
        key: impl AsRef<[u8]>,
        value: impl Into<Bytes>,
        ttl: Duration,
    ) -> Result<(), CacheError> {
        self.write(tenant, key.as_ref(), value.into(), Some(ttl)).await
    }

    /// Drops the tenant's entry; whether there was one.
    ///
    /// # Errors
    /// The tenant is no longer active, or the backend is unavailable.
    pub async fn delete(&self, tenant: &TenantContext, key: impl AsRef<[u8]>) -> Result<bool, CacheError> {
        tenant.ensure_active()?;
        let _overtaken = self.overtake(tenant, key.as_ref());
        self.backend.delete(tenant, key.as_ref()).await
    }

    /// Whether the tenant has such an entry. It does not count as use.
    ///
    /// # Errors
    /// The tenant is no longer active, or the backend is unavailable.
    pub async fn exists(&self, tenant: &TenantContext, key: impl AsRef<[u8]>) -> Result<bool, CacheError> {
        tenant.ensure_active()?;
        self.backend.exists(tenant, key.as_ref()).await
    }

    /// Adds `by` to the tenant's counter and answers its new value. A missing counter starts at zero and has no time to
    /// live; one that has a time to live keeps it.
    ///
    /// # Errors
    /// The tenant is no longer active, the entry is not a number, the sum overflows (both leave the entry as it was),
    /// there is no room for it, or the backend is unavailable.
    pub async fn incr(
        &self,
        tenant: &TenantContext,
        key: impl AsRef<[u8]>,
        by: i64,
    ) -> Result<i64, CacheError> {
        tenant.ensure_active()?;
        let _overtaken = self.overtake(tenant, key.as_ref());
        self.backend.add(tenant, key.as_ref(), by).await
    }

    /// Subtracts `by` from the tenant's counter and answers its new value: [`incr`](Self::incr) with the sign turned.
    ///
    /// # Errors
    /// As [`incr`](Self::incr); `i64::MIN`, whose sign can't be turned, overflows.
    pub async fn decr(
        &self,
        tenant: &TenantContext,
        key: impl AsRef<[u8]>,
        by: i64,
    ) -> Result<i64, CacheError> {
        let by = by.checked_neg().ok_or(CacheErrorKind::Overflow);
        tenant.ensure_active()?;
        self.incr(tenant, key, by?).await
    }

    /// The value of the tenant's entry; where it is missing, what `loader` answers, kept for `ttl`.
    ///
    /// - However many ask for one tenant's key at once, through this cache or a clone of it, one of their loaders runs,
    ///   and its answer, good or bad, is everybody's. Another tenant's load of the same key is a load of its own.
    /// - The load goes on as long as anyone waits for it, whoever came first; when all have given up, it is dropped.
    /// - A failed load is not kept: who asks next loads again. A panic of the loader is a failed load.
    /// - A load that a write of the entry or a [`clear`](Self::clear) has overtaken answers those who waited, and is not
    ///   kept; who asks after the write does not wait for it.
    /// - The loader runs inside the tenant of the context: [`tenant_core::current`] is the entry's tenant, whoever of
    ///   those who wait drives it.
    /// - An answer that does not fit, and one that a failing backend does not take, is answered and not kept.
    ///
    /// A loader must not ask for the entry it loads: it would wait for itself.
    ///
    /// # Errors
    /// The tenant is no longer active (before or after the load), or the load failed.
    pub async fn get_or_load<L, F, V, E>(
        &self,
        tenant: &TenantContext,
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
        tenant.ensure_active()?;
        let key = key.as_ref();
        if let Some(Lookup::Found(value)) = self.backend.peek(tenant, key) {
            return Ok(value);
        }
        let ttl = ttl.into();
        let start = || Filling::new(&self.backend, tenant, key).run(ttl, loader);
        let answer = self.flights.arrive(&Owner::of(tenant), key, start).await;
        tenant.ensure_active()?;
        answer
    }

    /// Drops everything of the tenant, and nothing else.
    ///
    /// # Errors
    /// The tenant is no longer active (see [`purge`](Self::purge)), or the backend is unavailable.
    pub async fn clear(&self, tenant: &TenantContext) -> Result<(), CacheError> {
        tenant.ensure_active()?;
        self.purge(tenant.record()).await
    }

    /// Drops everything of a tenant that need not be served any more: for the control plane.
    ///
    /// # Errors
    /// The backend is unavailable.
    pub async fn purge(&self, tenant: &TenantRecord) -> Result<(), CacheError> {
        let owner = Owner::of_record(tenant);
        let _overtaken = Overtaken { flights: &self.flights, owner, key: None };
        self.backend.clear(tenant).await
    }

    async fn write(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        tenant.ensure_active()?;
        let _overtaken = self.overtake(tenant, key);
        self.backend.set(tenant, key, value, ttl).await
    }

    fn overtake<'a>(&'a self, tenant: &TenantContext, key: &'a [u8]) -> Overtaken<'a> {
        Overtaken { flights: &self.flights, owner: Owner::of(tenant), key: Some(key) }
    }
}

impl fmt::Debug for TenantCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCache").finish_non_exhaustive()
    }
}

/// A write: when it is over, or given up halfway, nobody waits for an older load any more.
struct Overtaken<'a> {
    flights: &'a Flights,
    owner: Owner,
    key: Option<&'a [u8]>,
}

impl Drop for Overtaken<'_> {
    fn drop(&mut self) {
        match self.key {
            Some(key) => self.flights.forget(&self.owner, key),
            None => self.flights.forget_all(&self.owner),
        }
    }
}

/// A missing entry that is being filled.
struct Filling {
    backend: Arc<dyn CacheBackend>,
    tenant: TenantContext,
    key: Box<[u8]>,
    lease: Option<Lease>,
}

impl Filling {
    fn new(backend: &Arc<dyn CacheBackend>, tenant: &TenantContext, key: &[u8]) -> Self {
        Self { backend: Arc::clone(backend), tenant: tenant.clone(), key: key.into(), lease: None }
    }

    /// Looks once more, because whoever filled it may just have left; then loads.
    fn run<L, F, V, E>(
        mut self,
        ttl: Option<Duration>,
        loader: L,
    ) -> impl Future<Output = Answer> + Send + 'static
    where
        L: FnOnce() -> F + Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
        V: Into<Bytes>,
        E: Into<BoxError>,
    {
        let tenant = self.tenant.clone();
        let load = async move { loader().await.map(Into::into).map_err(CacheError::load) };
        // Without the scope the loader would see the tenant of whichever task happens to drive it.
        let load = tenant_core::scope(tenant, load);
        async move {
            match self.backend.lease(&self.tenant, &self.key).await {
                Ok(Leased::Found(value)) => return Ok(value),
                Ok(Leased::Granted(lease)) => self.lease = Some(lease),
                Err(_) => {}
            }
            let value = load.await?;
            self.keep(value.clone(), ttl).await;
            Ok(value)
        }
    }

    async fn keep(&self, value: Bytes, ttl: Option<Duration>) {
        if let Some(lease) = self.lease {
            // What can't be kept is still the answer.
            let _ = self.backend.fill(&self.tenant, &self.key, lease, value, ttl).await;
        }
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if let Some(lease) = self.lease {
            self.backend.release(&self.tenant, &self.key, lease);
        }
    }
}
