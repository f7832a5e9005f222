use super::{Algorithm, Amount, Dimension, FailurePolicy, LimitKind, Window};

/// A limit beyond the two shorthands, in full: an amount of a dimension per window, at once, or at all.
///
/// In JSON: `{"kind": "rate", "dimension": "requests", "window": "day", "limit": 1000}`.
///
/// | field | of | means |
/// |---|---|---|
/// | `kind` | all | `rate`, `concurrency` or `stock` |
/// | `limit` | all | a whole number; 0 admits nothing, `"unlimited"` everything |
/// | `dimension` | all | what is counted; required for a rate |
/// | `window` | rates | `second`, `minute`, `hour`, `day`, `month`, or a length such as `"10s"`; required |
/// | `algorithm` | rates | `fixed` unless given, `sliding` or `token_bucket` |
/// | `sub_windows` | sliding rates | 1 to 100, 6 unless given |
/// | `burst` | token buckets | what the bucket holds, the limit unless given |
/// | `shadow` | all | counts and reports, but never denies; `false` unless given |
/// | `failure_policy` | all | `open`, `closed`, or `local` unless given |
///
/// # Example
/// ```
/// use tenant_core::{Amount, NamedLimit};
///
/// let daily: NamedLimit = serde_json::from_str(
///     r#"{"kind": "rate", "dimension": "requests", "window": "day", "limit": 1000}"#,
/// )?;
/// assert_eq!(daily.limit, Amount::Limited(1000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedLimit {
    /// Whether it limits a rate, a concurrency or a stock.
    pub kind: LimitKind,
    /// What is counted. Without one, that of a well-known or plan's limit of the same name; else `requests` for a
    /// concurrency, and the limit's own name for a stock.
    pub dimension: Option<Dimension>,
    /// How much of it is admitted.
    pub limit: Amount,
    /// Counts and reports, but never denies.
    pub shadow: bool,
    /// What happens where shared counts can't be reached.
    pub failure_policy: FailurePolicy,
}

impl NamedLimit {
    /// A fixed-window rate.
    #[must_use]
    pub const fn rate(dimension: Dimension, window: Window, limit: u64) -> Self {
        Self::new(LimitKind::Rate { window, algorithm: Algorithm::Fixed }, Some(dimension), limit)
    }

    /// So many at once.
    #[must_use]
    pub const fn concurrency(dimension: Dimension, limit: u64) -> Self {
        Self::new(LimitKind::Concurrency, Some(dimension), limit)
    }

    /// So many altogether.
    #[must_use]
    pub const fn stock(dimension: Dimension, limit: u64) -> Self {
        Self::new(LimitKind::Stock, Some(dimension), limit)
    }

    pub(super) const fn new(kind: LimitKind, dimension: Option<Dimension>, limit: u64) -> Self {
        Self {
            kind,
            dimension,
            limit: Amount::Limited(limit),
            shadow: false,
            failure_policy: FailurePolicy::Local,
        }
    }

    /// Counts a rate in another way; other kinds have no algorithm and are left as they are.
    #[must_use]
    pub const fn algorithm(mut self, algorithm: Algorithm) -> Self {
        if let LimitKind::Rate { window, .. } = self.kind {
            self.kind = LimitKind::Rate { window, algorithm };
        }
        self
    }

    /// Counts and reports, but never denies.
    #[must_use]
    pub const fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// What happens where shared counts can't be reached.
    #[must_use]
    pub const fn failure_policy(mut self, policy: FailurePolicy) -> Self {
        self.failure_policy = policy;
        self
    }
}
