use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use subtle::ConstantTimeEq;
use tenant_core::{
    Clock, StoreError, TenantContext, TenantId, Timestamp, UnixTime,
    auth::{
        ApiKeyRecord, ApiKeyStore, AuthError, Authenticator, Credential, CredentialKind, Principal, Proof,
        Role,
    },
};
use tokio::task::JoinHandle;

use super::{
    format::{self, KeyId, PREFIX, Shown},
    uses::Uses,
};
use crate::{
    beliefs::{Beliefs, Found, Settings},
    time::unix,
};

/// Looks at API keys: those in `X-API-Key`, and those in `Authorization: Bearer` that begin with `sk_`.
///
/// A key that was looked up is believed for 500 ms, so that one that was revoked on another instance is refused within a
/// second; one that was [revoked here](Self::revoke) is refused at once. What is remembered answers to nobody but who shows
/// the whole key: its SHA-256 is compared in constant time. Ids that no key has are remembered apart, for as long, so that
/// guessing ids neither asks the store again and again nor evicts a key. An id that does not exist, a key that was
/// revoked and a wrong secret take the same work.
///
/// A key is a `member` of its one tenant, within its scopes.
///
/// # Example
/// ```
/// use tenant_auth::{ApiKeyMode, ApiKeyVerifier, InMemoryApiKeys, NewApiKey};
/// use tenant_core::{
///     Clock, ConfigStore, InMemoryConfigManager, SystemClock, TenantConfig, TenantContext, TenantId,
///     auth::{ApiKeyStore, Authenticator, Credential, CredentialKind, Role},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let acme = TenantId::parse("acme")?;
/// let configs = InMemoryConfigManager::with([TenantConfig::builder(acme).build()?])?;
/// let tenant = TenantContext::of(&configs, &acme).await?;
///
/// let keys = InMemoryApiKeys::new();
/// let new = NewApiKey::generate(&tenant, ApiKeyMode::Live, SystemClock::new().unix().into())?;
/// keys.create(&tenant, new.record()).await?;
///
/// let verifier = ApiKeyVerifier::new(keys);
/// let shown = Credential::new(CredentialKind::ApiKey, new.key());
/// let caller = verifier.verify(&shown).await?;
/// assert_eq!(caller.role_in(&acme), Some(Role::Member));
///
/// verifier.revoke(&tenant, &new.record().key_id).await?;
/// assert!(verifier.verify(&shown).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct ApiKeyVerifier<S> {
    store: S,
    beliefs: Beliefs<KeyId, Arc<Known>>,
    uses: Uses,
}

/// A key that is there.
struct Known {
    id: KeyId,
    digest: [u8; 32],
    tenant: TenantId,
    expires_at: Option<UnixTime>,
    principal: Principal,
    /// The last use that was noted, in microseconds since 1970.
    noted: AtomicI64,
}

/// Compared with where there is no key. No text has it as its digest that anybody knows.
const NOBODYS: [u8; 32] = [0; 32];
/// How far apart two uses are that are noted, in microseconds.
const BETWEEN_USES: u64 = 60_000_000;
const REJECTED: AuthError = AuthError::rejected("the API key is not valid");
const EXPIRED: AuthError = AuthError::rejected("the API key has expired");

impl<S: ApiKeyStore> ApiKeyVerifier<S> {
    /// Looks keys up in a store, and remembers up to 10 000.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, beliefs: Beliefs::new(Settings::default()), uses: Uses::new() }
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Remembers up to so many keys, and as many ids that no key has.
    #[must_use]
    pub fn remembering(self, keys: usize) -> Self {
        self.with(|settings| (settings.found, settings.missing) = (keys, keys))
    }

    /// Believes what was looked up for so long; 500 ms by default, which is also the most.
    #[must_use]
    pub fn believing_for(self, time: Duration) -> Self {
        self.with(|settings| settings.believed_for = time.min(Settings::default().believed_for))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.beliefs.settings.clone();
        change(&mut settings);
        Self { beliefs: Beliefs::new(settings), ..self }
    }

    /// The store behind.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Ends a key of the tenant's, here at once, on every other instance within a second; `false` where the tenant has none
    /// of this id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revoke(&self, tenant: &TenantContext, key_id: &str) -> Result<bool, StoreError> {
        let revoked = self.store.revoke(tenant, key_id).await;
        // Also where it failed: it may have been revoked all the same.
        self.forget(key_id);
        revoked
    }

    /// Forgets what is known of a key, also what a lookup under way will bring: for who ends one by other ways.
    pub fn forget(&self, key_id: &str) {
        if let Some(id) = format::id_of(key_id) {
            self.beliefs.forget(&id);
        }
    }

    /// Writes down when keys were used last, each at most once a minute.
    ///
    /// # Errors
    /// The store failed; they are written the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let uses = self.uses.take();
        if uses.is_empty() {
            return Ok(());
        }
        let back = PutBack { uses: &self.uses, taken: &uses, done: false };
        self.store.touch(&uses).await?;
        back.done();
        Ok(())
    }

    fn judge(&self, shown: &Shown, known: Option<&Known>) -> Result<Principal, AuthError> {
        let kept = known.map_or(&NOBODYS, |known| &known.digest);
        let is_same = bool::from(kept.ct_eq(&shown.digest));
        let known = known.filter(|_| is_same).ok_or(REJECTED)?;
        let now = self.beliefs.settings.clock.unix();
        if known.has_expired(now) {
            return Err(EXPIRED);
        }
        self.note(known, now);
        Ok(known.principal.clone())
    }

    fn note(&self, known: &Known, now: UnixTime) {
        let now = Timestamp::from(now);
        let noted = known.noted.load(Ordering::Relaxed);
        if now.as_unix_micros().abs_diff(noted) < BETWEEN_USES {
            return;
        }
        let mine =
            known.noted.compare_exchange(noted, now.as_unix_micros(), Ordering::Relaxed, Ordering::Relaxed);
        if mine.is_ok() {
            self.uses.note(known.id, now);
        }
    }

    async fn look_up(&self, id: &KeyId) -> Result<Option<Arc<Known>>, StoreError> {
        let load = async || {
            let text: String = id.map(char::from).iter().collect();
            let record = self.store.find(&text).await?;
            Ok(record
                .filter(|record| *record.key_id == *text)
                .map(|record| Arc::new(Known::new(*id, &record))))
        };
        self.beliefs.get(id, load).await
    }
}

impl<S: ApiKeyStore + 'static> ApiKeyVerifier<S> {
    /// [Flushes](Self::flush) every so often until what is given is dropped. What is used after the last time is written by
    /// a flush of one's own.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    pub fn flush_every(self: &Arc<Self>, period: Duration) -> ApiKeyUses {
        let verifier = Arc::clone(self);
        ApiKeyUses(tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                // A store that fails now is asked again with what comes until then.
                let _ = verifier.flush().await;
            }
        }))
    }
}

/// Writes down when keys were used, until it is dropped; made by [`ApiKeyVerifier::flush_every`].
#[derive(Debug)]
#[must_use = "dropping it ends the writing"]
pub struct ApiKeyUses(JoinHandle<()>);

impl Drop for ApiKeyUses {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Puts back what was not written, also where who writes it goes away.
struct PutBack<'a> {
    uses: &'a Uses,
    taken: &'a [(Box<str>, Timestamp)],
    done: bool,
}

impl PutBack<'_> {
    fn done(mut self) {
        self.done = true;
    }
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        for (key, at) in self.taken.iter().filter(|_| !self.done) {
            if let Some(id) = format::id_of(key) {
                self.uses.note(id, *at);
            }
        }
    }
}

impl Known {
    fn new(id: KeyId, record: &ApiKeyRecord) -> Self {
        let expires_at = record.expires_at.map(unix);
        let mut principal = Principal::builder(record.key_id.clone(), Proof::ApiKey)
            .membership(record.tenant, [Role::Member.as_str()])
            .scopes(record.scopes.clone())
            .credential(record.key_id.clone())
            .issued_at(unix(record.created_at));
        if let Some(project) = &record.project {
            principal = principal.project(project.as_str());
        }
        if let Some(moment) = expires_at {
            principal = principal.expires_at(moment);
        }
        if let Some(per_minute) = record.rate_limit {
            principal = principal.rate_limit(per_minute);
        }
        let noted = record.last_used_at.map_or(i64::MIN, Timestamp::as_unix_micros).into();
        let (digest, tenant) = (record.digest, record.tenant);
        Self { id, digest, tenant, expires_at, principal: principal.build(), noted }
    }

    fn has_expired(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl Found for Arc<Known> {
    fn take_over(&self, former: &Self) {
        self.noted.fetch_max(former.noted.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

#[async_trait]
impl<S: ApiKeyStore> Authenticator for ApiKeyVerifier<S> {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        match credential.kind() {
            CredentialKind::ApiKey => true,
            CredentialKind::Bearer => credential.secret().starts_with(PREFIX),
            _ => false,
        }
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        let Some(shown) = format::read(credential.secret()) else {
            return Some(Err(REJECTED));
        };
        let known = self.beliefs.peek(&shown.id)?;
        Some(self.judge(&shown, known.as_deref()))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        let shown = format::read(credential.secret()).ok_or(REJECTED)?;
        let known = self.look_up(&shown.id).await?;
        self.judge(&shown, known.as_deref())
    }

    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError> {
        if principal.proof() != Proof::ApiKey {
            return Ok(true);
        }
        let Some(id) = principal.credential().and_then(format::id_of) else {
            return Ok(false);
        };
        let known = self.look_up(&id).await?;
        let now = self.beliefs.settings.clock.unix();
        let is_its = |known: &Arc<Known>| principal.membership_in(&known.tenant).is_some();
        Ok(known.is_some_and(|known| is_its(&known) && !known.has_expired(now)))
    }
}

impl<S> fmt::Debug for ApiKeyVerifier<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyVerifier").finish_non_exhaustive()
    }
}
