use super::Limit;
use crate::{Boost, FailurePolicy, LimitKind, config::MAX_COUNT};

/// All limits of a tenant: the shorthands that are not unlimited, then the named ones in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    limits: Box<[Limit]>,
    has_concurrency: bool,
    needs_precise_clock: bool,
}

impl Limits {
    pub(crate) fn new(limits: Vec<Limit>) -> Self {
        Self {
            has_concurrency: limits.iter().any(|limit| limit.kind == LimitKind::Concurrency),
            needs_precise_clock: limits.iter().any(Limit::needs_precise_clock),
            limits: limits.into(),
        }
    }

    /// The limits, one by one.
    #[inline]
    pub fn iter(&self) -> std::slice::Iter<'_, Limit> {
        self.limits.iter()
    }

    #[inline]
    pub(super) const fn as_slice(&self) -> &[Limit] {
        &self.limits
    }

    /// The limit at a position, as [`LimitState::index`](super::LimitState::index) names it.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Limit> {
        self.limits.get(index)
    }

    /// The same limits, position by position, as an instance counts them for itself while the counts that instances share
    /// can't be reached: those whose [`FailurePolicy`] is `open` deny nothing.
    #[must_use]
    pub fn standing_in(&self) -> Self {
        let mut limits: Vec<_> = self.iter().cloned().collect();
        for limit in limits.iter_mut().filter(|limit| limit.failure_policy == FailurePolicy::Open) {
            limit.shadow = true;
        }
        Self::new(limits)
    }

    /// The same limits, position by position, with what these boosts add. It never grows beyond what JSON has a number for.
    pub(crate) fn raised(&self, boosts: &[&Boost]) -> Self {
        let mut limits: Vec<_> = self.iter().cloned().collect();
        for limit in &mut limits {
            let more = boosts.iter().map(|boost| boost.more_of(&limit.name));
            let raised = more.fold(limit.limit, u64::saturating_add);
            limit.limit = raised.min(MAX_COUNT).max(limit.limit);
        }
        Self::new(limits)
    }

    /// How many may exist of something: the limit of kind `stock` in that dimension. Where several are, the lowest of
    /// those that deny.
    ///
    /// Whoever creates such a thing counts and creates in one transaction.
    ///
    /// # Example
    /// ```
    /// use tenant_core::{TenantConfig, TenantId, quota::Limits};
    ///
    /// let config = TenantConfig::builder(TenantId::parse("acme")?).limit("workflows", 20).build()?;
    /// let limits = Limits::of(&config);
    /// assert_eq!(limits.stock("workflows").map(|limit| limit.limit), Some(20));
    /// assert!(limits.stock("projects").is_none()); // as many as are wanted
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stock(&self, dimension: &str) -> Option<&Limit> {
        let stocks = self.iter().filter(|limit| limit.kind == LimitKind::Stock);
        let of = stocks.filter(|limit| limit.dimension.as_str() == dimension);
        of.min_by_key(|limit| (limit.shadow, limit.limit))
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.limits.len()
    }

    /// Whether nothing is limited.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Whether work may have to hold a permit.
    #[inline]
    #[must_use]
    pub const fn has_concurrency(&self) -> bool {
        self.has_concurrency
    }

    #[inline]
    pub(super) const fn needs_precise_clock(&self) -> bool {
        self.needs_precise_clock
    }
}

impl<'a> IntoIterator for &'a Limits {
    type Item = &'a Limit;
    type IntoIter = std::slice::Iter<'a, Limit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
