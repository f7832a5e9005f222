//! A store whose transactions end when a test says so, and who reads it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tenant_auth::{Revocations, TokenVerifier};
use tenant_core::{
    ManualClock, StoreError, StoreErrorKind, TenantId, UnixTime, async_trait,
    auth::{AuthErrorKind, Authenticator, Revocation, RevocationStore, Revoked},
};
use tokio::time::sleep;

use crate::token::{
    bearer, builder, clock,
    forge::{ED, NOW},
    show,
};

pub(super) const FORGET_AT: UnixTime = UnixTime::from_nanos((NOW + 600) * 1_000_000_000);

pub(super) fn token(id: &str) -> Revoked {
    Revoked::Token(id.into())
}

pub(super) fn subject(subject: &str, until: u64) -> Revoked {
    Revoked::Subject { subject: subject.into(), until: UnixTime::from_secs(until) }
}

pub(super) fn tenant(tenant: &str, until: u64) -> Revoked {
    Revoked::Tenant { tenant: TenantId::parse(tenant).unwrap(), until: UnixTime::from_secs(until) }
}

/// A store whose transactions end when the test says so.
#[derive(Default)]
pub(super) struct Store {
    pub(super) visible: Mutex<BTreeMap<u64, Revocation>>,
    pub(super) is_down: AtomicBool,
    pub(super) hangs: AtomicBool,
    pub(super) reads: AtomicUsize,
    pub(super) swept: AtomicUsize,
}

impl Store {
    pub(super) fn show(&self, number: u64, revoked: Revoked) {
        self.visible.lock().insert(number, Revocation::new(number, revoked, FORGET_AT));
    }
}

#[async_trait]
impl RevocationStore for Store {
    async fn revoke(&self, _: &Revoked, _: UnixTime) -> Result<(), StoreError> {
        Err(StoreError::new(StoreErrorKind::Unavailable, "down"))
    }

    async fn after(&self, number: u64, limit: u32) -> Result<Vec<Revocation>, StoreError> {
        self.reads.fetch_add(1, SeqCst);
        if self.hangs.load(SeqCst) {
            sleep(Duration::from_secs(3_600)).await;
        }
        if self.is_down.load(SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "down"));
        }
        let visible = self.visible.lock();
        Ok(visible.range(number + 1..).take(limit as usize).map(|(_, one)| one.clone()).collect())
    }

    async fn sweep(&self, now: UnixTime) -> Result<(), StoreError> {
        self.swept.fetch_add(1, SeqCst);
        self.visible.lock().retain(|_, one| one.forget_at > now);
        Ok(())
    }
}

pub(super) struct World {
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<Store>,
    pub(super) revocations: Revocations,
    pub(super) verifier: TokenVerifier,
}

impl World {
    pub(super) async fn new() -> Self {
        let world = Self::unread();
        world.revocations.refresh().await.unwrap();
        world
    }

    pub(super) fn unread() -> Self {
        let (clock, store) = (clock(), Arc::new(Store::default()));
        let revocations =
            Revocations::builder(Arc::clone(&store) as _).clock(Arc::clone(&clock) as _).start();
        let verifier = builder(&clock).revocations(revocations.clone()).build();
        Self { clock, store, revocations, verifier }
    }

    /// Both clocks run on, and the store is read as often as it is then.
    pub(super) async fn pass(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(Duration::from_millis(100));
            self.clock.advance(step);
            sleep(step).await;
            left -= step;
        }
    }

    pub(super) async fn answer(&self, claims: &str) -> Result<String, AuthErrorKind> {
        let token = ED.token(claims);
        let answer = show(&self.verifier, &token).await;
        match self.verifier.peek(&bearer(&token)) {
            Some(peeked) => assert_eq!(peeked.is_ok(), answer.is_ok()),
            None => assert!(answer.is_err(), "what is valid is remembered"),
        }
        answer.map(|principal| principal.subject().to_owned()).map_err(|error| error.kind())
    }
}
