//! Two tenants, a clock that stands still, and stores that count, wait and fail as they are told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tenant_auth::{InMemoryApiKeys, InMemorySessions};
use tenant_core::{
    InMemoryConfigManager, ManualClock, Page, StoreError, TenantConfig, TenantContext, TenantId, Timestamp,
    UnixTime,
    auth::{
        ApiKeyRecord, ApiKeyStore, AuthError, AuthErrorKind, Authenticator, Credential, CredentialKind,
        Principal, SessionRecord, SessionStore,
    },
};
use tokio::sync::Semaphore;

pub(crate) fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(crate) async fn tenants() -> (TenantContext, TenantContext) {
    let config = |name| TenantConfig::builder(id(name)).build().unwrap();
    let configs = InMemoryConfigManager::with([config("acme"), config("globex")]).unwrap();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    (acme, TenantContext::of(&configs, &id("globex")).await.unwrap())
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)))
}

pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros((1_700_000_000 + seconds) * 1_000_000)
}

pub(crate) const fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

pub(crate) fn api_key(text: &str) -> Credential<'_> {
    Credential::new(CredentialKind::ApiKey, text)
}

pub(crate) fn cookie(text: &str) -> Credential<'_> {
    Credential::new(CredentialKind::Session, text)
}

/// What is said from memory, where something is said at all, is what is said after a lookup.
pub(crate) async fn verify(
    judge: &impl Authenticator,
    credential: Credential<'_>,
) -> Result<Principal, AuthErrorKind> {
    assert!(judge.judges(&credential));
    let peeked = judge.peek(&credential);
    let verified = judge.verify(&credential).await.map_err(|error| error.kind());
    if let Some(peeked) = peeked {
        let subject =
            |answer: Result<&Principal, AuthErrorKind>| answer.map(|caller| caller.subject().to_owned());
        let peeked = peeked.map_err(|error: AuthError| error.kind());
        assert_eq!(
            subject(peeked.as_ref().map_err(|kind| *kind)),
            subject(verified.as_ref().map_err(|kind| *kind))
        );
    }
    verified
}

/// A store in memory behind a way that can be counted, blocked and broken.
pub(crate) struct Faulty<S> {
    inner: S,
    pub(crate) reads: AtomicU64,
    pub(crate) touches: AtomicU64,
    is_down: AtomicBool,
    pub(crate) is_read_only: AtomicBool,
    /// Reads wait here with what they have read.
    pub(crate) gate: Semaphore,
}

impl<S> Faulty<S> {
    pub(crate) fn new(inner: S) -> Arc<Self> {
        let (reads, touches, is_down, is_read_only) = Default::default();
        Arc::new(Self { inner, reads, touches, is_down, is_read_only, gate: Semaphore::new(10_000) })
    }

    pub(crate) fn fail(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn touches(&self) -> u64 {
        self.touches.load(Ordering::SeqCst)
    }

    /// From now on reads wait until they are let through.
    pub(crate) fn block(&self) {
        self.gate.forget_permits(usize::MAX);
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_down.load(Ordering::SeqCst) { Err(StoreError::unavailable("it is down")) } else { Ok(()) }
    }

    fn check_write(&self) -> Result<(), StoreError> {
        if self.is_read_only.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("it is read-only"));
        }
        self.check()
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        let answer = read.await;
        self.gate.acquire().await.unwrap().forget();
        answer
    }
}

pub(crate) struct Shared<S>(pub(crate) Arc<Faulty<S>>);

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[async_trait]
impl ApiKeyStore for Shared<InMemoryApiKeys> {
    async fn find(&self, key_id: &str) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.0.read(self.0.inner.find(key_id)).await
    }

    async fn create(&self, tenant: &TenantContext, key: &ApiKeyRecord) -> Result<(), StoreError> {
        self.0.inner.create(tenant, key).await
    }

    async fn list(&self, tenant: &TenantContext, page: Page) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.0.inner.list(tenant, page).await
    }

    async fn revoke(&self, tenant: &TenantContext, key_id: &str) -> Result<bool, StoreError> {
        self.0.inner.revoke(tenant, key_id).await
    }

    async fn touch(&self, uses: &[(Box<str>, Timestamp)]) -> Result<(), StoreError> {
        self.0.check()?;
        self.0.touches.fetch_add(u64::try_from(uses.len()).unwrap(), Ordering::SeqCst);
        self.0.inner.touch(uses).await
    }
}

#[async_trait]
impl SessionStore for Shared<InMemorySessions> {
    async fn load(&self, digest: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError> {
        self.0.read(self.0.inner.load(digest)).await
    }

    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.0.inner.create(session).await
    }

    async fn touch(&self, digest: &[u8; 32], seen_at: Timestamp) -> Result<(), StoreError> {
        self.0.check_write()?;
        self.0.touches.fetch_add(1, Ordering::SeqCst);
        self.0.inner.touch(digest, seen_at).await
    }

    async fn end(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        self.0.inner.end(digest).await
    }

    async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError> {
        self.0.inner.end_all(tenant, subject).await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.0.inner.sweep(now, limit).await
    }
}
