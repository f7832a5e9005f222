//! Multi-tenancy for Rust services.
//!
//! Add it to an axum, tower or hyper service on sqlx. From then on every request belongs to one tenant, every SQL
//! statement and cache key is scoped to it, every quota is counted against it, every policy is evaluated for it.
//! Forgetting something is a compile error or a refusal, never a leak.
//!
//! This crate re-exports the others; `tenant::prelude` holds what a service usually needs.
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `auth` | no | tokens, API keys, sessions, passwords and second factors, in `tenant::auth` beside the vocabulary of callers |
//! | `axum` | yes | the extractors `Tenant` and `Option<Tenant>`, rejections as responses; with a database `ApiError`, `TransactionLayer`, `RequestTransaction` and `OpenTransaction` |
//! | `cache` | yes | `TenantCache`, `KeyPrefixer`, an in-memory backend |
//! | `control` | no | `control::AuditLog`: who did what, in a chain in which a removed entry shows; `control::Organisations`: members, invitations by mail, projects; `control::UsageMeter` and `control::Billing`: what tenants use, and what it costs |
//! | `sqlite` | yes | `TenantDb<Sqlite>`, `DbConfigManager` |
//! | `postgres` | no | `TenantDb<Postgres>`, `DbConfigManager`, `PgAnnouncer`, `PgChangeReader` |
//! | `mysql` | no | `TenantDb<MySql>`, `DbConfigManager` |
//! | `redis` | no | `RedisQuotaManager`, `RedisCache`, `RedisSessions`, `RedisResidue`, `RedisAnnouncer`, `ChangeReader` |
//! | `derive` | no | `#[derive(TenantScoped)]`: structs describe their tables to the catalog |
//! | `domains` | no | `HostClaims`, `WellKnownProof`, `TxtProof` in `tenant::auth`: tenants prove hosts that they bring along |
//! | `fair` | no | `FairLayer`: slots in front of the service, shared out fairly between tenants |
//! | `jwks-url` | no | `KeyUrl` and `TokenKeys::jwks_url` in `tenant::auth`: the key sets of issuers, read over HTTPS |
//! | `streams` | no | `StreamGuard`: what stays open ends with its tenant and its credential |
//! | `tls` | no | `tower::tls`: certificates by host, changed at run time, and client certificates |
//! | `tracing` | yes | a span per request with `tenant.id` |
//! | `metrics` | no | `TenantMetrics` on the `metrics` facade |
//! | `stripe` | no | `control::StripeMeter`: what tenants use on each day, told to Stripe's meters once |
//! | `webhooks` | no | `control::Webhooks`, `control::Outbox`, `control::WebhookSender`: what happens in a tenant, told to servers of its own |
//! | `full` | no | all of them |

#[cfg(all(feature = "axum", feature = "_database"))]
mod api_error;
#[cfg(feature = "auth")]
pub mod auth {
    //! Who is calling: principals, what proves them, and what is kept of it.

    pub use tenant_auth::*;
    pub use tenant_core::auth::*;
}
pub mod danger;
#[cfg(all(feature = "axum", feature = "_database"))]
mod per_request;
pub mod prelude;

#[cfg(all(feature = "axum", feature = "_database"))]
pub use api_error::ApiError;
#[cfg(all(feature = "axum", feature = "_database"))]
pub use per_request::{
    OpenTransaction, RequestTransaction, TransactionFuture, TransactionLayer, TransactionService,
};
#[cfg(feature = "cache")]
pub use tenant_cache as cache;
#[cfg(feature = "control")]
pub use tenant_control as control;
pub use tenant_core::*;
#[cfg(feature = "redis")]
pub use tenant_redis as redis;
#[cfg(feature = "_database")]
pub use tenant_sql::{self as sql, Catalog, Refusal, RefusalKind, Table, TenantScoped};
#[cfg(feature = "_database")]
pub use tenant_sqlx::{
    ArchiveSummary, DbApiKeys, DbAudit, DbConfigManager, DbHostClaims, DbJobs, DbLifecycle, DbMfa,
    DbOrganisations, DbPeople, DbRevocations, DbSessions, DbUsage, DbWebhooks, Drift, ExportReport, Finding,
    Fleet, FleetProgress, FleetReport, ImportOptions, ImportReport, Inspect, Invitee, LifecycleError,
    LifecycleErrorKind, Model, MoveError, MoveErrorKind, MoveOptions, MoveReport, MoveStep, Moved,
    NoLongerActive, PlaceReport, PlaceState, Problem, PurgeOptions, PurgeReport, RolledBack,
    RowLevelSecurity, Scoped, ScopedTransaction, StockDenied, TenantDatabase, TenantDb, TenantDbBuilder, ddl,
    doctor, is_transient,
};
#[cfg(feature = "postgres")]
pub use tenant_sqlx::{PgAnnouncer, PgChangeReader};
pub use tenant_tower::{
    self as tower, AuthLayer, ChainResolver, Claim, FnResolver, HeaderResolver, HostError, HostErrorKind,
    HostName, HostRegistry, HostResolver, InvalidHost, InvalidPattern, Meter, PathResolver, Policies,
    PolicyLayer, PrincipalResolver, QuotaLayer, Rejection, RejectionKind, RequestHead, RequireLayer,
    Resolution, ResolveFuture, ResolveLayer, Source, SubdomainResolver, TenantBody, TenantLayer,
    TenantLayerBuilder, TenantResolver, TenantService, TraceId, resolver_fn,
};
pub use tenant_tower::{
    AddressLimitLayer, ClientAddr, ForwardedLayer, GuardFuture, GuardService, HostPattern, InvalidProxies,
    KeyLimitLayer, PeerAddr, TenantCorsLayer, TrustedProxies, check_network, check_second_factor,
};
#[cfg(feature = "fair")]
pub use tenant_tower::{FairBody, FairFuture, FairLayer, FairService};
#[cfg(feature = "axum")]
pub use tenant_tower::{Require, Requirement, Tenant, TenantMeter};
#[cfg(feature = "streams")]
pub use tenant_tower::{StreamEnd, StreamGuard, StreamWatch, WatchedBody};

/// The README's and the book's examples, compiled.
#[cfg(all(doctest, feature = "axum", feature = "sqlite"))]
mod book {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[cfg(feature = "auth")]
    #[doc = include_str!("../../../docs/src/callers.md")]
    struct Callers;
    #[cfg(feature = "control")]
    #[doc = include_str!("../../../docs/src/audit.md")]
    struct Audit;
    #[doc = include_str!("../../../docs/src/getting-started.md")]
    struct GettingStarted;
    #[cfg(feature = "fair")]
    #[doc = include_str!("../../../docs/src/limits.md")]
    struct Limits;
    #[cfg(feature = "postgres")]
    #[doc = include_str!("../../../docs/src/placement.md")]
    struct Placement;
    #[doc = include_str!("../../../docs/src/queries.md")]
    struct Queries;
    #[cfg(feature = "postgres")]
    #[doc = include_str!("../../../docs/src/growing.md")]
    struct Growing;
    #[cfg(feature = "postgres")]
    #[doc = include_str!("../../../docs/src/row-level-security.md")]
    struct RowLevelSecurity;
    #[cfg(feature = "redis")]
    #[doc = include_str!("../../../docs/src/redis.md")]
    struct Redis;
    #[doc = include_str!("../../../docs/src/settings.md")]
    struct Settings;
    #[cfg(all(feature = "redis", feature = "streams"))]
    #[doc = include_str!("../../../docs/src/streams.md")]
    struct Streams;
    #[cfg(feature = "auth")]
    #[doc = include_str!("../../../docs/src/mfa.md")]
    struct Mfa;
    #[cfg(feature = "control")]
    #[doc = include_str!("../../../docs/src/usage.md")]
    struct Usage;
    #[cfg(feature = "webhooks")]
    #[doc = include_str!("../../../docs/src/webhooks.md")]
    struct Webhooks;
}
