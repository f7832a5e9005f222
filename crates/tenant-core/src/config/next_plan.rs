use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A plan that a tenant goes to later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NextPlan {
    /// Which one.
    pub plan: String,
    /// When: as with the end of a billing cycle.
    pub at: Timestamp,
}

impl NextPlan {
    /// This plan, at that moment.
    #[must_use]
    pub fn new(plan: impl Into<String>, at: Timestamp) -> Self {
        Self { plan: plan.into(), at }
    }
}
