use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tenant_core::{
    Clock, StoreError, SystemClock, TenantContext, Timestamp,
    usage::{Measure, UsageKind, UsageRecord, UsageStore, UsageVerdict},
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    notes::Notes,
    used::{Recorded, UsageError, Used},
    writer::{BATCH, Item, Writer},
};

/// Records what tenants use. Clones share it.
///
/// A task writes what comes together in one transaction. What [was recorded](Self::record) is in the database when the call answers, and
/// counts once for each idempotency key. What [is noted](Self::note) waits for nobody and is added up until it is written.
///
/// # What it does not protect against
/// A process that is killed takes with it what was noted and not yet written. A tenant that records much at once makes others
/// wait for their turn: bound what each may have in flight, as `FairLayer` does.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use tenant_control::{UsageError, UsageMeter, Used};
/// use tenant_core::{TenantContext, usage::{UsageKind, UsageStore}};
///
/// async fn convert(store: Arc<dyn UsageStore>, tenant: &TenantContext) -> Result<(), UsageError> {
///     let meter = UsageMeter::builder(store).start();
///     let used = Used::new(UsageKind::COMPUTE, 3).project("p1").once("job-17");
///     let recorded = meter.record(tenant, used.clone()).await?;
///     let again = meter.record(tenant, used).await?;
///     assert!(again.is_repeated && again.id == recorded.id);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct UsageMeter {
    store: Arc<dyn UsageStore>,
    clock: Arc<dyn Clock>,
    levels: Arc<[UsageKind]>,
    late: Duration,
    queue: mpsc::Sender<Item>,
    notes: Arc<Notes>,
    lost: Arc<AtomicU64>,
}

/// How a [`UsageMeter`] is to be.
#[must_use = "it does nothing until it is started"]
pub struct MeterBuilder {
    store: Arc<dyn UsageStore>,
    clock: Arc<dyn Clock>,
    levels: Vec<UsageKind>,
    late: Duration,
}

/// So late may something be recorded; a cycle is final this long after its end.
pub(crate) const LATE: Duration = Duration::from_secs(3_600);
/// Clocks of several machines differ by less.
const EARLY: Duration = Duration::from_secs(60);

impl MeterBuilder {
    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes this kind as a level, as storage is.
    pub fn level(mut self, kind: UsageKind) -> Self {
        self.levels.push(kind);
        self
    }

    /// Takes what was used so long ago; an hour by default. Tell [`Billing`](crate::Billing) the same, and keep records for longer.
    pub const fn late(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    /// Starts the task that writes. It ends when the last clone is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(self) -> UsageMeter {
        let Self { store, clock, levels, late } = self;
        let (queue, items) = mpsc::channel(2 * BATCH);
        let (notes, lost) = (Arc::<Notes>::default(), Arc::<AtomicU64>::default());
        let writer = Writer {
            store: Arc::clone(&store),
            notes: Arc::clone(&notes),
            lost: Arc::clone(&lost),
            left: Vec::new(),
        };
        tokio::spawn(writer.run(items));
        UsageMeter { store, clock, levels: levels.into(), late, queue, notes, lost }
    }
}

impl UsageMeter {
    /// A meter that writes to a store.
    pub fn builder(store: Arc<dyn UsageStore>) -> MeterBuilder {
        let levels = vec![UsageKind::STORAGE];
        MeterBuilder { store, clock: Arc::new(SystemClock::new()), levels, late: LATE }
    }

    /// Records what the tenant used: it is in the database when this answers. It is recorded also where nobody waits for the answer.
    ///
    /// # Errors
    /// It can't be recorded as it is, or at that time; the key was used for something else; the tenant is no longer active; or the store
    /// failed: then nobody knows.
    pub async fn record(&self, tenant: &TenantContext, used: Used) -> Result<Recorded, UsageError> {
        let record = self.checked(tenant, used)?;
        let id = record.record_id.clone();
        let (answer, answered) = oneshot::channel();
        let ended = || UsageError::from(StoreError::unavailable("the meter's task has ended"));
        self.queue.send(Item::Recorded(record, answer)).await.map_err(|_| ended())?;
        match answered.await.map_err(|_| ended())?? {
            UsageVerdict::New => Ok(Recorded { id, is_repeated: false }),
            UsageVerdict::Repeated(id) => Ok(Recorded { id, is_repeated: true }),
            UsageVerdict::Conflict => Err(UsageError::CONFLICT),
        }
    }

    /// What was recorded before with the same key; `None` where nothing was, or is kept no longer, or there is no key.
    ///
    /// # Errors
    /// It can't be recorded as it is, or at that time; the key was used for something else; the tenant is no longer active; or the store
    /// failed.
    pub async fn recorded(
        &self,
        tenant: &TenantContext,
        used: &Used,
    ) -> Result<Option<Recorded>, UsageError> {
        let record = self.checked(tenant, used.clone())?;
        let Some(key) = &record.idempotency_key else { return Ok(None) };
        match self.store.find(tenant.id(), key).await? {
            Some(first) if record.says_as(&first) => {
                Ok(Some(Recorded { id: first.record_id, is_repeated: true }))
            }
            Some(_) => Err(UsageError::CONFLICT),
            None => Ok(None),
        }
    }

    /// Notes what the tenant used, without waiting, and says whether it will count: not a level, nor what has a key or metadata, nor more
    /// than there is room for.
    #[must_use = "what can't be noted may be recorded"]
    pub fn note(&self, tenant: &TenantContext, used: Used) -> bool {
        let is_plain = used.key.is_none() && used.metadata.is_empty();
        let record = self.checked(tenant, used).ok();
        let record = record.filter(|record| is_plain && record.measure == Measure::Sum);
        let Some(record) = record else { return false };
        match self.notes.add(&record) {
            None => return false,
            // Where the queue is full, the task is awake.
            Some(true) => drop(self.queue.try_send(Item::Noted)),
            Some(false) => {}
        }
        true
    }

    /// Waits until all that was noted before is written, or nothing more can be tried for now.
    pub async fn flush(&self) {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Item::Flush(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }

    /// How much of what was noted could not be kept by the store.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn checked(&self, tenant: &TenantContext, used: Used) -> Result<UsageRecord, UsageError> {
        if !tenant.record().is_live() {
            return Err(UsageError::INACTIVE);
        }
        let now = Timestamp::from(self.clock.unix());
        let Used { kind, quantity, project, metadata, key, time } = used;
        let time = time.unwrap_or(now);
        if time < moved(now, self.late, -1) || time > moved(now, EARLY, 1) {
            return Err(UsageError::UNTIMELY);
        }
        let measure = if self.levels.contains(&kind) { Measure::Level } else { Measure::Sum };
        // Random: one that counts would tell a tenant how much others do.
        let id = Uuid::new_v4().to_string();
        let record = UsageRecord::new(id, *tenant.id(), kind, quantity, time);
        let record = UsageRecord { project, metadata, idempotency_key: key, measure, ..record };
        record.check()?;
        Ok(record)
    }
}

/// A moment so much before or behind another.
pub(crate) fn moved(moment: Timestamp, by: Duration, direction: i64) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(moment.as_unix_micros().saturating_add(by.saturating_mul(direction)))
}

impl fmt::Debug for UsageMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageMeter").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl fmt::Debug for MeterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeterBuilder").field("late", &self.late).finish_non_exhaustive()
    }
}
