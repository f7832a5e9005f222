//! What was denied is denied again without asking, until waiting could have helped.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Monotonic, UnixTime,
    quota::{Cost, Decision, Denial, LimitState},
};

use super::{handle::Handle, plan::Plan};

/// A denial that is remembered.
///
/// It holds until the limit admits again if nobody gives anything back. Somebody may: then this instance forgets it, and
/// another one learns of it within [`AGAIN`], because one request in so long is passed on.
#[derive(Debug)]
pub(super) struct Denied {
    costs: Box<[Cost]>,
    states: Box<[LimitState]>,
    denial: Denial,
    decided_at: UnixTime,
    seen_at: Monotonic,
    /// How long one request after the other is denied without asking.
    again: Duration,
    ask_at: Monotonic,
    until: Monotonic,
}

/// How long other instances' refunds may go unnoticed.
const AGAIN: Duration = Duration::from_secs(2);
/// The same for permits, which come and go more quickly.
const AGAIN_FOR_PERMITS: Duration = Duration::from_millis(100);
/// So many different costs of a tenant are remembered.
const MOST: usize = 4;

impl Denied {
    fn new(plan: &Plan, costs: &[Cost], decision: &Decision, now: Monotonic) -> Option<Self> {
        let (_, denial) = decision.denial()?;
        let again = if plan.is_rate(denial.index) { AGAIN } else { AGAIN_FOR_PERMITS };
        let wait = denial.retry_after.unwrap_or(Duration::MAX);
        Some(Self {
            costs: costs.into(),
            states: decision.states().map(|(_, state)| *state).collect(),
            denial,
            decided_at: decision.decided_at(),
            seen_at: now,
            again,
            ask_at: now.after(again),
            until: now.after(wait),
        })
    }

    /// The denial once more, as it would be now.
    fn repeat(&self, plan: &Plan, now: Monotonic) -> Decision {
        let passed = now.since(self.seen_at);
        let denial = Denial {
            index: self.denial.index,
            retry_after: self.denial.retry_after.map(|wait| wait.saturating_sub(passed)),
        };
        let nanos = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        let decided_at = UnixTime::from_nanos(self.decided_at.as_nanos().saturating_add(nanos));
        Decision::new(Arc::clone(&plan.limits), self.states.iter().copied(), decided_at, Some(denial))
    }
}

impl Handle {
    /// Denies what is known to be denied; `None` if somebody has to be asked. Whoever `asks` then is the one who asks for
    /// all.
    pub(super) fn deny_again(&self, costs: &[Cost], now: Monotonic, asks: bool) -> Option<Decision> {
        let mut denied = self.denied.lock();
        let position = denied.iter().position(|denied| *denied.costs == *costs)?;
        let found = denied.get_mut(position)?;
        if now >= found.until {
            denied.swap_remove(position);
            return None;
        }
        if now >= found.ask_at {
            if asks {
                found.ask_at = now.after(found.again);
            }
            return None;
        }
        Some(found.repeat(&self.plan, now))
    }

    /// Remembers a denial, or forgets the one before.
    pub(super) fn note(&self, costs: &[Cost], decision: &Decision, now: Monotonic) {
        let fresh = Denied::new(&self.plan, costs, decision, now);
        let mut denied = self.denied.lock();
        if fresh.is_none() && denied.is_empty() {
            return;
        }
        denied.retain(|denied| *denied.costs != *costs);
        if denied.len() >= MOST {
            denied.remove(0);
        }
        denied.extend(fresh);
    }
}
