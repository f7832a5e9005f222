//! The vocabulary and the traits of multi-tenancy.
//!
//! A [`TenantId`] is a claim; a [`TenantContext`] is proof. Everything that runs SQL, touches a cache or counts a
//! quota takes a context, and only a lookup of an *active* tenant in a [`ConfigManager`] mints one.
//!
//! | noun | what it is |
//! |---|---|
//! | [`TenantId`] | a parsed name |
//! | [`TenantConfig`] | what is configured for a tenant; data |
//! | [`TenantRecord`] | the config as it lives in this process |
//! | [`TenantContext`] | the proof that work is done for an active tenant |
//! | [`ConfigManager`], [`ConfigStore`] | who reads and writes configs |
//! | [`Plans`] | what the tenants of a plan may use |
//! | [`settings`] | what a tenant may set for itself, by name and type |
//! | [`QuotaManager`] | who counts, and decides whether there may be more |
//! | [`PolicyEvaluator`] | who decides whether something may be asked for |
//! | [`auth::Principal`], [`auth::Authenticator`] | who is calling, and who proves it |
//! | [`organisations`] | who belongs to a tenant, who is invited, and what they work on |
//! | [`HostClaim`] | a host that a tenant has yet to prove its own |
//! | [`usage::UsageStore`] | who keeps what is billed |
//! | [`jobs::JobStore`] | who keeps what takes long: exports, imports, purges |
//! | [`events::EventBus`] | who tells a tenant's own what happens in it |
//! | [`webhooks::OutboxStore`] | who keeps what a tenant's servers are to be told |
//! | [`TenantHooks`] | who listens |
//! | [`Clock`] | where time comes from |
//!
//! This crate knows no HTTP, no SQL and no network; the edges (`tenant-tower`, `tenant-sqlx`, `tenant-cache`) do.
//!
//! # What it does not protect against
//! An implementor of [`ConfigManager`] that answers with invented configs, and code that runs SQL past the edges.

pub mod address;
pub mod audit;
pub mod auth;
mod clock;
mod config;
mod configs;
mod context;
mod error;
pub mod events;
pub mod hooks;
mod host_claim;
mod id;
pub mod jobs;
#[cfg(feature = "metrics")]
mod metrics;
pub mod organisations;
mod plan;
pub mod policy;
pub mod quota;
mod record;
mod scope;
pub mod settings;
mod timestamp;
pub mod usage;
pub mod webhooks;

pub use async_trait::async_trait;

pub use self::{
    clock::{Clock, ManualClock, Monotonic, SystemClock, UnixTime},
    config::{
        Algorithm, Amount, Boost, DatabaseKey, Dimension, FailurePolicy, InvalidConfig, InvalidLimit,
        InvalidPlaceName, LimitKind, LimitSetting, NamedLimit, NextPlan, PlaceName, Placement, PolicyConfig,
        QuotaConfig, TenantConfig, TenantConfigBuilder, TenantStatus, Window,
    },
    configs::{
        CacheStats, CachedConfigs, ConfigAnnouncer, ConfigChange, ConfigListener, ConfigManager, ConfigStore,
        ConfigStoreExt, ConfigVersion, Due, DueTenants, InMemoryConfigManager, Lookup, Page, TenantList,
    },
    context::{AdmissionError, Inactive, TenantContext},
    error::{StoreError, StoreErrorKind},
    hooks::{Hooks, TenantHooks},
    host_claim::{HostClaim, HostClaimStatus, HostClaimStore, HostClaimed},
    id::{InvalidTenantId, TenantId},
    plan::{InvalidPlan, Plan, Plans},
    policy::{ConfigPolicyEvaluator, PolicyEvaluator},
    quota::{GcraQuotaManager, InMemoryQuotaManager, QuotaManager, SlidingWindowQuotaManager},
    record::{LimitPhase, QuotaSlot, TenantRecord},
    scope::{Scope, current, scope, scope_with, spawn, spawn_blocking, sync_scope},
    timestamp::{InvalidTimestamp, Timestamp},
};
#[cfg(feature = "metrics")]
pub use metrics::{TenantLabels, TenantMetrics};
