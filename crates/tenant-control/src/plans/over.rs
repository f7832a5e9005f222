use async_trait::async_trait;
use serde::Serialize;
use tenant_core::{InvalidConfig, LimitKind, Plans, StoreError, TenantConfig, quota::Limits};

/// Tells how much a tenant has of what plans bound.
#[async_trait]
pub trait StockUsage: Send + Sync {
    /// How many there are of this dimension of stock limits; none of what is not kept. The tenant may be suspended.
    ///
    /// # Errors
    /// They can't be counted.
    async fn used(&self, tenant: &TenantConfig, dimension: &str) -> Result<u64, StoreError>;
}

/// A limit of another plan that more is used of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OverLimit {
    /// Which limit.
    pub limit: String,
    /// How much is used.
    pub used: u64,
    /// How much the plan admits.
    pub allowed: u64,
}

/// Whether a tenant may go to another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It uses no more than that has.
    Fits,
    /// It uses more of these.
    Over(Vec<OverLimit>),
    /// There is no such plan any more, or the tenant's own limits make no sense on it.
    Never(InvalidConfig),
}

impl Fit {
    /// Whether what is used fits a config as it is to become: by its limits without boosts, which end.
    ///
    /// # Errors
    /// What is used can't be counted.
    pub async fn of(
        config: &TenantConfig,
        plans: &Plans,
        usage: &dyn StockUsage,
    ) -> Result<Self, StoreError> {
        let limits = match plans.limits(config) {
            Ok(limits) => limits,
            Err(error) => return Ok(Self::Never(error)),
        };
        let over = over(config, &limits, usage).await?;
        Ok(if over.is_empty() { Self::Fits } else { Self::Over(over) })
    }
}

async fn over(
    config: &TenantConfig,
    limits: &Limits,
    usage: &dyn StockUsage,
) -> Result<Vec<OverLimit>, StoreError> {
    let mut over = Vec::new();
    for limit in limits.iter().filter(|limit| limit.kind == LimitKind::Stock && !limit.shadow) {
        let used = usage.used(config, limit.dimension.as_str()).await?;
        if used > limit.limit {
            over.push(OverLimit { limit: limit.name.to_string(), used, allowed: limit.limit });
        }
    }
    Ok(over)
}
