//! All counts of one tenant, behind one lock.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{
    super::{
        Cost, Decision, Denial, Limit, LimitState, LimitUsage, Limits, Usage,
        counter::{Counter, Standing, Taken, goes_on},
        decision::States,
    },
    counters::Counters,
};
use crate::{TenantId, UnixTime};

/// The limits, by position, that crossed a threshold, with the threshold in percent: almost always none.
pub(super) type Crossed = Vec<(usize, u8)>;

#[derive(Debug)]
pub(super) struct Cell {
    tenant: Box<str>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Which limits the counters stand for, position by position: shared by all tenants that have the same.
    layout: Arc<Limits>,
    counters: Counters,
    /// Counters of limits that the layout does not have (any more): a context of an older config may come back.
    parked: Option<Box<Parked>>,
}

/// In a box of its own: few cells have any.
#[derive(Debug, Default)]
struct Parked(Vec<(Limit, Counter)>);

/// What a decision is made by.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: UnixTime,
    /// Ascending, in percent; none where nobody listens.
    pub(super) thresholds: &'a [u8],
}

impl Cell {
    pub(super) fn of(tenant: &TenantId) -> Self {
        Self { tenant: tenant.as_str().into(), counts: Mutex::default() }
    }

    /// Whose counts they are.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Decides, and writes into the decision what became of it. It is written to where it stands, because it is large:
    /// each copy would be felt.
    #[inline]
    pub(super) fn decide(
        &self,
        decision: &mut Decision,
        limits: &Arc<Limits>,
        costs: &[Cost],
        moment: Moment<'_>,
        crossed: &mut Crossed,
    ) {
        let mut counts = self.counts.lock();
        counts.lay_out(limits, moment.now);
        if let Some(denial) = counts.take(limits, costs, moment, decision.states_mut(), crossed) {
            decision.deny(denial);
        }
    }

    pub(super) fn settle(
        &self,
        decision: &Decision,
        actual: &[Cost],
        moment: Moment<'_>,
        crossed: &mut Crossed,
    ) {
        let mut counts = self.counts.lock();
        for (limit, state) in decision.states() {
            let Some(used) = Cost::total(actual, &limit.dimension) else { continue };
            if let Some((limit, counter)) = counts.find(limit) {
                counter.settle(limit, state, used, moment.now);
                if let Some(percent) = counter.warn(limit, moment.thresholds, moment.now) {
                    crossed.push((state.index, percent));
                }
            }
        }
    }

    /// Gives back permits of a limit, wherever its count stands by now.
    pub(super) fn release(&self, limit: &Limit, count: u64) {
        if let Some((_, counter)) = self.counts.lock().find(limit) {
            counter.release(count);
        }
    }

    pub(super) fn usage(&self, limits: &Arc<Limits>, now: UnixTime) -> Usage {
        let mut counts = self.counts.lock();
        counts.lay_out(limits, now);
        let counters = limits.iter().zip(counts.counters.as_mut_slice());
        let usage = |(limit, counter): (&Limit, &mut Counter)| {
            let (used, resets_at) = counter.usage(limit, now)?;
            Some(LimitUsage { limit: limit.clone(), used, resets_at })
        };
        Usage::new(counters.filter_map(usage).collect())
    }

    /// Whether nothing is counted that still matters.
    pub(super) fn is_idle(&self, now: UnixTime) -> bool {
        let counts = self.counts.lock();
        counts
            .layout
            .iter()
            .zip(counts.counters.as_slice())
            .all(|(limit, counter)| counter.is_idle(limit, now))
            && counts.parked().all(|(limit, counter)| counter.is_idle(limit, now))
    }
}

impl Counts {
    /// Makes the counters stand for `limits`, position by position. A limit that was changed keeps its count.
    #[inline]
    fn lay_out(&mut self, limits: &Arc<Limits>, now: UnixTime) {
        if !Arc::ptr_eq(&self.layout, limits) {
            self.change_layout(limits, now);
        }
    }

    fn parked(&self) -> impl Iterator<Item = &(Limit, Counter)> {
        self.parked.iter().flat_map(|parked| parked.0.iter())
    }

    #[cold]
    fn change_layout(&mut self, limits: &Arc<Limits>, now: UnixTime) {
        // What has flown into a bucket until now flew at the old rate.
        for (limit, counter) in self.layout.iter().zip(self.counters.as_mut_slice()) {
            counter.usage(limit, now);
        }
        let old = std::mem::replace(&mut self.layout, Arc::clone(limits));
        let mut parked = self.parked.take().map(|parked| parked.0).unwrap_or_default();
        parked.extend(old.iter().cloned().zip(std::mem::take(&mut self.counters).into_vec()));
        self.counters = limits.iter().map(|limit| unpark(&mut parked, limit, now)).collect();
        parked.retain(|(limit, counter)| !counter.is_idle(limit, now));
        self.parked = (!parked.is_empty()).then(|| Box::new(Parked(parked)));
    }

    /// The counter of a limit, and the limit that it stands for by now: it may have changed since.
    fn find(&mut self, limit: &Limit) -> Option<(&Limit, &mut Counter)> {
        let position = self.layout.iter().position(|own| goes_on(own, limit));
        if let Some(position) = position {
            return self.layout.get(position).zip(self.counters.as_mut_slice().get_mut(position));
        }
        let mut parked = self.parked.iter_mut().flat_map(|parked| parked.0.iter_mut());
        let parked = parked.find(|(own, _)| goes_on(own, limit));
        parked.map(|(own, counter)| (&*own, counter))
    }

    /// Charges the limits that the costs touch, one by one, and gives everything back if one of them denies. Tells the
    /// denial that takes longest.
    #[inline]
    fn take(
        &mut self,
        limits: &Limits,
        costs: &[Cost],
        moment: Moment<'_>,
        states: &mut States,
        crossed: &mut Crossed,
    ) -> Option<Denial> {
        // On the way that almost every decision takes there is nothing to go round, and nothing to give back.
        if let (Counters::One(counter), [limit]) = (&mut self.counters, limits.as_slice()) {
            let charge = Charge::take(0, limit, counter, costs, moment)?;
            states.push(charge.state);
            if charge.is_near {
                self.warn(limits, states, moment, crossed);
            }
            return charge.denial;
        }
        self.take_all(limits, costs, moment, states, crossed)
    }

    fn take_all(
        &mut self,
        limits: &Limits,
        costs: &[Cost],
        moment: Moment<'_>,
        states: &mut States,
        crossed: &mut Crossed,
    ) -> Option<Denial> {
        let (mut denial, mut is_near) = (None, false);
        for (index, (limit, counter)) in limits.iter().zip(self.counters.as_mut_slice()).enumerate() {
            let Some(charge) = Charge::take(index, limit, counter, costs, moment) else { continue };
            states.push(charge.state);
            denial = charge.denial.map(|next| next.or_longer(denial)).or(denial);
            is_near |= charge.is_near;
        }
        if denial.is_some() {
            self.give_back(limits, states, moment.now);
        }
        if is_near {
            self.warn(limits, states, moment, crossed);
        }
        denial
    }

    #[cold]
    fn give_back(&mut self, limits: &Limits, states: &mut States, now: UnixTime) {
        for state in states {
            if let Some((limit, counter)) =
                limits.get(state.index).zip(self.counters.as_mut_slice().get_mut(state.index))
            {
                let standing = counter.give_back(limit, state.charged, now);
                *state = self::state(state.index, 0, &standing);
            }
        }
    }

    #[cold]
    fn warn(&mut self, limits: &Limits, states: &States, moment: Moment<'_>, crossed: &mut Crossed) {
        for state in states {
            let limit = limits.get(state.index).zip(self.counters.as_mut_slice().get_mut(state.index));
            let percent =
                limit.and_then(|(limit, counter)| counter.warn(limit, moment.thresholds, moment.now));
            crossed.extend(percent.map(|percent| (state.index, percent)));
        }
    }
}

/// What became of one limit's share of the costs.
struct Charge {
    state: LimitState,
    denial: Option<Denial>,
    /// Whether the first threshold is reached.
    is_near: bool,
}

impl Charge {
    /// `None` where the costs don't touch the limit.
    #[inline]
    fn take(
        index: usize,
        limit: &Limit,
        counter: &mut Counter,
        costs: &[Cost],
        moment: Moment<'_>,
    ) -> Option<Self> {
        let cost = Cost::total(costs, &limit.dimension)?;
        let (state, denial) = match counter.take(limit, cost, moment.now) {
            Taken::Charged(standing) => (state(index, cost, &standing), None),
            Taken::Denied(standing, retry_after) => {
                (state(index, 0, &standing), Some(Denial { index, retry_after }))
            }
            Taken::Uncounted => return None,
        };
        let is_near = moment.thresholds.first().is_some_and(|percent| counter.reaches(limit, *percent));
        Some(Self { state, denial, is_near })
    }
}

#[inline]
const fn state(index: usize, charged: u64, standing: &Standing) -> LimitState {
    LimitState::new(index, standing.remaining, charged, standing.resets_at).with_mark(standing.mark)
}

fn unpark(parked: &mut Vec<(Limit, Counter)>, limit: &Limit, now: UnixTime) -> Counter {
    let same = |(own, _): &(Limit, Counter)| goes_on(own, limit);
    let Some(position) = parked.iter().position(same) else {
        return Counter::new(limit, now);
    };
    let mut counter = parked.swap_remove(position).1;
    counter.reshape(limit, now);
    counter
}
