use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tenant_core::{
    Clock, StoreError, TenantContext, TenantId, Timestamp, UnixTime,
    auth::{
        AuthError, Authenticator, Credential, CredentialKind, Principal, Proof, SessionRecord, SessionStore,
    },
};

use super::{
    NewSession,
    secret::{self, Digest},
};
use crate::{
    beliefs::{Beliefs, Found, Settings},
    time::unix,
};

/// Begins sessions, looks at their cookies, and ends them.
///
/// A session is for one tenant: what it proves is a member of that one and of no other. It ends when it was idle for 30
/// minutes, and after 12 hours whatever is done; both can be set. It is believed from memory for 500 ms: one that ends on
/// another instance is refused within a second, one that [ends here](Self::end) at once.
///
/// Its use is written down at most once in a quarter of the idle time. So that a session never outlives its idle time, what
/// was not written down does not count where it is not known: another instance may end it up to a quarter too early.
///
/// # Example
/// ```
/// use tenant_auth::{InMemorySessions, Sessions, csrf_matches};
/// use tenant_core::auth::{Authenticator, Credential, CredentialKind};
/// # use tenant_core::{InMemoryConfigManager, TenantConfig, TenantContext, TenantId};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let acme = TenantId::parse("acme")?;
/// # let configs = InMemoryConfigManager::with([TenantConfig::builder(acme).build()?])?;
/// # let tenant = TenantContext::of(&configs, &acme).await?;
/// let sessions = Sessions::new(InMemorySessions::new());
/// let new = sessions.begin(&tenant, "ada", ["member"]).await?;
/// assert!(csrf_matches(new.cookie(), new.csrf_token()));
///
/// let shown = Credential::new(CredentialKind::Session, new.cookie());
/// assert_eq!(sessions.verify(&shown).await?.subject(), "ada");
/// sessions.end(new.cookie()).await?;
/// assert!(sessions.verify(&shown).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Sessions<S> {
    store: S,
    beliefs: Beliefs<Digest, Arc<Known>>,
    idle: Duration,
    absolute: Duration,
}

/// A session that is there.
struct Known {
    record: SessionRecord,
    principal: Principal,
    /// Its last use that is known of, in microseconds since 1970.
    seen: AtomicI64,
    /// The last one that was written down.
    written: AtomicI64,
}

const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
const REJECTED: AuthError = AuthError::rejected("the session is not valid");
const EXPIRED: AuthError = AuthError::rejected("the session has expired");
const WAS_IDLE: AuthError = AuthError::rejected("the session was idle for too long");

impl<S: SessionStore> Sessions<S> {
    /// Keeps them in a store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, beliefs: Beliefs::new(Settings::default()), idle: IDLE, absolute: ABSOLUTE }
    }

    /// How long one may be idle; 30 minutes by default.
    #[must_use]
    pub const fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// How long one lasts, whatever is done; 12 hours by default.
    #[must_use]
    pub const fn absolute_timeout(mut self, time: Duration) -> Self {
        self.absolute = time;
        self
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Remembers up to so many, and as many cookies that no session has; 10 000 by default.
    #[must_use]
    pub fn remembering(self, sessions: usize) -> Self {
        self.with(|settings| (settings.found, settings.missing) = (sessions, sessions))
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

    /// How long one lasts at most: for the cookie's `Max-Age`.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.absolute
    }

    /// Begins a session of somebody who was just proved, in one tenant and with these roles there.
    ///
    /// Its cookie is always a new one. What the browser held before is [renewed](Self::renew), so that nobody can leave a
    /// cookie in somebody's browser and wait for them to sign in.
    ///
    /// # Errors
    /// The store failed, or the system has no random numbers.
    pub async fn begin(
        &self,
        tenant: &TenantContext,
        subject: &str,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Result<NewSession, AuthError> {
        self.begin_for(tenant, subject, roles, self.absolute).await
    }

    /// Begins a session of somebody who has shown a second factor besides.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn begin_with_second_factor(
        &self,
        tenant: &TenantContext,
        subject: &str,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Result<NewSession, AuthError> {
        self.start(tenant, subject, roles, self.absolute, true).await
    }

    /// Begins a session that lasts for so long, where that is less than others do.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn begin_for(
        &self,
        tenant: &TenantContext,
        subject: &str,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
        lifetime: Duration,
    ) -> Result<NewSession, AuthError> {
        self.start(tenant, subject, roles, lifetime, false).await
    }

    async fn start(
        &self,
        tenant: &TenantContext,
        subject: &str,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
        lifetime: Duration,
        second_factor: bool,
    ) -> Result<NewSession, AuthError> {
        let now = Timestamp::from(self.now());
        let end = after(now, lifetime.min(self.absolute));
        let roles = roles.into_iter().map(Into::into).collect();
        let new = NewSession::make(|digest| {
            let mut record = SessionRecord::new(digest, *tenant.id(), subject, now, end);
            (record.roles, record.second_factor) = (roles, second_factor);
            record
        })?;
        self.store.create(new.record()).await?;
        Ok(new)
    }

    /// Ends what the browser held before, if that is a session, and begins another one: at each sign-in, and whenever
    /// somebody gets other rights.
    ///
    /// # Errors
    /// As [`begin`](Self::begin); the former session may have ended.
    pub async fn renew(
        &self,
        former: &str,
        tenant: &TenantContext,
        subject: &str,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Result<NewSession, AuthError> {
        let roles: Vec<Box<str>> = roles.into_iter().map(Into::into).collect();
        self.end(former).await?;
        self.begin(tenant, subject, roles).await
    }

    /// Ends the session of a cookie, here at once; `false` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end(&self, cookie: &str) -> Result<bool, StoreError> {
        match secret::read(cookie) {
            Some(digest) => self.end_digest(&digest).await,
            None => Ok(false),
        }
    }

    /// Ends the session of this [name](crate::session_name), here at once; `false` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end_named(&self, name: &str) -> Result<bool, StoreError> {
        match secret::named(name) {
            Some(digest) => self.end_digest(&digest).await,
            None => Ok(false),
        }
    }

    async fn end_digest(&self, digest: &Digest) -> Result<bool, StoreError> {
        let ended = self.store.end(digest).await;
        // Also where it failed: it may have ended all the same.
        self.beliefs.forget(digest);
        ended
    }

    /// Ends all sessions of somebody in a tenant, which may be suspended, here at once, and says by their [names](crate::session_name)
    /// which there were: a token that was signed for one of them has to be revoked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<String>, StoreError> {
        let ended = self.store.end_all(tenant, subject).await;
        self.beliefs
            .forget_where(|known| known.record.tenant == *tenant && *known.record.subject == *subject);
        Ok(ended?.iter().map(secret::name).collect())
    }

    /// Clears away sessions that have expired, at most so many at once, and says how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self, limit: u32) -> Result<u64, StoreError> {
        self.store.sweep(self.now().into(), limit).await
    }

    fn now(&self) -> UnixTime {
        self.beliefs.settings.clock.unix()
    }

    async fn look_up(&self, digest: &Digest) -> Result<Option<Arc<Known>>, StoreError> {
        let load = async || {
            let record = self.store.load(digest).await?;
            Ok(record.filter(|record| record.digest == *digest).map(|record| Arc::new(Known::new(record))))
        };
        self.beliefs.get(digest, load).await
    }

    fn judge(&self, known: &Known, now: Timestamp) -> Result<(), AuthError> {
        if known.record.expires_at <= now {
            return Err(EXPIRED);
        }
        let seen = Timestamp::from_unix_micros(known.seen.load(Ordering::Relaxed));
        if after(seen, self.idle) <= now { Err(WAS_IDLE) } else { Ok(()) }
    }

    /// Whether its use has to be written down.
    fn is_due(&self, written: i64, now: Timestamp) -> bool {
        after(Timestamp::from_unix_micros(written), self.idle / 4) <= now
    }

    async fn touch(&self, known: &Known, now: Timestamp) {
        let written = known.written.load(Ordering::Relaxed);
        if !self.is_due(written, now) {
            return;
        }
        let Some(turn) = Turn::take(&known.written, written, now) else { return };
        // Who uses it is who they are, also where that can't be written down now.
        if self.store.touch(&known.record.digest, now).await.is_ok() {
            turn.done();
        }
    }
}

/// Somebody's turn to write down that a session is in use. Where they go away, it is the next one's.
struct Turn<'k> {
    written: &'k AtomicI64,
    before: i64,
    now: i64,
}

impl<'k> Turn<'k> {
    /// Of several who see that it is due, one's.
    fn take(written: &'k AtomicI64, before: i64, now: Timestamp) -> Option<Self> {
        let now = now.as_unix_micros();
        let taken = written.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok().then_some(Self { written, before, now })
    }

    fn done(mut self) {
        self.before = self.now;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let _ = self.written.compare_exchange(self.now, self.before, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Known {
    fn new(record: SessionRecord) -> Self {
        let mut principal = Principal::builder(record.subject.clone(), Proof::Session)
            .membership(record.tenant, record.roles.iter().cloned())
            .credential(secret::name(&record.digest))
            .issued_at(unix(record.created_at))
            .expires_at(unix(record.expires_at));
        if record.second_factor {
            principal = principal.second_factor();
        }
        let principal = principal.build();
        let seen = record.seen_at.as_unix_micros();
        Self { record, principal, seen: seen.into(), written: seen.into() }
    }

    fn used(&self, now: Timestamp) -> Principal {
        self.seen.fetch_max(now.as_unix_micros(), Ordering::Relaxed);
        self.principal.clone()
    }
}

impl Found for Arc<Known> {
    fn take_over(&self, former: &Self) {
        self.seen.fetch_max(former.seen.load(Ordering::Relaxed), Ordering::Relaxed);
        self.written.fetch_max(former.written.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// So long after a moment; at the end of time where that is later.
fn after(moment: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(moment.as_unix_micros().saturating_add(micros))
}

#[async_trait]
impl<S: SessionStore> Authenticator for Sessions<S> {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        credential.kind() == CredentialKind::Session
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        let Some(digest) = secret::read(credential.secret()) else {
            return Some(Err(REJECTED));
        };
        let Some(known) = self.beliefs.peek(&digest)? else {
            return Some(Err(REJECTED));
        };
        let now = self.now().into();
        if let Err(error) = self.judge(&known, now) {
            return Some(Err(error));
        }
        if self.is_due(known.written.load(Ordering::Relaxed), now) {
            return None;
        }
        Some(Ok(known.used(now)))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        let digest = secret::read(credential.secret()).ok_or(REJECTED)?;
        let known = self.look_up(&digest).await?.ok_or(REJECTED)?;
        let now = self.now().into();
        self.judge(&known, now)?;
        let principal = known.used(now);
        self.touch(&known, now).await;
        Ok(principal)
    }

    async fn holds(&self, principal: &Principal) -> Result<bool, AuthError> {
        if principal.proof() != Proof::Session {
            return Ok(true);
        }
        let Some(digest) = principal.credential().and_then(secret::named) else {
            return Ok(false);
        };
        let known = self.look_up(&digest).await?;
        let is_its = |known: &Arc<Known>| {
            *known.record.subject == *principal.subject()
                && principal.membership_in(&known.record.tenant).is_some()
        };
        // A connection that stays open is no use: what was idle otherwise ends.
        Ok(known.is_some_and(|known| is_its(&known) && self.judge(&known, self.now().into()).is_ok()))
    }
}

impl<S> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("idle", &self.idle)
            .field("absolute", &self.absolute)
            .finish_non_exhaustive()
    }
}
