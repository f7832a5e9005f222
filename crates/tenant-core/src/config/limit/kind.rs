use serde::{Deserialize, Serialize};

use super::Window;

/// What a limit limits.
///
/// A manager that comes across a kind it can't count must not pass it over: the match is exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// An amount per window: calls per minute, executions per day.
    Rate {
        /// Over which stretch of time.
        window: Window,
        /// How it counts.
        algorithm: Algorithm,
    },
    /// How many at once: a [`Permit`](crate::quota::Permit) is held while the work is done.
    Concurrency,
    /// How many may exist. It is checked where the thing is created, in the same transaction, and never counted by a
    /// [`QuotaManager`](crate::QuotaManager).
    Stock,
}

impl LimitKind {
    /// The word on the wire: `rate`, `concurrency` or `stock`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate { .. } => "rate",
            Self::Concurrency => "concurrency",
            Self::Stock => "stock",
        }
    }

    /// The window of a rate.
    #[inline]
    #[must_use]
    pub const fn window(self) -> Option<Window> {
        match self {
            Self::Rate { window, .. } => Some(window),
            Self::Concurrency | Self::Stock => None,
        }
    }
}

/// How a rate counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// From zero at each start of the window, which is aligned to UTC.
    ///
    /// Across the border of two windows up to twice the limit can pass within one window's length.
    #[default]
    Fixed,
    /// Over a window that moves with time, in steps of a sub-window.
    ///
    /// In no stretch of the window's length is more than the limit admitted; what was admitted counts for up to one
    /// sub-window longer than the window. A month is 31 days.
    Sliding {
        /// Into how many parts the window is cut, 1 to 100: [`Algorithm::SUB_WINDOWS`] unless given. More parts are
        /// more exact and take 8 bytes each.
        sub_windows: u8,
    },
    /// A bucket of tokens that fills up evenly, by the limit per window: the generic cell rate algorithm of
    /// ITU-T I.371, annex A, and ATM Forum Traffic Management 4.0, section 4.4.2, in its continuous-state form.
    TokenBucket {
        /// How many tokens the bucket holds, and so how many can be taken at once: the limit unless given. 0 and 1 both
        /// mean one at a time.
        burst: Option<u64>,
    },
}

impl Algorithm {
    /// How many sub-windows a sliding window has unless given: 6, which are 10 seconds each for a minute.
    pub const SUB_WINDOWS: u8 = 6;

    /// The word on the wire: `fixed`, `sliding` or `token_bucket`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Sliding { .. } => "sliding",
            Self::TokenBucket { .. } => "token_bucket",
        }
    }
}

/// What a limit does where the counts that instances share can't be reached. Counts in memory always can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailurePolicy {
    /// It admits.
    Open,
    /// It denies: the store's failure is the caller's.
    Closed,
    /// Each instance counts for itself.
    #[default]
    Local,
}
