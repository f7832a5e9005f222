use std::{num::NonZeroU64, sync::Arc, time::Duration};

use smallvec::SmallVec;

use super::{Cost, Limit, LimitState, Limits, Permit};
use crate::UnixTime;

/// What a quota manager decided: over all limits at once, either all admit or nothing was charged.
///
/// It holds the limits that it was made over: a config that changes before the work is done does not change what it says.
/// Where it admitted work under concurrency limits it holds the [`Permit`] too, until that is taken out or the decision
/// is dropped. A clone tells the same and holds none.
#[derive(Debug)]
pub struct Decision {
    limits: Arc<Limits>,
    states: States,
    decided_at: UnixTime,
    denial: Option<Packed>,
    permit: Option<Permit>,
}

/// A denial in two words: with it a decision is 128 bytes, which is the most that is copied without a call.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// Counted from 1.
    index: NonZeroU64,
    /// In nanoseconds; all ones is never.
    wait: u64,
}

impl From<Denial> for Packed {
    #[cold]
    fn from(denial: Denial) -> Self {
        let index = u64::try_from(denial.index).unwrap_or(u64::MAX).saturating_add(1);
        let nanos = |wait: Duration| u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1);
        Self {
            index: NonZeroU64::new(index).unwrap_or(NonZeroU64::MAX),
            wait: denial.retry_after.map_or(u64::MAX, nanos),
        }
    }
}

impl From<Packed> for Denial {
    fn from(packed: Packed) -> Self {
        let wait = Some(packed.wait).filter(|&wait| wait != u64::MAX);
        Self {
            index: usize::try_from(packed.index.get() - 1).unwrap_or(usize::MAX),
            retry_after: wait.map(Duration::from_nanos),
        }
    }
}

/// The states of few limits stand inside: a decision is moved about on each request, and each copy is felt.
pub(super) type States = SmallVec<[LimitState; 2]>;

/// Which limit denied, and what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The limit's position in the tenant's [`Limits`].
    pub index: usize,
    /// How long to wait until the same cost can be admitted; `None` if it never can be, because the cost is above
    /// the limit itself.
    pub retry_after: Option<Duration>,
}

impl Denial {
    /// This denial, or an earlier one that takes longer: where several limits deny, that one is told. What is never admitted
    /// takes longest.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use tenant_core::quota::Denial;
    ///
    /// let wait = |index, seconds| Denial { index, retry_after: Some(Duration::from_secs(seconds)) };
    /// let never = Denial { index: 2, retry_after: None };
    /// assert_eq!(wait(1, 5).or_longer(None), wait(1, 5));
    /// assert_eq!(wait(1, 5).or_longer(Some(wait(0, 60))), wait(0, 60));
    /// assert_eq!(wait(1, 60).or_longer(Some(wait(0, 60))), wait(1, 60));
    /// assert_eq!(wait(1, 60).or_longer(Some(never)), never);
    /// ```
    #[inline]
    #[must_use]
    pub fn or_longer(self, earlier: Option<Self>) -> Self {
        let wait = |denial: &Self| (denial.retry_after.is_none(), denial.retry_after);
        earlier.filter(|earlier| wait(earlier) > wait(&self)).unwrap_or(self)
    }
}

impl Decision {
    /// A decision of a quota manager, made at `decided_at` by its clock.
    #[must_use]
    pub fn new(
        limits: Arc<Limits>,
        states: impl IntoIterator<Item = LimitState>,
        decided_at: UnixTime,
        denial: Option<Denial>,
    ) -> Self {
        let (states, denial) = (states.into_iter().collect(), denial.map(Packed::from));
        Self { limits, states, decided_at, denial, permit: None }
    }

    /// A decision that is about to be made.
    #[inline]
    pub(super) fn begin(limits: &Arc<Limits>, decided_at: UnixTime) -> Self {
        let few = limits.len() <= States::new().inline_size();
        let states = if few { States::new() } else { States::with_capacity(limits.len()) };
        Self { limits: Arc::clone(limits), states, decided_at, denial: None, permit: None }
    }

    #[inline]
    pub(super) const fn states_mut(&mut self) -> &mut States {
        &mut self.states
    }

    #[cold]
    pub(super) fn deny(&mut self, denial: Denial) {
        self.denial = Some(denial.into());
    }

    /// Holds a permit for the work that was admitted.
    #[must_use]
    pub fn with_permit(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }

    #[cold]
    pub(super) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// Takes the permit out, to be held for as long as the work is done; `None` where no concurrency is limited, the
    /// work was denied, or the permit was taken before.
    pub fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// Whether the work may be done; its costs are then charged.
    #[inline]
    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        self.denial.is_none()
    }

    /// Which limit denied, and how long to wait; `None` if the work was admitted.
    ///
    /// Where several limits deny, it is the one that takes longest.
    #[must_use]
    pub fn denial(&self) -> Option<(&Limit, Denial)> {
        let denial = Denial::from(self.denial?);
        Some((self.limits.get(denial.index)?, denial))
    }

    /// Each limit that the costs touch, and how it stands now.
    pub fn states(&self) -> impl Iterator<Item = (&Limit, &LimitState)> {
        self.states.iter().filter_map(|state| Some((self.limits.get(state.index)?, state)))
    }

    /// How long it takes until a limit is whole again, seen from the decision.
    #[must_use]
    pub const fn resets_in(&self, state: &LimitState) -> Duration {
        state.resets_at.until_from(self.decided_at)
    }

    /// How the limits stand without what this decision charged: what is told after a refund. It holds no permit.
    #[must_use]
    pub fn refunded(&self) -> Self {
        let states = self.states().map(|(limit, state)| LimitState {
            remaining: state.remaining.saturating_add(state.charged).min(limit.capacity()),
            charged: 0,
            ..*state
        });
        Self::new(Arc::clone(&self.limits), states, self.decided_at, None)
    }

    /// Nothing, in each dimension that was looked at: settled with it, the decision is refunded.
    #[must_use]
    pub fn no_costs(&self) -> Vec<Cost> {
        self.states().map(|(limit, _)| Cost::of(limit.dimension.clone(), 0)).collect()
    }

    /// The limits that were looked at.
    #[must_use]
    pub const fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// When it was made, by the manager's clock.
    #[must_use]
    pub const fn decided_at(&self) -> UnixTime {
        self.decided_at
    }
}

impl Clone for Decision {
    fn clone(&self) -> Self {
        let (limits, states) = (Arc::clone(&self.limits), self.states.clone());
        Self { limits, states, decided_at: self.decided_at, denial: self.denial, permit: None }
    }
}

impl Denial {
    /// How long to wait, in whole seconds rounded up and never 0, as `Retry-After` wants it (RFC 9110, section
    /// 10.2.3); `None` where waiting does not help.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.retry_after.map(|wait| {
            let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            whole.max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_copied_without_a_call() {
        assert!(size_of::<Decision>() <= 128, "{}", size_of::<Decision>());
        assert_eq!(size_of::<Option<Decision>>(), size_of::<Decision>());
    }

    #[test]
    fn a_denial_is_what_it_was() {
        for retry_after in [None, Some(Duration::ZERO), Some(Duration::from_secs(2_678_400))] {
            for index in [0, 1, 63] {
                let denial = Denial { index, retry_after };
                assert_eq!(Denial::from(Packed::from(denial)), denial);
            }
        }
    }
}
