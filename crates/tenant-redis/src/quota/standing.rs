//! How limits stood when the server was asked last: what was denied is denied again without asking until waiting could have
//! helped, and what costs nothing is told how the limits stand.

use std::{sync::Arc, time::Duration};

use smallvec::SmallVec;
use tenant_core::{
    Monotonic,
    quota::{Decision, Denial, LimitState},
};

use super::{
    answer::{Count, Decided, OURS},
    handle::{Handle, unix},
    plan::{Plan, Refill, Touched},
};

/// What is known of a tenant's limits, by position.
///
/// Counts fall when somebody gives something back, and as time passes. The former this instance hears of where it does so
/// itself, and forgets all; another one learns of it within [`AGAIN`], because one request in so long is passed on. The
/// latter is reckoned with: what is told to be denied would be denied by the server, too.
#[derive(Debug, Default)]
pub(super) struct Standings {
    lines: Box<[Option<Standing>]>,
    /// Whether any of them denies something that it has no room for.
    denies: bool,
    /// How often all was forgotten: what was asked before is not noted after.
    forgotten: u64,
}

/// How a limit stood.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// When, by the server's clock in microseconds, as everything here.
    at: u64,
    used: u64,
    resets: u64,
    mark: u64,
    /// Something was denied, and nothing came back since. A cost for which there was no room yet is asked for: what others
    /// gave back meanwhile is noticed sooner.
    denies: bool,
    /// A cost that was denied, and when it is admitted.
    waits: Option<(u64, u64)>,
    ask_at: Monotonic,
}

/// How long other instances' refunds may go unnoticed.
const AGAIN: Duration = Duration::from_secs(2);
/// The same for permits, which come and go more quickly.
const AGAIN_FOR_PERMITS: Duration = Duration::from_millis(100);
/// What two times may differ by where they were rounded.
const ROUNDING: u64 = 2;

impl Handle {
    /// Denies what is known to be denied, and tells how limits stand where nothing is to be charged; `None` if somebody has
    /// to be asked. Whoever `asks` then is the one who asks for all.
    pub(super) fn recall(&self, touched: &[Touched], now: Monotonic, asks: bool) -> Option<Decision> {
        let mut standings = self.standings.lock();
        let costs = touched.iter().any(|touched| touched.cost > 0);
        let may_be_denied =
            |touched: &Touched| standings.denies || touched.cost > self.plan.capacity(touched.index);
        if standings.lines.is_empty() || (costs && !touched.iter().any(may_be_denied)) {
            return None;
        }
        let time = self.clock().at(now)?;
        let mut states = SmallVec::<[LimitState; 4]>::new();
        let mut denial = None;
        for touched in touched {
            let standing = standings.lines.get(touched.index)?.as_ref()?;
            let limit = Reckoned::new(standing, &self.plan, *touched, time)?;
            states.push(limit.state());
            if let Some(next) = limit.denial() {
                denial = Some(next.or_longer(denial));
            }
        }
        if costs && denial.is_none() {
            return None;
        }
        let due = |touched: &&Touched| denial.is_none_or(|denial| denial.index == touched.index);
        let is_due = standings.is_due(touched.iter().filter(due), &self.plan, now, asks);
        (!is_due).then(|| Decision::new(Arc::clone(&self.plan.limits), states, unix(time), denial))
    }

    /// Notes how limits stand, unless all was forgotten since it was asked.
    pub(super) fn note(&self, touched: &[Touched], decided: &Decided, asked: Since, now: Monotonic) {
        let mut standings = self.standings.lock();
        if standings.forgotten != asked.0 {
            return;
        }
        if standings.lines.is_empty() {
            standings.lines = vec![None; self.plan.limits.len()].into();
        }
        if touched.len() == standings.lines.len() {
            standings.denies = false;
        }
        for (touched, count) in touched.iter().zip(decided.counts()) {
            if let Some(line) = standings.lines.get_mut(touched.index) {
                let ask_at = now.after(again(&self.plan, touched.index));
                let fresh = Standing::new(&self.plan, *touched, count, decided, ask_at);
                let fresh = fresh.following(line.take(), now);
                *line = Some(fresh);
                standings.denies |= fresh.denies;
            }
        }
    }

    /// Forgets how limits stand: something was given back.
    pub(super) fn forget_standings(&self) {
        let mut standings = self.standings.lock();
        standings.lines.fill(None);
        standings.denies = false;
        standings.forgotten = standings.forgotten.wrapping_add(1);
    }

    /// Until all is forgotten nobody asks for others.
    #[cfg(test)]
    pub(super) fn never_ask_again(&self) {
        for standing in self.standings.lock().lines.iter_mut().flatten() {
            standing.ask_at = Monotonic::from_nanos(u64::MAX);
        }
    }

    /// What is kept of the moment at which one asks.
    pub(super) fn asked(&self) -> Since {
        Since(self.standings.lock().forgotten)
    }
}

/// When it was asked.
#[derive(Clone, Copy)]
pub(super) struct Since(u64);

fn again(plan: &Plan, index: usize) -> Duration {
    if plan.is_rate(index) { AGAIN } else { AGAIN_FOR_PERMITS }
}

impl Standings {
    fn is_due<'a>(
        &mut self,
        touched: impl Iterator<Item = &'a Touched>,
        plan: &Plan,
        now: Monotonic,
        asks: bool,
    ) -> bool {
        let mut is_due = false;
        for index in touched.map(|touched| touched.index) {
            if let Some(Some(standing)) = self.lines.get_mut(index)
                && now >= standing.ask_at
            {
                is_due = true;
                if asks {
                    // Whoever comes first asks for all.
                    standing.ask_at = now.after(again(plan, index));
                }
            }
        }
        is_due
    }
}

impl Standing {
    fn new(plan: &Plan, touched: Touched, count: &Count, decided: &Decided, ask_at: Monotonic) -> Self {
        let mut fresh = Self {
            at: decided.now,
            used: count.used,
            resets: count.resets,
            mark: count.mark,
            denies: false,
            waits: None,
            ask_at,
        };
        if let Some(denial) = decided.denial {
            let room = plan.capacity(touched.index).saturating_sub(count.used);
            fresh.denies = plan.denies(touched.index) && touched.cost > room;
            let wait = denial.retry_after.filter(|_| denial.index == touched.index);
            let micros = wait.map(|wait| u64::try_from(wait.as_micros()).unwrap_or(u64::MAX));
            fresh.waits = micros.map(|micros| (touched.cost, decided.now.saturating_add(micros)));
        }
        fresh
    }

    /// What is known now, after what was known before. Answers may come in another order than they were given.
    fn following(mut self, before: Option<Self>, now: Monotonic) -> Self {
        let Some(before) = before else { return self };
        let is_older = self.at < before.at || (self.at == before.at && self.used < before.used);
        // A server's clock that was set back does not hold up the news for longer than a question does.
        if is_older && now < before.ask_at {
            return Self { denies: self.denies || before.denies, ..before };
        }
        self.denies |= before.denies && self.used >= before.used;
        self
    }
}

/// A limit by now, of which so much is wanted.
struct Reckoned<'a> {
    standing: &'a Standing,
    refill: Refill,
    touched: Touched,
    capacity: u64,
    denies: bool,
    time: u64,
    used: u64,
}

impl<'a> Reckoned<'a> {
    /// `None` if nobody can tell any more how it stands.
    fn new(standing: &'a Standing, plan: &Plan, touched: Touched, time: u64) -> Option<Self> {
        let refill = plan.refill(touched.index)?;
        let used = match refill {
            Refill::AtReset if time >= standing.resets => return None,
            Refill::Stepwise { .. }
                if time >= standing.stands_until(refill) && !standing.waits_for(touched.cost, time) =>
            {
                return None;
            }
            Refill::Evenly { limit, window } => {
                let left = standing.resets.saturating_sub(time.saturating_add(ROUNDING));
                let owed = (u128::from(left) * u128::from(limit)).div_ceil(u128::from(window.max(1)));
                u64::try_from(owed).unwrap_or(u64::MAX).min(standing.used)
            }
            _ => standing.used,
        };
        let (capacity, denies) = (plan.capacity(touched.index), plan.denies(touched.index));
        Some(Self { standing, refill, touched, capacity, denies, time, used })
    }

    fn state(&self) -> LimitState {
        let resets = if self.refill == Refill::Anytime { self.time + SECOND } else { self.standing.resets };
        let remaining = self.capacity.saturating_sub(self.used);
        LimitState::new(self.touched.index, remaining, 0, unix(resets)).with_mark(self.standing.mark | OURS)
    }

    fn denial(&self) -> Option<Denial> {
        let cost = self.touched.cost;
        if cost == 0 || !self.denies {
            return None;
        }
        let index = self.touched.index;
        if cost > self.capacity {
            return Some(Denial { index, retry_after: None });
        }
        let is_denied = self.standing.denies && cost > self.capacity.saturating_sub(self.used);
        is_denied.then(|| {
            let wait = self.admits_at().saturating_sub(self.time);
            Denial { index, retry_after: Some(Duration::from_micros(wait)) }
        })
    }

    /// When the cost is admitted if nothing else is charged; where a window slides, and another cost was asked for, not
    /// later than that.
    fn admits_at(&self) -> u64 {
        let resets = self.standing.resets;
        match self.refill {
            Refill::AtReset => resets,
            Refill::Anytime => self.time + SECOND,
            Refill::Evenly { limit, window } => {
                let room = u128::from(self.capacity.saturating_sub(self.touched.cost)) * u128::from(window);
                let earlier = room.checked_div(u128::from(limit)).unwrap_or(0);
                resets.saturating_sub(u64::try_from(earlier).unwrap_or(u64::MAX))
            }
            Refill::Stepwise { .. } => match self.standing.waits {
                Some((cost, at)) if self.touched.cost <= cost => at,
                _ => resets,
            },
        }
    }
}

const SECOND: u64 = 1_000_000;

impl Standing {
    /// Until when nothing leaves a window that slides: its newest part is as long as those that leave.
    const fn stands_until(&self, refill: Refill) -> u64 {
        match refill {
            Refill::Stepwise { step, parts } => self.resets.saturating_sub(step.saturating_mul(parts)),
            _ => self.resets,
        }
    }

    fn waits_for(&self, cost: u64, time: u64) -> bool {
        self.denies && self.waits.is_some_and(|(denied, at)| cost >= denied && time < at)
    }
}
