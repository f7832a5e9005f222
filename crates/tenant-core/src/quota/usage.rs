use super::Limit;
use crate::UnixTime;

/// What a tenant has used in its current windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Limit by limit, in the order of the tenant's [`Limits`](super::Limits). A manager tells of rates and
    /// concurrencies; stocks are where the things are.
    pub limits: Vec<LimitUsage>,
}

impl Usage {
    /// Usage, limit by limit.
    #[must_use]
    pub const fn new(limits: Vec<LimitUsage>) -> Self {
        Self { limits }
    }
}

/// What a tenant has used of one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    /// The limit.
    pub limit: Limit,
    /// How much is used, in the current window or at present; beyond the limit where shadow mode or a settlement let it.
    pub used: u64,
    /// When all of it is there again if nothing more is used, as [`LimitState::resets_at`](super::LimitState::resets_at).
    pub resets_at: UnixTime,
}

impl LimitUsage {
    /// How much is left; never below 0.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.limit.capacity().saturating_sub(self.used)
    }

    /// The used share in percent; 100 for a limit of 0.
    #[must_use]
    pub fn utilization_percent(&self) -> f64 {
        let capacity = self.limit.capacity();
        if capacity == 0 {
            return 100.0;
        }
        // Counts stay below 2^53, so that both are exact as floats.
        self.used as f64 * 100.0 / capacity as f64
    }
}
