//! All counts of one tenant, behind one lock.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::super::{
    Cost, Decision, Denial, Limit, LimitState, LimitUsage, Limits, Usage, decision::States,
    window::FixedWindow,
};
use crate::UnixTime;

/// The limits, by position, that crossed a threshold, with the threshold in percent: almost always none.
pub(super) type Crossed = Vec<(usize, u8)>;

const THRESHOLDS: [u8; 2] = [80, 100];

#[derive(Debug, Default)]
pub(super) struct Cell(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Which limits the counts stand for, position by position.
    layout: Arc<Limits>,
    windows: SmallVec<[FixedWindow; 2]>,
    /// Counts of limits that the layout does not have (any more): a context of an older config may come back.
    parked: Vec<(Limit, FixedWindow)>,
}

impl Cell {
    #[inline]
    pub(super) fn decide(
        &self,
        limits: &Arc<Limits>,
        costs: &[Cost],
        now: UnixTime,
        crossed: &mut Crossed,
    ) -> Decision {
        let mut counts = self.0.lock();
        counts.lay_out(limits, now);
        let mut states = States::new();
        let denial = counts.weigh(limits, costs, now, &mut states);
        counts.charge(limits, &mut states, denial.is_none(), crossed);
        drop(counts);
        Decision::of_states(Arc::clone(limits), states, now, denial)
    }

    pub(super) fn settle(&self, decision: &Decision, actual: &[Cost], now: UnixTime) {
        let mut counts = self.0.lock();
        for (limit, state) in decision.states() {
            let Some(used) = Cost::total(actual, &limit.dimension) else {
                continue;
            };
            // The same window only: what was charged in an earlier one is history.
            if let Some(window) = counts.find(limit)
                && !window.has_ended(now)
                && window.ends() == state.resets_at
            {
                window.used = window.used.saturating_sub(state.charged).saturating_add(used);
            }
        }
    }

    pub(super) fn usage(&self, limits: &Arc<Limits>, now: UnixTime) -> Usage {
        let mut counts = self.0.lock();
        counts.lay_out(limits, now);
        counts.advance(limits, now);
        let usage = |(limit, window): (&Limit, &FixedWindow)| LimitUsage {
            limit: limit.clone(),
            used: window.used,
            resets_at: window.ends(),
        };
        Usage::new(limits.iter().zip(&counts.windows).map(usage).collect())
    }

    /// Whether nothing is counted that still matters.
    pub(super) fn is_idle(&self, now: UnixTime) -> bool {
        let counts = self.0.lock();
        counts.windows.iter().chain(counts.parked.iter().map(|(_, window)| window)).all(|w| w.has_ended(now))
    }
}

impl Counts {
    /// Makes `windows` stand for `limits`, position by position. A limit that was changed keeps the count of its
    /// window.
    #[inline]
    fn lay_out(&mut self, limits: &Arc<Limits>, now: UnixTime) {
        if !Arc::ptr_eq(&self.layout, limits) {
            self.change_layout(limits, now);
        }
    }

    /// Moves each window on to now.
    fn advance(&mut self, limits: &Limits, now: UnixTime) {
        for (limit, window) in limits.iter().zip(&mut self.windows) {
            window.advance(limit.window, now);
        }
    }

    #[cold]
    fn change_layout(&mut self, limits: &Arc<Limits>, now: UnixTime) {
        let old = std::mem::replace(&mut self.layout, Arc::clone(limits));
        self.parked.extend(old.iter().cloned().zip(std::mem::take(&mut self.windows)));
        self.windows = limits.iter().map(|limit| self.unpark(limit, now)).collect();
        self.parked.retain(|(_, window)| window.used > 0 && !window.has_ended(now));
    }

    fn unpark(&mut self, limit: &Limit, now: UnixTime) -> FixedWindow {
        let same = |(parked, _): &(Limit, FixedWindow)| counts_for(parked, limit);
        match self.parked.iter().position(same) {
            Some(position) => self.parked.swap_remove(position).1,
            None => FixedWindow::at(limit.window, now),
        }
    }

    fn find(&mut self, limit: &Limit) -> Option<&mut FixedWindow> {
        let position = self.layout.iter().position(|own| counts_for(own, limit));
        match position {
            Some(position) => self.windows.get_mut(position),
            None => self.parked.iter_mut().find(|(own, _)| counts_for(own, limit)).map(|(_, window)| window),
        }
    }

    /// Moves the windows of the limits that the costs touch on to now, notes what each is to be charged, and tells the
    /// denial that takes longest.
    #[inline]
    fn weigh(
        &mut self,
        limits: &Limits,
        costs: &[Cost],
        now: UnixTime,
        states: &mut States,
    ) -> Option<Denial> {
        let mut denial = None;
        for (index, (limit, window)) in limits.iter().zip(&mut self.windows).enumerate() {
            let Some(cost) = Cost::total(costs, &limit.dimension) else { continue };
            window.advance(limit.window, now);
            states.push(LimitState { index, remaining: 0, charged: cost, resets_at: window.ends() });
            if let Some(retry_after) = deny(limit, window, cost, now) {
                denial = Some(longer(denial, Denial { index, retry_after }));
            }
        }
        denial
    }

    /// Charges each limit what was weighed, or nothing, and says how it stands then.
    #[inline]
    fn charge(&mut self, limits: &Limits, states: &mut States, is_admitted: bool, crossed: &mut Crossed) {
        for state in states {
            let (Some(limit), Some(window)) = (limits.get(state.index), self.windows.get_mut(state.index))
            else {
                continue;
            };
            if is_admitted {
                window.used = window.used.saturating_add(state.charged);
            } else {
                state.charged = 0;
            }
            if let Some(percent) = crosses(limit, window) {
                crossed.push((state.index, percent));
            }
            state.remaining = limit.limit.saturating_sub(window.used);
        }
    }
}

/// A count goes on under a changed limit as long as it is the same name over the same thing and window.
fn counts_for(left: &Limit, right: &Limit) -> bool {
    left.name == right.name && left.dimension == right.dimension && left.window == right.window
}

/// `None` admits; otherwise how long to wait, or that waiting does not help. A cost of 0 is always admitted.
#[inline]
fn deny(limit: &Limit, window: &FixedWindow, cost: u64, now: UnixTime) -> Option<Option<Duration>> {
    let fits = window.used.saturating_add(cost) <= limit.limit;
    if fits || cost == 0 || limit.shadow {
        return None;
    }
    Some((cost <= limit.limit).then(|| window.ends().until_from(now)))
}

fn longer(denial: Option<Denial>, next: Denial) -> Denial {
    let wait = |denial: &Denial| denial.retry_after.unwrap_or(Duration::MAX);
    denial.filter(|longest| wait(longest) > wait(&next)).unwrap_or(next)
}

/// The highest threshold that was crossed and not yet reported in this window, in percent.
#[inline]
fn crosses(limit: &Limit, window: &mut FixedWindow) -> Option<u8> {
    // Below the first threshold, as almost always: 80 % rounded up is the limit less a fifth rounded down.
    if window.used < limit.limit - limit.limit / 5 {
        return None;
    }
    warn(limit, window)
}

#[cold]
fn warn(limit: &Limit, window: &mut FixedWindow) -> Option<u8> {
    let reached = |percent: &&u8| {
        limit.limit > 0 && u128::from(window.used) * 100 >= u128::from(limit.limit) * u128::from(**percent)
    };
    let count = THRESHOLDS.iter().take_while(reached).count();
    let already = usize::from(window.warned);
    if count <= already {
        return None;
    }
    window.warned = u8::try_from(count).unwrap_or(u8::MAX);
    THRESHOLDS.get(count.checked_sub(1)?).copied()
}
