use serde::{Deserialize, Serialize};

/// The two limits that every tenant has; both count in windows aligned to UTC minutes.
///
/// Absent means the plan's value, and unlimited without a plan; 0 means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaConfig {
    /// Requests per UTC minute.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
    /// Tokens per UTC minute.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
}
