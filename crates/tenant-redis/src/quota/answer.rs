//! What the server decided.

use std::{sync::Arc, time::Duration};

use redis::Value;
use smallvec::SmallVec;
use tenant_core::quota::{Decision, Denial, LimitState};

use super::{
    handle::unix,
    plan::{Plan, Touched},
};
use crate::RedisError;

/// Tells the marks of these decisions from those of the counts in memory: none of them ever gets so large.
pub(super) const OURS: u64 = 1 << 63;

/// An answer to a question about some limits.
pub(super) enum Answer {
    /// The server's clock had passed the question's deadline: nothing was charged.
    Late { now: u64 },
    /// It decided.
    Decided(Decided),
}

pub(super) struct Decided {
    pub(super) now: u64,
    pub(super) denial: Option<Denial>,
    limits: Vec<Count>,
}

/// How a limit stands.
#[derive(Clone, Copy)]
pub(super) struct Count {
    pub(super) used: u64,
    pub(super) resets: u64,
    pub(super) mark: u64,
    warning: u8,
}

impl Answer {
    pub(super) fn parse(value: &Value, touched: &[Touched]) -> Result<Self, RedisError> {
        let numbers = numbers(value).ok_or_else(RedisError::unexpected)?;
        match *numbers.as_slice() {
            [_, now] => Ok(Self::Late { now: natural(now) }),
            [_, now, denied_by, wait, ref counts @ ..] if counts.len() == touched.len() * 4 => {
                let by = usize::try_from(natural(denied_by)).ok().and_then(|place| place.checked_sub(1));
                let denial = by.and_then(|place| touched.get(place)).map(|touched| Denial {
                    index: touched.index,
                    retry_after: (wait >= 0.0).then(|| Duration::from_micros(natural(wait))),
                });
                let limits = counts.chunks_exact(4).filter_map(Count::parse).collect();
                Ok(Self::Decided(Decided { now: natural(now), denial, limits }))
            }
            _ => Err(RedisError::unexpected()),
        }
    }
}

impl Decided {
    pub(super) fn decision(&self, plan: &Plan, touched: &[Touched]) -> Decision {
        let state = |(touched, count): (&Touched, &Count)| {
            let limit = plan.limits.get(touched.index)?;
            let remaining = limit.capacity().saturating_sub(count.used);
            let charged = if self.denial.is_some() { 0 } else { touched.cost };
            let state = LimitState::new(touched.index, remaining, charged, unix(count.resets));
            Some(state.with_mark(count.mark | OURS))
        };
        let states: Vec<_> = touched.iter().zip(&self.limits).filter_map(state).collect();
        Decision::new(Arc::clone(&plan.limits), states, unix(self.now), self.denial)
    }

    /// Limit by limit, as they were asked about.
    pub(super) fn counts(&self) -> impl Iterator<Item = &Count> {
        self.limits.iter()
    }

    /// The limits that crossed a threshold, and which one.
    pub(super) fn warnings<'a>(&'a self, touched: &'a [Touched]) -> impl Iterator<Item = (usize, u8)> + 'a {
        let both = touched.iter().zip(&self.limits);
        both.filter(|(_, count)| count.warning > 0).map(|(touched, count)| (touched.index, count.warning))
    }

    /// What is used of each limit, and when that resets, in microseconds.
    pub(super) fn used<'a>(&'a self, touched: &'a [Touched]) -> impl Iterator<Item = (usize, u64, u64)> + 'a {
        let both = touched.iter().zip(&self.limits);
        both.map(|(touched, count)| (touched.index, count.used, count.resets))
    }
}

impl Count {
    fn parse(numbers: &[f64]) -> Option<Self> {
        let [used, resets, mark, warning] = *numbers else { return None };
        Some(Self {
            used: natural(used),
            resets: natural(resets),
            mark: natural(mark),
            warning: u8::try_from(natural(warning)).unwrap_or(0),
        })
    }
}

/// Doubles that are whole numbers up to 2^53, one after the other.
fn numbers(value: &Value) -> Option<SmallVec<[f64; 12]>> {
    let Value::BulkString(bytes) = value else { return None };
    let (numbers, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

/// What is negative is 0, and what no number is, too: so does a cast.
const fn natural(number: f64) -> u64 {
    number as u64
}
