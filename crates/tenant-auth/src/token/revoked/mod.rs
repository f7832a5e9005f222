//! What is not taken any more, though it is signed and has not expired.

mod horizon;
mod memory;
mod poll;
mod view;

use std::{fmt, sync::Arc, time::Duration};

use parking_lot::RwLock;
use tenant_core::{
    Clock, Monotonic, StoreError, StoreErrorKind, SystemClock, UnixTime,
    auth::{Principal, RevocationStore, Revoked},
};
use tokio::{sync::Mutex, time::timeout};

pub use self::memory::InMemoryRevocationStore;
use self::{horizon::Horizon, poll::Poll, view::View};

/// Which tokens are revoked: a [`RevocationStore`] as this process knows it. It is cheap to clone.
///
/// A task reads what is new, every half a second, and keeps it in memory until it may be forgotten; so a revocation is known
/// everywhere that much after its transaction has ended, and here at once where it is made [here](Self::revoke). The task ends when
/// the last clone is dropped.
///
/// Where the store could not be read for 10 seconds, or was not read yet, nothing is known: then nobody's token is taken, and
/// the answer is that it [can't be found out](tenant_core::auth::AuthErrorKind::Unavailable).
///
/// A subject's tokens are revoked up to a moment; `iat` has whole seconds, so that a token issued later within the same second is
/// refused as well. One that says of no `iat` is refused until that revocation is forgotten.
///
/// # What it does not protect against
/// A `forget_at` that lies before the last of the revoked tokens has expired: they are taken again then. An issuer whose clock is
/// ahead, which the verifier's leeway allows it: what it issued just before a subject was revoked says that it was issued
/// after. A token without a `jti` can be revoked only with all of its subject. What [the store owes](RevocationStore::after) is
/// not checked.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tenant_auth::{InMemoryRevocationStore, Revocations};
/// use tenant_core::{UnixTime, auth::Revoked};
///
/// # async fn sign_out(expires_at: UnixTime) -> Result<(), tenant_core::StoreError> {
/// let revocations = Revocations::builder(Arc::new(InMemoryRevocationStore::new())).start();
/// revocations.revoke(&Revoked::Token("the token's jti".into()), expires_at).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Revocations {
    shared: Arc<Shared>,
    /// Ends with the last that holds on to it.
    _poll: Arc<Poll>,
}

struct Shared {
    store: Arc<dyn RevocationStore>,
    clock: Arc<dyn Clock>,
    stale_after: Duration,
    known: RwLock<Known>,
    /// Held while the store is read: one reading at a time.
    horizon: Mutex<Horizon>,
}

#[derive(Default)]
struct Known {
    view: View,
    /// When the last reading began that went well.
    as_of: Option<Monotonic>,
}

/// So many are read at once.
const PAGE: u32 = 1_000;

/// A call of the store that takes longer is given up, so that one that hangs does not hold up those behind it. Each page has its
/// own time: however many there are, a first reading comes to its end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kept for so much longer than was asked for: tokens are taken for up to a minute after they end, and clocks differ.
const KEPT_LONGER: Duration = Duration::from_secs(120);

impl Revocations {
    /// Those of a store.
    pub fn builder(store: Arc<dyn RevocationStore>) -> RevocationsBuilder {
        RevocationsBuilder {
            store,
            clock: Arc::new(SystemClock::new()),
            every: Duration::from_millis(500),
            stale_after: Duration::from_secs(10),
        }
    }

    /// Revokes, for all; here it is known when this answers.
    ///
    /// # Errors
    /// The store failed. The tokens are not taken here any more, though: it may have been written.
    pub async fn revoke(&self, revoked: &Revoked, forget_at: UnixTime) -> Result<(), StoreError> {
        self.shared.known.write().view.apply(revoked, forget_at);
        self.shared.store.revoke(revoked, forget_at).await
    }

    /// Reads what is new now, without waiting for the time to come.
    ///
    /// # Errors
    /// The store failed, or its answers are not in order.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        self.shared.read().await
    }

    /// Whether what proved a principal is revoked: by its id, with all of its subject, or with all of a tenant that it names.
    ///
    /// # Errors
    /// That is not known: the store could not be read for too long.
    pub fn is_revoked(&self, principal: &Principal) -> Result<bool, StoreError> {
        self.shared.is_revoked(principal)
    }

    /// How many revocations are kept here.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.shared.known.read().view.len()
    }
}

impl Shared {
    fn is_revoked(&self, principal: &Principal) -> Result<bool, StoreError> {
        let known = self.known.read();
        let now = self.clock.coarse_monotonic();
        if known.as_of.is_some_and(|as_of| now.since(as_of) <= self.stale_after) {
            Ok(known.view.has(principal))
        } else if known.view.has(principal) {
            Ok(true)
        } else {
            Err(StoreError::new(StoreErrorKind::Unavailable, "revocations could not be read for too long"))
        }
    }

    async fn read(&self) -> Result<(), StoreError> {
        let mut horizon = self.horizon.lock().await;
        let began = self.clock.monotonic();
        let highest = self.read_behind(horizon.start()).await?;
        horizon.saw(highest, began, self.clock.monotonic());
        self.known.write().as_of = Some(began);
        Ok(())
    }

    /// Reads all behind a number, and says which is the highest.
    async fn read_behind(&self, mut number: u64) -> Result<u64, StoreError> {
        loop {
            let page = patiently(self.store.after(number, PAGE)).await?;
            for revocation in &page {
                if revocation.number <= number {
                    return Err(StoreError::new(StoreErrorKind::Invalid, "revocations are not in order"));
                }
                number = revocation.number;
            }
            let mut known = self.known.write();
            page.iter().for_each(|revocation| known.view.add(revocation));
            if page.len() < PAGE as usize {
                return Ok(number);
            }
        }
    }

    /// Forgets, here and in the store, what has ended for everybody.
    async fn sweep(&self) -> Result<(), StoreError> {
        let longest = u64::try_from(KEPT_LONGER.as_nanos()).unwrap_or(u64::MAX);
        let by = UnixTime::from_nanos(self.clock.unix().as_nanos().saturating_sub(longest));
        self.known.write().view.forget(by);
        patiently(self.store.sweep(by)).await
    }
}

async fn patiently<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(PATIENCE, call).await.unwrap_or_else(|elapsed| Err(StoreError::unavailable(elapsed)))
}

/// [`Revocations`] that are being put together; made by [`Revocations::builder`].
#[must_use = "they are read once they were started"]
pub struct RevocationsBuilder {
    store: Arc<dyn RevocationStore>,
    clock: Arc<dyn Clock>,
    every: Duration,
    stale_after: Duration,
}

impl RevocationsBuilder {
    /// Reads the store so often; every 500 ms by default, and no more often than every 10.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_millis(10));
        self
    }

    /// Takes no token once the store could not be read for so long; 10 s by default. It should be several times as long as what lies
    /// between two readings.
    pub fn stale_after(mut self, longest: Duration) -> Self {
        self.stale_after = longest;
        self
    }

    /// Reads time from this clock; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Starts reading. Nothing is known until that went well once; [`refresh`](Revocations::refresh) waits for it.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use = "dropping them ends the reading"]
    pub fn start(self) -> Revocations {
        let shared = Arc::new(Shared {
            store: self.store,
            clock: self.clock,
            stale_after: self.stale_after,
            known: RwLock::default(),
            horizon: Mutex::default(),
        });
        let poll = Poll::start(Arc::clone(&shared), self.every);
        Revocations { shared, _poll: Arc::new(poll) }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("kept", &self.kept()).finish_non_exhaustive()
    }
}

impl fmt::Debug for RevocationsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationsBuilder").field("every", &self.every).finish_non_exhaustive()
    }
}
