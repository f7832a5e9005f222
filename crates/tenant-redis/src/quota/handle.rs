//! What an instance knows of a tenant: how to ask for it, how the limits stood, and what time it is where its counts are.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tenant_core::{Monotonic, TenantContext, UnixTime};
use tokio::sync::Notify;

use super::{batch::Batch, lane::Lane, plan::Plan, stand_in, standing::Standings};

#[derive(Debug)]
pub(super) struct Handle {
    pub(super) plan: Plan,
    pub(super) standings: Mutex<Standings>,
    pub(super) batch: Mutex<Option<Batch>>,
    pub(super) is_fetching: AtomicBool,
    /// Tells who waits that a batch is there, or is not to be had.
    pub(super) fetched: Notify,
    /// Before then no batch is asked for, by our clock: there was no room for one.
    pub(super) fetch_after: AtomicU64,
    pub(super) lane: Arc<Lane>,
    stand_in: OnceLock<Option<TenantContext>>,
}

impl Handle {
    pub(super) fn new(plan: Plan, lane: Arc<Lane>) -> Self {
        Self {
            plan,
            standings: Mutex::default(),
            batch: Mutex::default(),
            is_fetching: AtomicBool::new(false),
            fetched: Notify::new(),
            fetch_after: AtomicU64::new(0),
            lane,
            stand_in: OnceLock::new(),
        }
    }

    /// What an outage is decided by.
    pub(super) fn stand_in(&self) -> Option<&TenantContext> {
        self.stand_in.get_or_init(|| stand_in::context(&self.plan)).as_ref()
    }

    pub(super) fn clock(&self) -> &ServerClock {
        &self.lane.clock
    }
}

/// The clock of the server that a tenant's counts are on, as far as it is known: each node of a cluster has its own.
#[derive(Debug, Default)]
pub(super) struct ServerClock {
    /// The server's time minus our own, in microseconds; 0 while unknown.
    ahead: AtomicU64,
}

impl ServerClock {
    /// Learns from an answer what the server's time was after `asked`, so that [`ServerClock::at`] may run ahead of it by
    /// the time that the question took, and never lags behind.
    pub(super) fn learn(&self, server: u64, asked: Monotonic) {
        self.ahead.store(server.wrapping_sub(asked.as_nanos() / 1_000), Ordering::Relaxed);
    }

    /// What the server's clock shows in microseconds, or shortly will; `None` while that is not known.
    pub(super) fn at(&self, now: Monotonic) -> Option<u64> {
        match self.ahead.load(Ordering::Relaxed) {
            0 => None,
            ahead => Some(ahead.wrapping_add(now.as_nanos() / 1_000)),
        }
    }
}

pub(super) const fn unix(micros: u64) -> UnixTime {
    UnixTime::from_nanos(micros.saturating_mul(1_000))
}
