//! Permits that an instance has leased, to spend them without asking.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tenant_core::{
    Monotonic,
    quota::{Cost, Decision, Limit, LimitState},
};

use super::{
    answer::{Decided, OURS},
    handle::{Handle, unix},
    plan::Touched,
};

/// For so long no batch is asked for where there was no room for one: the rest of a limit goes one by one.
const NO_ROOM: Duration = Duration::from_secs(1);

/// So many times some costs, charged and not yet spent.
#[derive(Debug)]
pub(super) struct Batch {
    costs: Box<[Cost]>,
    touched: Vec<Touched>,
    /// What the server had left, limit by limit, and when that resets, in microseconds.
    limits: Vec<(u64, u64)>,
    left: u64,
    /// From when on, by the server's clock in microseconds, nothing of it is spent.
    ends: u64,
    used_at: Monotonic,
}

/// What is left of a batch that is given back.
pub(super) struct Unspent {
    pub(super) touched: Vec<Touched>,
    pub(super) resets: Vec<u64>,
    pub(super) left: u64,
}

impl Batch {
    pub(super) fn new(
        handle: &Handle,
        costs: &[Cost],
        touched: &[Touched],
        size: u64,
        granted: &Decided,
        now: Monotonic,
    ) -> Self {
        let capacity = |index| handle.plan.limits.get(index).map_or(0, Limit::capacity);
        let limits: Vec<_> = granted
            .used(touched)
            .map(|(index, used, resets)| (capacity(index).saturating_sub(used), resets))
            .collect();
        Self {
            costs: costs.into(),
            touched: touched.to_vec(),
            ends: limits.iter().map(|(_, resets)| *resets).min().unwrap_or(0),
            limits,
            left: size,
            used_at: now,
        }
    }

    fn spend(&mut self, handle: &Handle, server: u64, now: Monotonic) -> Decision {
        self.left -= 1;
        self.used_at = now;
        let states = self.touched.iter().zip(&self.limits).map(|(touched, (remaining, resets))| {
            let remaining = remaining.saturating_add(self.left.saturating_mul(touched.cost));
            LimitState::new(touched.index, remaining, touched.cost, unix(*resets)).with_mark(OURS)
        });
        Decision::new(Arc::clone(&handle.plan.limits), states, unix(server), None)
    }
}

impl Handle {
    /// Spends one of a batch; `None` if there is none for these costs. The second answer tells whether it is time to fetch
    /// the next.
    pub(super) fn spend(&self, costs: &[Cost], low: u64, now: Monotonic) -> Option<(Decision, bool)> {
        let server = self.clock().at(now)?;
        let mut place = self.batch.lock();
        let batch = place.as_mut().filter(|batch| *batch.costs == *costs)?;
        if server >= batch.ends || batch.left == 0 {
            return None;
        }
        let decision = batch.spend(self, server, now);
        Some((decision, batch.left <= low))
    }

    /// Puts a batch in the place of the former one, whose rest in the same window it takes over. What can't be kept comes
    /// back.
    pub(super) fn store(&self, mut fresh: Batch) -> Option<Unspent> {
        let mut place = self.batch.lock();
        let former = place.take();
        let rest = match former {
            Some(former) if former.costs == fresh.costs && former.ends == fresh.ends => {
                fresh.left = fresh.left.saturating_add(former.left);
                None
            }
            Some(former) => former.unspent(),
            None => None,
        };
        *place = Some(fresh);
        rest
    }

    /// The right to fetch a batch, which one at a time has: what is stranded would else be as many batches as tasks.
    pub(super) fn start_fetching(self: &Arc<Self>, now: Monotonic) -> Option<Fetching> {
        if now.as_nanos() < self.fetch_after.load(Ordering::Relaxed) {
            return None;
        }
        let is_first = !self.is_fetching.swap(true, Ordering::AcqRel);
        is_first.then(|| Fetching(Arc::clone(self)))
    }

    /// Whether somebody fetches one.
    pub(super) fn is_fetching(&self) -> bool {
        self.is_fetching.load(Ordering::Acquire)
    }

    /// There was no room for a batch: for a while nobody tries.
    pub(super) fn had_no_room(&self, now: Monotonic) {
        self.fetch_after.store(now.after(NO_ROOM).as_nanos(), Ordering::Relaxed);
    }

    /// Takes a batch out that was not used since a moment.
    pub(super) fn take_idle(&self, since: Monotonic) -> Option<Unspent> {
        let mut place = self.batch.lock();
        place.take_if(|batch| batch.used_at <= since)?.unspent()
    }
}

impl Batch {
    fn unspent(self) -> Option<Unspent> {
        let resets = self.limits.iter().map(|(_, resets)| *resets).collect();
        (self.left > 0).then_some(Unspent { touched: self.touched, resets, left: self.left })
    }
}

/// The right to fetch a batch.
pub(super) struct Fetching(pub(super) Arc<Handle>);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.is_fetching.store(false, Ordering::Release);
        self.0.fetched.notify_waiters();
    }
}
