use std::sync::Arc;

use crate::{Dimension, TenantConfig, Window};

/// One limit of a tenant, ready to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// The name in RateLimit fields and usage: `rpm`, `tpm`, or the config's.
    pub name: Arc<str>,
    /// What is counted.
    pub dimension: Dimension,
    /// How much of it is admitted per window.
    pub limit: u64,
    /// The window, aligned to UTC.
    pub window: Window,
    /// Counts and reports, but never denies.
    pub shadow: bool,
}

/// All limits of a tenant: the shorthands that are not unlimited, then the named ones in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Box<[Limit]>);

impl Limits {
    /// The limits that a config amounts to.
    #[must_use]
    pub fn of(config: &TenantConfig) -> Self {
        let shorthand = |name: &str, dimension, limit: Option<u64>| {
            let limit = limit.filter(|&limit| limit > 0)?;
            Some(Limit { name: name.into(), dimension, limit, window: Window::Minute, shadow: false })
        };
        let named = config.limits.iter().map(|(name, limit)| Limit {
            name: name.as_str().into(),
            dimension: limit.dimension.clone(),
            limit: limit.limit,
            window: limit.window,
            shadow: limit.shadow,
        });
        let shorthands = [
            shorthand("rpm", Dimension::Requests, config.quota.requests_per_minute),
            shorthand("tpm", Dimension::Tokens, config.quota.tokens_per_minute),
        ];
        Self(shorthands.into_iter().flatten().chain(named).collect())
    }

    /// The limits, one by one.
    #[inline]
    pub fn iter(&self) -> std::slice::Iter<'_, Limit> {
        self.0.iter()
    }

    /// The limit at a position, as [`LimitState::index`](super::LimitState::index) names it.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Limit> {
        self.0.get(index)
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is limited.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Limits {
    type Item = &'a Limit;
    type IntoIter = std::slice::Iter<'a, Limit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What a piece of work costs in one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What is used.
    pub dimension: Dimension,
    /// How much of it.
    pub amount: u64,
}

impl Cost {
    /// So many requests.
    #[must_use]
    pub const fn requests(amount: u64) -> Self {
        Self { dimension: Dimension::Requests, amount }
    }

    /// So many tokens.
    #[must_use]
    pub const fn tokens(amount: u64) -> Self {
        Self { dimension: Dimension::Tokens, amount }
    }

    /// What a slice of costs amounts to in one dimension; `None` if none of them is in it.
    #[inline]
    pub(crate) fn total(costs: &[Self], dimension: &Dimension) -> Option<u64> {
        let mut total = None;
        for cost in costs {
            if cost.dimension == *dimension {
                total = Some(total.unwrap_or(0_u64).saturating_add(cost.amount));
            }
        }
        total
    }
}
