//! A backend that has to be waited for, and may be down.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenant_cache::{
    Bytes, CacheBackend, CacheError, CacheErrorKind, InMemoryBackend, Lease, Leased, TenantCache, async_trait,
};
use tenant_core::{TenantContext, TenantRecord};
use tokio::task::yield_now;

use crate::support::tenants;

struct Remote {
    memory: InMemoryBackend,
    down: AtomicBool,
    stuck: AtomicBool,
}

impl Remote {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: InMemoryBackend::builder().build(),
            down: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
        })
    }

    async fn travel(&self) -> Result<(), CacheError> {
        yield_now().await;
        if self.down.load(Ordering::Relaxed) {
            return Err(CacheError::unavailable(io::Error::from(io::ErrorKind::ConnectionRefused)));
        }
        Ok(())
    }

    /// The way back, which may take forever.
    async fn travel_back(&self) {
        while self.stuck.load(Ordering::Relaxed) {
            yield_now().await;
        }
    }
}

#[async_trait]
impl CacheBackend for Remote {
    async fn get(&self, tenant: &TenantContext, key: &[u8]) -> Result<Option<Bytes>, CacheError> {
        self.travel().await?;
        self.memory.get(tenant, key).await
    }

    async fn set(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<(), CacheError> {
        self.travel().await?;
        self.memory.set(tenant, key, value, ttl).await
    }

    async fn delete(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        self.travel().await?;
        let deleted = self.memory.delete(tenant, key).await;
        self.travel_back().await;
        deleted
    }

    async fn exists(&self, tenant: &TenantContext, key: &[u8]) -> Result<bool, CacheError> {
        self.travel().await?;
        self.memory.exists(tenant, key).await
    }

    async fn add(&self, tenant: &TenantContext, key: &[u8], delta: i64) -> Result<i64, CacheError> {
        self.travel().await?;
        self.memory.add(tenant, key, delta).await
    }

    async fn clear(&self, tenant: &TenantRecord) -> Result<(), CacheError> {
        self.travel().await?;
        self.memory.clear(tenant).await
    }

    async fn lease(&self, tenant: &TenantContext, key: &[u8]) -> Result<Leased, CacheError> {
        self.travel().await?;
        self.memory.lease(tenant, key).await
    }

    async fn fill(
        &self,
        tenant: &TenantContext,
        key: &[u8],
        lease: Lease,
        value: Bytes,
        ttl: Option<Duration>,
    ) -> Result<bool, CacheError> {
        self.travel().await?;
        self.memory.fill(tenant, key, lease, value, ttl).await
    }

    fn release(&self, tenant: &TenantContext, key: &[u8], lease: Lease) {
        self.memory.release(tenant, key, lease);
    }
}

#[tokio::test]
async fn a_backend_that_is_waited_for_behaves_the_same() {
    let (cache, [acme, umbrella]) = (TenantCache::new(Remote::new()), tenants(["acme", "umbrella"]));
    let (ours, theirs) = (cache.scoped(&acme), cache.scoped(&umbrella));
    ours.set("key", "1").await.unwrap();
    assert_eq!(theirs.get("key").await.unwrap(), None);
    assert_eq!(theirs.decr("key", 1).await.unwrap(), -1);
    assert_eq!(ours.incr("key", 1).await.unwrap(), 2);
    assert_eq!(ours.get("key").await.unwrap().unwrap(), "2");
    theirs.clear().await.unwrap();
    assert!(ours.exists("key").await.unwrap() && !theirs.exists("key").await.unwrap());
    assert!(ours.delete("key").await.unwrap());
}

#[tokio::test]
async fn one_load_per_key_where_every_answer_takes_its_time() {
    let (cache, [acme]) = (TenantCache::new(Remote::new()), tenants(["acme"]));
    let runs = Arc::new(AtomicUsize::new(0));
    let mut asking = Vec::new();
    for _ in 0..1_000 {
        let (cache, acme, runs) = (cache.clone(), acme.clone(), Arc::clone(&runs));
        asking.push(tokio::spawn(async move {
            let load = move || async move {
                runs.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Ok::<_, io::Error>("value")
            };
            cache.get_or_load(&acme, "key", None, load).await
        }));
    }
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap(), "value");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_backend_that_is_down_is_an_error_and_costs_no_load_its_answer() {
    let (remote, [acme]) = (Remote::new(), tenants(["acme"]));
    let cache = TenantCache::new(Arc::clone(&remote));
    remote.down.store(true, Ordering::Relaxed);
    let errors = [
        cache.get(&acme, "key").await.map(drop),
        cache.set(&acme, "key", "value").await,
        cache.delete(&acme, "key").await.map(drop),
        cache.clear(&acme).await,
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().kind(), CacheErrorKind::Unavailable);
    }
    let load = || async { Ok::<_, io::Error>("value") };
    assert_eq!(cache.get_or_load(&acme, "key", None, load).await.unwrap(), "value");
    remote.down.store(false, Ordering::Relaxed);
    assert_eq!(cache.get(&acme, "key").await.unwrap(), None);
}

#[tokio::test]
async fn who_asks_after_a_delete_that_was_given_up_does_not_wait_for_an_older_load() {
    let (remote, [acme]) = (Remote::new(), tenants(["acme"]));
    let cache = TenantCache::new(Arc::clone(&remote));
    let older = tokio::spawn({
        let (cache, acme) = (cache.clone(), acme.clone());
        async move {
            let stuck = || async { std::future::pending::<io::Result<&str>>().await };
            cache.get_or_load(&acme, "key", None, stuck).await
        }
    });
    for _ in 0..20 {
        yield_now().await;
    }
    remote.stuck.store(true, Ordering::Relaxed);
    let deleting = tokio::time::timeout(Duration::from_millis(20), cache.delete(&acme, "key"));
    assert!(deleting.await.is_err());
    let load = || async { Ok::<_, io::Error>("new") };
    let asking = tokio::time::timeout(Duration::from_secs(5), cache.get_or_load(&acme, "key", None, load));
    assert_eq!(asking.await.unwrap().unwrap(), "new");
    older.abort();
}
