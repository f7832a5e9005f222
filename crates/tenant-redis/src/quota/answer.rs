//! What the server decided.

use std::{sync::Arc, time::Duration};

use redis::Value;
use smallvec::SmallVec;
use tenant_core::quota::{Decision, Denial, LimitState};

use super::{
    handle::unix,
    lane::Group,
    plan::{Plan, Touched},
};
use crate::{RedisError, RedisErrorKind};

/// Tells the marks of these decisions from those of the counts in memory: none of them ever gets so large.
pub(super) const OURS: u64 = 1 << 63;

/// An answer to a question about some limits.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server's clock had passed the question's deadline: nothing was charged.
    Late,
    /// It decided.
    Decided(Decided),
}

/// The answers to one call, question by question.
pub(super) struct Answers {
    pub(super) now: u64,
    pub(super) answers: Vec<Result<Answer, RedisError>>,
}

#[derive(Debug)]
pub(super) struct Decided {
    pub(super) now: u64,
    pub(super) denial: Option<Denial>,
    limits: SmallVec<[Count; 2]>,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) used: u64,
    pub(super) resets: u64,
    pub(super) mark: u64,
    warning: u8,
}

impl Answers {
    /// In the order of the questions, of which those that are the same are asked in one.
    pub(super) fn parse(value: &Value, asked: &[Group<'_>]) -> Result<Self, RedisError> {
        let Value::BulkString(bytes) = value else { return Err(RedisError::unexpected()) };
        let mut numbers = Numbers(bytes.as_chunks::<8>().0.iter());
        let (Some(status), Some(now)) = (numbers.natural(), numbers.natural()) else {
            return Err(RedisError::unexpected());
        };
        let mut answers = Vec::with_capacity(asked.len());
        for Group { first, times } in asked {
            if status == 2 {
                answers.extend((0..*times).map(|_| Ok(Answer::Late)));
            } else {
                Decided::parse(&mut numbers, now, &first.asked.touched, u64::from(*times), &mut answers);
            }
        }
        Ok(Self { now, answers })
    }
}

impl Decided {
    fn parse(
        numbers: &mut Numbers<'_>,
        now: u64,
        touched: &[Touched],
        times: u64,
        answers: &mut Vec<Result<Answer, RedisError>>,
    ) {
        let head = (numbers.number(), numbers.natural(), numbers.number());
        let limits: SmallVec<[Count; 2]> = touched.iter().map_while(|_| Count::parse(numbers)).collect();
        let (Some(admitted), Some(denied_by), Some(wait)) = head else { return };
        if admitted < 0.0 || limits.len() != touched.len() {
            let failed =
                || RedisError::new(RedisErrorKind::Refused, "redis refused: the counts make no sense");
            return answers.extend((0..times).map(|_| Err(failed())));
        }
        let by = usize::try_from(denied_by).ok().and_then(|place| place.checked_sub(1));
        let denial = by.and_then(|place| touched.get(place)).map(|touched| Denial {
            index: touched.index,
            retry_after: (wait >= 0.0).then(|| Duration::from_micros(natural(wait))),
        });
        let admitted = natural(admitted);
        for number in 1..=times {
            let limits = touched.iter().zip(&limits).map(|(touched, count)| {
                let later = touched.cost.saturating_mul(admitted.saturating_sub(number));
                // The last one tells of the threshold that all of them crossed.
                let warning = if number == admitted.max(1) { count.warning } else { 0 };
                Count { used: count.used.saturating_sub(later), warning, ..*count }
            });
            let denial = denial.filter(|_| number > admitted);
            answers.push(Ok(Answer::Decided(Self { now, denial, limits: limits.collect() })));
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
    fn parse(numbers: &mut Numbers<'_>) -> Option<Self> {
        Some(Self {
            used: numbers.natural()?,
            resets: numbers.natural()?,
            mark: numbers.natural()?,
            warning: u8::try_from(numbers.natural()?).unwrap_or(0),
        })
    }
}

/// Doubles that are whole numbers up to 2^53, one after the other.
struct Numbers<'a>(std::slice::Iter<'a, [u8; 8]>);

impl Numbers<'_> {
    fn number(&mut self) -> Option<f64> {
        self.0.next().map(|bytes| f64::from_le_bytes(*bytes))
    }

    fn natural(&mut self) -> Option<u64> {
        self.number().map(natural)
    }
}

/// What is negative is 0, and what no number is, too: so does a cast.
const fn natural(number: f64) -> u64 {
    number as u64
}
