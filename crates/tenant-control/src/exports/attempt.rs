use super::{ExportFailure, MeteredUsage};

/// A try to tell of usage: for logs and metrics.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ExportAttempt<'a> {
    /// Of what.
    pub usage: MeteredUsage<'a>,
    /// How it went.
    pub outcome: Result<(), &'a ExportFailure>,
}

/// What was found that is to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// Parts of days that are to be told now.
    pub parts: u64,
    /// Tenants that used something and have nobody there: nothing is told of them.
    pub without_receiver: u64,
    /// Tenants whose usage could not be read or kept; the others' was.
    pub failed: u64,
    /// Days of which more was told than was used, as where a level was lowered late.
    pub beyond: u64,
}

/// What became of what was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// Parts that were taken.
    pub taken: u64,
    /// Parts that are told again later.
    pub again: u64,
    /// Parts that are not taken as they are.
    pub refused: u64,
    /// Parts that wait for [somebody to decide](crate::UsageExports::decide).
    pub held: u64,
    /// Tenants whose parts could not be read or kept; the others' were.
    pub failed: u64,
}

impl Told {
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            again: self.again + other.again,
            refused: self.refused + other.refused,
            held: self.held + other.held,
            failed: self.failed + other.failed,
        }
    }
}
