use crate::UnixTime;

/// How one limit stands after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitState {
    /// The limit's position in the tenant's [`Limits`](super::Limits).
    pub index: usize,
    /// How much is left.
    pub remaining: u64,
    /// How much of this limit the decision charged.
    pub charged: u64,
    /// When all of it is there again if nothing more is used: a fixed window's end; when what a sliding window holds
    /// has left it; when a token bucket is full. For a concurrency nobody knows: a second from the decision.
    pub resets_at: UnixTime,
    /// What the manager finds the charge again by, to settle it. Others have no use for it.
    pub mark: u64,
}

impl LimitState {
    /// How the limit at a position stands.
    #[inline]
    #[must_use]
    pub const fn new(index: usize, remaining: u64, charged: u64, resets_at: UnixTime) -> Self {
        Self { index, remaining, charged, resets_at, mark: 0 }
    }

    /// What the manager finds the charge again by.
    #[inline]
    #[must_use]
    pub const fn with_mark(mut self, mark: u64) -> Self {
        self.mark = mark;
        self
    }
}
