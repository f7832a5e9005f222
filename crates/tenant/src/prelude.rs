//! What a service usually needs: `use tenant::prelude::*;`

use std::time::Duration;

#[cfg(feature = "mysql")]
pub use sqlx::MySql;
#[cfg(feature = "postgres")]
pub use sqlx::Postgres;
#[cfg(feature = "sqlite")]
pub use sqlx::Sqlite;
pub use tenant_core::{
    ConfigManager, ConfigPolicyEvaluator, ConfigStore, ConfigStoreExt, InMemoryConfigManager,
    InMemoryQuotaManager, PolicyEvaluator, QuotaManager, TenantConfig, TenantContext, TenantId, TenantStatus,
};
#[cfg(feature = "_database")]
pub use tenant_sql::Refusal;
#[cfg(feature = "_database")]
pub use tenant_sqlx::{DbConfigManager, TenantDb};
#[cfg(feature = "axum")]
pub use tenant_tower::Tenant;
pub use tenant_tower::{
    HeaderResolver, HostResolver, Rejection, SubdomainResolver, TenantLayer, TenantResolver,
};

#[cfg(all(feature = "axum", feature = "_database"))]
pub use crate::ApiError;

/// Any error, for `main`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// So many minutes.
#[must_use]
pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}
