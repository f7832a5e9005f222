use std::sync::Arc;

use crate::{Algorithm, Dimension, FailurePolicy, LimitKind, Window};

/// One limit of a tenant, ready to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limit {
    /// The name in RateLimit fields and usage: `rpm`, `tpm`, or the config's.
    pub name: Arc<str>,
    /// Whether it limits a rate, a concurrency or a stock.
    pub kind: LimitKind,
    /// What is counted.
    pub dimension: Dimension,
    /// How much of it is admitted: per window, at once, or altogether.
    pub limit: u64,
    /// Counts and reports, but never denies.
    pub shadow: bool,
    /// What happens where shared counts can't be reached.
    pub failure_policy: FailurePolicy,
}

impl Limit {
    /// The window of a rate.
    #[inline]
    #[must_use]
    pub const fn window(&self) -> Option<Window> {
        self.kind.window()
    }

    /// The largest cost that can ever be admitted: what a token bucket holds, and else the limit.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        match self.kind {
            LimitKind::Rate { algorithm: Algorithm::TokenBucket { burst: Some(burst) }, .. } => match burst {
                _ if self.limit == 0 => 0,
                0 => 1,
                burst => burst,
            },
            LimitKind::Rate { .. } | LimitKind::Concurrency | LimitKind::Stock => self.limit,
        }
    }

    /// Whether it is an amount per window. Only such limits have a place in RateLimit fields.
    #[must_use]
    pub const fn is_rate(&self) -> bool {
        matches!(self.kind, LimitKind::Rate { .. })
    }

    /// Whether the coarse clock, which may be 10 ms late, could deny what the precise one admits: where a bucket fills
    /// up within a second.
    pub(super) fn needs_precise_clock(&self) -> bool {
        let LimitKind::Rate { window, algorithm: Algorithm::TokenBucket { .. } } = self.kind else {
            return false;
        };
        u128::from(self.capacity()) * u128::from(window.seconds()) < u128::from(self.limit)
    }
}
