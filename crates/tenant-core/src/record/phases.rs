//! What a tenant is limited to, and until when: boosts end without anybody writing or reading anything.

use std::sync::Arc;

use super::QuotaSlot;
use crate::{Boost, Timestamp, UnixTime, quota::Limits};

/// The limits that hold for a stretch of time, and the place where a quota manager keeps its handle to the counts by them.
#[derive(Debug)]
pub struct LimitPhase {
    /// The first moment at which they hold no more; `None` where they hold from then on.
    until: Option<Timestamp>,
    limits: Arc<Limits>,
    pub(super) quota: QuotaSlot,
}

/// All phases of a tenant: those that boosts make, the one that ends first before the others; and what holds without any.
#[derive(Debug)]
pub(super) struct Phases {
    boosted: Box<[LimitPhase]>,
    pub(super) unboosted: LimitPhase,
}

impl LimitPhase {
    fn new(until: Option<Timestamp>, limits: Limits) -> Self {
        Self { until, limits: Arc::new(limits), quota: QuotaSlot::default() }
    }

    /// The limits.
    #[inline]
    #[must_use]
    pub const fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Where a quota manager keeps its handle to the tenant's counts.
    #[inline]
    #[must_use]
    pub const fn quota_slot(&self) -> &QuotaSlot {
        &self.quota
    }
}

impl Phases {
    /// Whatever the time is: those that have ended are passed over as they are looked at.
    pub(super) fn of(limits: Limits, boosts: &[Boost]) -> Self {
        let mut ends: Vec<Timestamp> = boosts.iter().map(|boost| boost.until).collect();
        ends.sort_unstable();
        ends.dedup();
        let phase = |end: Timestamp| {
            let running: Vec<_> = boosts.iter().filter(|boost| boost.until >= end).collect();
            LimitPhase::new(Some(end), limits.raised(&running))
        };
        Self { boosted: ends.into_iter().map(phase).collect(), unboosted: LimitPhase::new(None, limits) }
    }

    /// What holds at the moment, which is asked for only where that matters.
    #[inline]
    pub(super) fn at(&self, now: impl FnOnce() -> UnixTime) -> &LimitPhase {
        if self.boosted.is_empty() {
            return &self.unboosted;
        }
        self.running(now())
    }

    #[cold]
    fn running(&self, now: UnixTime) -> &LimitPhase {
        let now = Timestamp::from(now);
        let is_running = |phase: &&LimitPhase| phase.until.is_some_and(|until| now < until);
        self.boosted.iter().find(is_running).unwrap_or(&self.unboosted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TenantConfig, TenantId};

    #[test]
    fn boosts_add_up_and_end_one_by_one() {
        let acme = TenantConfig::builder(TenantId::parse("acme").unwrap()).requests_per_minute(5);
        let acme = acme.limit("workflows", 3).build().unwrap();
        let until = |seconds: i64| Timestamp::from_unix_micros(seconds * 1_000_000);
        let boosts = [
            Boost::new("late", until(30)).requests_per_minute(100),
            Boost::new("early", until(10)).requests_per_minute(10).limit("workflows", 1),
            Boost::new("early-too", until(10)).limit("workflows", 1).limit("projects", 9),
            Boost::new("most", until(20)).limit("workflows", u64::MAX),
        ];
        let phases = Phases::of(Limits::of(&acme), &boosts);
        let at = |nanos: u64| {
            let limits = phases.at(|| UnixTime::from_nanos(nanos)).limits();
            limits.iter().map(|limit| limit.limit).collect::<Vec<_>>()
        };
        const SECOND: u64 = 1_000_000_000;
        const MOST: u64 = 1 << 53;
        assert_eq!(at(0), [115, MOST]);
        assert_eq!(at(10 * SECOND - 1), [115, MOST]);
        assert_eq!(at(10 * SECOND), [105, MOST]);
        assert_eq!(at(20 * SECOND), [105, 3]);
        assert_eq!(at(30 * SECOND), [5, 3]);
        assert_eq!(at(u64::MAX), [5, 3]);
    }

    #[test]
    fn who_has_no_boosts_is_not_asked_for_the_time() {
        let phases = Phases::of(Limits::default(), &[]);
        assert!(phases.at(|| unreachable!()).limits().is_empty());
    }
}
