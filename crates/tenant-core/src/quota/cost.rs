use crate::Dimension;

/// What a piece of work costs in one dimension.
///
/// In a dimension of a concurrency limit it is how many permits the work holds.
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

    /// So much of any dimension.
    #[must_use]
    pub const fn of(dimension: Dimension, amount: u64) -> Self {
        Self { dimension, amount }
    }

    /// What a slice of costs amounts to in one dimension; `None` if none of them is in it. Saturates.
    #[inline]
    #[must_use]
    pub fn total(costs: &[Self], dimension: &Dimension) -> Option<u64> {
        let mut total = None;
        for cost in costs {
            if cost.dimension == *dimension {
                total = Some(total.unwrap_or(0_u64).saturating_add(cost.amount));
            }
        }
        total
    }
}
