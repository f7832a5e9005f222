use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tenant_core::{
    Clock, StoreError, StoreErrorKind, SystemClock, TenantId, Timestamp,
    audit::{AuditEvent, AuditFilter, AuditStore, Digest},
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    chain::{Chain, InvalidAuditKey},
    sparing::{SparingLogs, Sparingly},
    verify::{AuditReport, verify},
    writer::{Item, Writer},
};

/// The audit log. Clones share it.
///
/// A task writes what comes together in one transaction. What [was recorded](Self::record) is in the database when the call
/// answers: a change of state waits for it. What [is noted](Self::note) waits for nobody; where the store is away for long, or
/// more comes than can be written, an event says how many are missing. What somebody can make happen as often as they like is noted
/// [sparingly](Self::note_sparingly), so that nobody fills another's log, or keeps others' events out.
///
/// # What it does not protect against
/// Who writes to the database and seals all entries behind a gap anew: give it a [key](AuditBuilder::key) that the database does
/// not hold, and note what [`AuditReport::last`] says elsewhere, which shows that the end was cut off.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::AuditLog;
/// use tenant_core::{StoreError, TenantContext, audit::AuditStore};
///
/// async fn rename(store: Arc<dyn AuditStore>, tenant: &TenantContext) -> Result<(), StoreError> {
///     let log = AuditLog::builder(store).start();
///     let renamed = log.event("ada", "project.renamed", "project").of(*tenant.id()).on("p1");
///     log.record(renamed).await
/// }
/// ```
#[derive(Clone)]
pub struct AuditLog {
    store: Arc<dyn AuditStore>,
    chain: Chain,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<Item>,
    lost: Arc<AtomicU64>,
    sparing: Arc<Mutex<SparingLogs>>,
}

/// How an [`AuditLog`] is to be.
#[must_use = "it does nothing until it is started"]
pub struct AuditBuilder {
    store: Arc<dyn AuditStore>,
    chain: Chain,
    clock: Arc<dyn Clock>,
    waiting: usize,
}

/// Events of a log, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditPage {
    /// The events.
    pub events: Vec<AuditEvent>,
    /// What the next page begins behind; `None` on the last.
    pub next_cursor: Option<Box<str>>,
}

/// So many events wait, of all tenants.
const WAITING: usize = 10_000;
/// So many at most are on a page.
const LONGEST_PAGE: u32 = 1_000;
/// So many are forgotten at once.
const FORGOTTEN_AT_ONCE: u32 = 10_000;

impl AuditBuilder {
    /// Seals entries with a key, of 32 bytes or more. Who verifies the log needs the same.
    ///
    /// # Errors
    /// It is shorter.
    pub fn key(mut self, key: &[u8]) -> Result<Self, InvalidAuditKey> {
        self.chain = Chain::with_key(key)?;
        Ok(self)
    }

    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Lets so many events wait; 10 000 by default, and one at least.
    pub fn waiting(mut self, events: usize) -> Self {
        self.waiting = events.max(1);
        self
    }

    /// Starts the task that writes. It ends when the last clone is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(self) -> AuditLog {
        let Self { store, chain, clock, waiting } = self;
        let (queue, items) = mpsc::channel(waiting);
        let lost = Arc::new(AtomicU64::new(0));
        let writer =
            Writer::new(Arc::clone(&store), chain.clone(), Arc::clone(&clock), Arc::clone(&lost), waiting);
        tokio::spawn(writer.run(items));
        AuditLog { store, chain, clock, queue, lost, sparing: Arc::new(Mutex::new(SparingLogs::new())) }
    }
}

impl AuditLog {
    /// A log in a store.
    pub fn builder(store: Arc<dyn AuditStore>) -> AuditBuilder {
        AuditBuilder {
            store,
            chain: Chain::without_key(),
            clock: Arc::new(SystemClock::new()),
            waiting: WAITING,
        }
    }

    /// Something that happens now, to be completed and recorded or noted.
    #[must_use]
    pub fn event(&self, actor: &str, action: &'static str, resource_type: &'static str) -> AuditEvent {
        event(&*self.clock, actor, action, resource_type)
    }

    /// Records something: it is in the log when this answers.
    ///
    /// # Errors
    /// A part of it is too long (`Invalid`), or the store failed: then nobody knows whether it is in the log.
    pub async fn record(&self, event: AuditEvent) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let ended = |_| StoreError::unavailable("the audit log's task has ended");
        self.queue.send(Item::Recorded(event, answer)).await.map_err(|_| ended(()))?;
        answered.await.map_err(|_| ended(()))?
    }

    /// Notes something, without waiting.
    pub fn note(&self, event: AuditEvent) {
        if self.queue.try_send(Item::Noted(event)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes, without waiting, what anybody can make happen as often as they like: ten in a second of each log, a tenant's or the
    /// deployment's own (`None`). How many there were beyond, `audit.left_out` says with the next that is noted.
    pub fn note_sparingly(&self, tenant: Option<TenantId>, happened: impl FnOnce() -> AuditEvent) {
        let (admitted, forgotten) = self.sparing.lock().admit(tenant, self.clock.coarse_monotonic());
        self.lost.fetch_add(forgotten, Ordering::Relaxed);
        let Sparingly::Noted { beyond } = admitted else { return };
        let in_its_log = |event| AuditEvent { tenant, ..event };
        if beyond > 0 {
            let left_out = self.event("system", "audit.left_out", "audit_event").on(beyond.to_string());
            self.note(in_its_log(left_out));
        }
        self.note(in_its_log(happened()));
    }

    /// Waits until all that was noted before is written, or nothing more can be tried for now.
    pub async fn flush(&self) {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Item::Flush(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }

    /// A page of one tenant's log, or of all with the deployment's own, behind a cursor of the page before.
    ///
    /// # Errors
    /// The cursor is of no event of that log (`NotFound`), or the store failed.
    pub async fn page(
        &self,
        tenant: Option<&TenantId>,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let mut events = self.store.list(tenant, filter, cursor, limit + 1).await?;
        let is_last = events.len() <= limit as usize;
        events.truncate(limit as usize);
        let next_cursor = events.last().filter(|_| !is_last).map(|event| event.event_id.clone());
        Ok(AuditPage { events, next_cursor })
    }

    /// Looks whether an entry was removed or changed.
    ///
    /// # Errors
    /// The store failed, or an entry can't be read.
    pub async fn verify(&self) -> Result<AuditReport, StoreError> {
        verify(&*self.store, &|previous: &Digest, number, event: &AuditEvent| {
            self.chain.seal(previous, number, event)
        })
        .await
    }

    /// Forgets entries that are older than this, and says how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn forget_older_than(&self, age: Duration) -> Result<u64, StoreError> {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let now = Timestamp::from(self.clock.unix()).as_unix_micros();
        let cutoff = Timestamp::from_unix_micros(now.saturating_sub(age));
        let mut all = 0;
        loop {
            let (_, gone) = self.store.forget(cutoff, FORGOTTEN_AT_ONCE).await?;
            all += gone;
            if gone < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(all);
            }
        }
    }
}

/// Something that happens now.
pub(super) fn event(
    clock: &dyn Clock,
    actor: &str,
    action: &'static str,
    resource_type: &'static str,
) -> AuditEvent {
    // Random: one that counts would tell a tenant how much others do.
    AuditEvent::new(Uuid::new_v4().to_string(), clock.unix().into(), actor, action, resource_type)
}

pub(super) fn is_invalid(error: &StoreError) -> bool {
    error.kind() == StoreErrorKind::Invalid
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl fmt::Debug for AuditBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditBuilder").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}
