//! Copies of the database that answer reads, some time behind it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use sqlx::{Pool, pool::PoolConnection};
use tenant_core::{Clock, Monotonic, TenantId};
use tokio::time::timeout;

use crate::driver::TenantDatabase;

const FIRST_SWEEP: usize = 1_024;

/// Where reads go, and who has written so lately that the copies may not know yet.
#[derive(Debug)]
pub(crate) struct Replicas<DB: TenantDatabase> {
    copies: Vec<Copy<DB>>,
    next: AtomicUsize,
    behind: Duration,
    clock: Arc<dyn Clock>,
    writers: Mutex<Writers>,
}

#[derive(Debug)]
struct Copy<DB: TenantDatabase> {
    pool: Pool<DB>,
    /// In nanoseconds of the clock: until then it is left alone.
    rests_until: AtomicU64,
}

/// How long a copy is waited for, and how long one that did not come is left alone.
const PATIENCE: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Writers {
    last: HashMap<TenantId, Monotonic>,
    sweep_at: usize,
}

impl<DB: TenantDatabase> Replicas<DB> {
    pub(crate) fn new(pools: Vec<Pool<DB>>, behind: Duration, clock: Arc<dyn Clock>) -> Self {
        let writers = Mutex::new(Writers { last: HashMap::new(), sweep_at: FIRST_SWEEP });
        let copy = |pool| Copy { pool, rests_until: AtomicU64::new(0) };
        let copies = pools.into_iter().map(copy).collect();
        Self { copies, next: AtomicUsize::new(0), behind, clock, writers }
    }

    /// A connection to a copy for a tenant's read; none while its own writes may be missing there, and where no copy is
    /// there: then the read goes to where the writes go.
    pub(crate) async fn for_read(&self, tenant: &TenantId) -> Option<PoolConnection<DB>> {
        let now = self.clock.monotonic();
        let wrote = self.writers.lock().last.get(tenant).copied();
        if wrote.is_some_and(|wrote| now.since(wrote) < self.behind) {
            return None;
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (before, from) = self.copies.split_at_checked(turn.checked_rem(self.copies.len())?)?;
        let mut copies = from.iter().chain(before);
        let copy = copies.find(|copy| copy.rests_until.load(Ordering::Relaxed) <= now.as_nanos())?;
        if let Ok(Ok(connection)) = timeout(PATIENCE, copy.pool.acquire()).await {
            return Some(connection);
        }
        copy.rests_until.store(self.clock.monotonic().after(REST).as_nanos(), Ordering::Relaxed);
        None
    }

    /// The tenant writes, or has written.
    pub(crate) fn note_write(&self, tenant: &TenantId) {
        let now = self.clock.monotonic();
        let mut writers = self.writers.lock();
        if writers.last.len() >= writers.sweep_at {
            writers.last.retain(|_, wrote| now.since(*wrote) < self.behind);
            writers.sweep_at = (writers.last.len() * 2).max(FIRST_SWEEP);
        }
        writers.last.insert(*tenant, now);
    }

    pub(crate) fn pools(&self) -> impl Iterator<Item = &Pool<DB>> {
        self.copies.iter().map(|copy| &copy.pool)
    }
}

/// A write of a tenant. However it ends, and whether or not anybody hears how: it may have happened until then.
pub(crate) struct Writing<DB: TenantDatabase> {
    replicas: Arc<Replicas<DB>>,
    tenant: TenantId,
}

impl<DB: TenantDatabase> Writing<DB> {
    pub(crate) fn begin(replicas: Arc<Replicas<DB>>, tenant: TenantId) -> Self {
        replicas.note_write(&tenant);
        Self { replicas, tenant }
    }
}

impl<DB: TenantDatabase> Drop for Writing<DB> {
    fn drop(&mut self) {
        self.replicas.note_write(&self.tenant);
    }
}
