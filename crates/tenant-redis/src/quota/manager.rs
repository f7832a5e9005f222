use std::{
    collections::HashMap,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use lru::LruCache;
use parking_lot::Mutex;
use tenant_core::{
    Clock, Hooks, InMemoryQuotaManager, LimitPhase, QuotaManager, StoreError, SystemClock, TenantContext,
    TenantId, TenantRecord,
    quota::{Cost, Decision, Usage},
};

use super::{
    handle::Handle,
    held::Held,
    lane::Lane,
    plan::Plan,
    scripts::Scripts,
    worker::{Jobs, Worker, renew},
};
use crate::{Redis, caller::Caller};

/// Counts in Redis what all instances of a deployment use together.
///
/// It decides as [`InMemoryQuotaManager`] does, by the same algorithms and in one step over all limits, in a Lua script on
/// the server that holds the tenant's counts: one round trip whatever the number of limits. Time is the server's (`TIME`),
/// so that instances may disagree about it. The module documentation of this crate tells of failures and their bounds.
///
/// # Example
/// ```no_run
/// use std::time::Duration;
/// use tenant_redis::{Redis, RedisQuotaManager};
///
/// # async fn start() -> Result<(), tenant_redis::RedisError> {
/// let redis = Redis::open("redis://127.0.0.1:6379")?;
/// let quotas = RedisQuotaManager::builder(&redis).deadline(Duration::from_millis(30)).build();
/// // ... serve ...
/// quotas.flush().await; // what was to be settled or refunded
/// # Ok(())
/// # }
/// ```
pub struct RedisQuotaManager {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    number: u64,
    pub(super) caller: Caller,
    /// For what nobody waits for.
    patient: Caller,
    pub(super) scripts: Arc<Scripts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) hooks: Hooks,
    pub(super) thresholds: String,
    pub(super) batch: u64,
    pub(super) local: InMemoryQuotaManager,
    pub(super) held: Arc<Held>,
    pub(super) jobs: Jobs,
    /// Batches are fetched from wherever something is decided, be that outside of the runtime.
    pub(super) runtime: tokio::runtime::Handle,
    /// Who may have a batch, by address. They stay until it is spent or given back, whether anybody asks for them or not.
    pub(super) leasing: Mutex<HashMap<usize, Arc<Handle>>>,
    /// The handles of tenants whose record keeps that of another manager.
    others: Mutex<LruCache<TenantId, Arc<Kept>>>,
    /// One for all, but on a cluster.
    lane: Option<Arc<Lane>>,
    pub(super) me: Weak<Inner>,
}

/// A handle where it is kept for as long as the tenant's config is what it is.
struct Kept {
    handle: Arc<Handle>,
    manager: Weak<Inner>,
}

impl Drop for Kept {
    /// Nobody comes any more to spend what was leased.
    fn drop(&mut self) {
        if let Some(manager) = self.manager.upgrade() {
            manager.give_back_batch(&self.handle, Duration::ZERO);
        }
    }
}

/// Sets up a [`RedisQuotaManager`].
#[derive(Debug)]
#[must_use]
pub struct RedisQuotaManagerBuilder {
    redis: Redis,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    hooks: Hooks,
    thresholds: Vec<u8>,
    batch: u64,
}

/// The numbers of managers in memory begin at 0.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1 << 63);
const DEADLINE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(1);
const OTHERS: NonZeroUsize = match NonZeroUsize::new(4_096) {
    Some(count) => count,
    None => NonZeroUsize::MIN,
};
/// A batch that was not used for so long is given back when it is looked at next, after as long at most.
const IDLE: Duration = Duration::from_secs(8);

impl RedisQuotaManagerBuilder {
    /// Waits so long for a decision before the limits' failure policies decide: 50 ms unless given.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Takes the time for durations from `clock`, civil time where Redis is away, and the moment at which a boost ends;
    /// otherwise civil time is Redis' own.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Reports warnings, fallbacks and losses to `hooks`.
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Warns at these percentages of a limit, 1 to 100; others are left out: at 80 and 100 unless given. Each is told of
    /// once per window over all instances, which should have the same.
    pub fn thresholds(mut self, percent: impl IntoIterator<Item = u8>) -> Self {
        self.thresholds = percent.into_iter().filter(|value| (1..=100).contains(value)).collect();
        self.thresholds.sort_unstable();
        self.thresholds.dedup();
        self
    }

    /// Leases so many requests at once for tenants whose limits are fixed windows, and spends them without asking: off (0)
    /// unless given.
    ///
    /// What is leased is charged: nothing is ever admitted beyond a limit by it. What an instance leased and did not spend
    /// nobody can use until the window ends, or the instance gives it back: after 8 to 16 idle seconds, and at once where the
    /// config changes or is evicted, as soon as the last request that came by the former one is done. It is at most one and a
    /// quarter batches per instance, tenant and config by which requests are still being answered.
    pub const fn batch(mut self, requests: u64) -> Self {
        self.batch = requests;
        self
    }

    /// The manager.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use]
    pub fn build(self) -> RedisQuotaManager {
        self.build_with(Scripts::new())
    }

    pub(super) fn build_with(self, scripts: Scripts) -> RedisQuotaManager {
        let caller = Caller::new(self.redis, self.deadline);
        let mut patient = caller.clone();
        patient.set_deadline(PATIENCE);
        let (scripts, held) = (Arc::new(scripts), Arc::new(Held::default()));
        let local = InMemoryQuotaManager::with_clock(Arc::clone(&self.clock));
        let percent = if self.hooks.is_empty() { Vec::new() } else { self.thresholds };
        let thresholds = percent.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        let jobs = Worker::start(
            patient.clone(),
            Arc::clone(&scripts),
            Arc::clone(&held),
            self.hooks.clone(),
            thresholds.clone(),
        );
        let lane = (!caller.redis().is_cluster()).then(Arc::default);
        let inner = |me: &Weak<Inner>| Inner {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            caller,
            patient,
            scripts,
            clock: self.clock,
            local: local.with_thresholds(percent).with_hooks(self.hooks.clone()),
            hooks: self.hooks,
            thresholds,
            batch: self.batch,
            held,
            jobs,
            runtime: tokio::runtime::Handle::current(),
            leasing: Mutex::default(),
            others: Mutex::new(LruCache::new(OTHERS)),
            lane,
            me: Weak::clone(me),
        };
        let inner = Arc::new_cyclic(inner);
        if inner.batch > 1 {
            tokio::spawn(give_back_idle(Arc::downgrade(&inner)));
        }
        RedisQuotaManager { inner }
    }
}

impl RedisQuotaManager {
    /// A manager as it comes.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self::builder(redis).build()
    }

    /// Sets up a manager.
    pub fn builder(redis: &Redis) -> RedisQuotaManagerBuilder {
        RedisQuotaManagerBuilder {
            redis: redis.clone(),
            deadline: DEADLINE,
            clock: Arc::new(SystemClock::new()),
            hooks: Hooks::default(),
            thresholds: InMemoryQuotaManager::THRESHOLDS.into(),
            batch: 0,
        }
    }

    /// Gives back what was leased and not spent, and waits until nothing is left to be settled, refunded or given back: for
    /// a shutdown, when nothing more is decided, with a time limit of the caller's.
    ///
    /// What comes in meanwhile is waited for, too; a batch that is being fetched at that moment is not given back. Not all
    /// need have arrived: what could not be sent for 5 seconds, or may have been sent, is given up. Settlements and refunds
    /// are then told to `on_settlements_lost`, and permits expire.
    pub async fn flush(&self) {
        self.inner.give_back_batches(Duration::ZERO);
        self.inner.jobs.flush().await;
    }
}

async fn give_back_idle(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.give_back_batches(IDLE);
    }
}

impl Inner {
    pub(super) fn handle(&self, tenant: &TenantRecord) -> Arc<Handle> {
        // By our own clock: that of the server is not always known, and no window hangs on it.
        let phase = tenant.phase(|| self.clock.unix());
        let fresh = || {
            let plan = Plan::new(phase.limits(), tenant.id(), self.caller.redis().keyspace());
            Arc::new(Kept { handle: self.handle_of(plan), manager: Weak::clone(&self.me) })
        };
        match phase.quota_slot().get_or_init::<Kept>(self.number, fresh) {
            Some(kept) => Arc::clone(&kept.handle),
            None => self.other(tenant.id(), phase, fresh),
        }
    }

    pub(super) fn handle_of(&self, plan: Plan) -> Arc<Handle> {
        Arc::new(Handle::new(plan, self.lane.clone().unwrap_or_default()))
    }

    fn other(&self, tenant: &TenantId, phase: &LimitPhase, fresh: impl FnOnce() -> Arc<Kept>) -> Arc<Handle> {
        let mut others = self.others.lock();
        match others.get(tenant) {
            Some(kept) if Arc::ptr_eq(&kept.handle.plan.limits, phase.limits()) => Arc::clone(&kept.handle),
            _ => {
                let kept = fresh();
                let handle = Arc::clone(&kept.handle);
                let former = others.push(*tenant, kept);
                drop(others);
                // Outside of the lock, because it may have something to give back.
                drop(former);
                handle
            }
        }
    }
}

#[async_trait]
impl QuotaManager for RedisQuotaManager {
    fn try_decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Option<Decision> {
        Inner::try_decide(&self.inner, tenant, costs)
    }

    async fn decide(&self, tenant: &TenantContext, costs: &[Cost]) -> Result<Decision, StoreError> {
        Inner::decide(&self.inner, tenant, costs).await
    }

    fn settle(&self, tenant: &TenantContext, decision: &Decision, actual: &[Cost]) {
        self.inner.settle(tenant, decision, actual);
    }

    async fn usage(&self, tenant: &TenantRecord) -> Result<Usage, StoreError> {
        self.inner.usage(tenant).await
    }

    async fn renew_permits(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        renew(&inner.patient, &inner.scripts, &inner.held).await.map_err(StoreError::unavailable)
    }
}

impl fmt::Debug for RedisQuotaManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQuotaManager").field("batch", &self.inner.batch).finish_non_exhaustive()
    }
}
