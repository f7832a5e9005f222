//! The database edge: sqlx statements run for one tenant, or not at all.
//!
//! [`TenantDb::scoped`] takes the proof that work is done for an active tenant and gives an [`sqlx::Executor`]. Every
//! statement that goes through it is scoped by `tenant-sql` or refused before the driver sees it; `query`, `query_as`,
//! `query_scalar`, `QueryBuilder`, the checked macros and streams work as they do on a pool.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sqlx::Sqlite;
//! use tenant_core::{ConfigStore, TenantConfig, TenantContext, TenantId};
//! use tenant_sqlx::{DbConfigManager, TenantDb, danger::Bypass};
//!
//! let db = TenantDb::<Sqlite>::connect("sqlite::memory:").await?;
//! db.migrate_tenants().await?;
//! sqlx::query("CREATE TABLE users (tenant_id TEXT NOT NULL, email TEXT NOT NULL, PRIMARY KEY (tenant_id, email))")
//!     .execute(&db.unscoped(Bypass::new("setup", "create the tables")))
//!     .await?;
//! db.refresh_catalog().await?;
//!
//! let configs = DbConfigManager::new(&db);
//! let acme = TenantId::parse("acme")?;
//! configs.create(TenantConfig::builder(acme).build()?).await?;
//! let tenant = TenantContext::of(&configs, &acme).await?;
//!
//! sqlx::query("INSERT INTO users (email) VALUES (?)")
//!     .bind("ann@acme.example")
//!     .execute(&db.scoped(&tenant))
//!     .await?;
//! let emails: Vec<String> = sqlx::query_scalar("SELECT email FROM users")
//!     .fetch_all(&db.scoped(&tenant))
//!     .await?;
//! assert_eq!(emails, ["ann@acme.example"]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! | way in | for |
//! |---|---|
//! | [`TenantDb::scoped`] | statements of one tenant |
//! | [`TenantDb::begin`] | transactions of one tenant |
//! | [`ScopedTransaction::admit_stock`] | how many of something a tenant may have, held where it is created |
//! | [`TenantDb::unscoped`] | statements of the operator, with a reason that is reported |
//! | [`DbConfigManager`] | the tenants' configs |
//! | [`DbAudit`] | the audit log |
//! | [`DbUsage`] | what tenants used |
//! | [`DbApiKeys`], [`DbSessions`], [`DbPeople`], [`DbRevocations`] | what proves who is calling |
//! | [`DbOrganisations`] | members, invitations and projects |
//! | [`DbWebhooks`] | webhooks, and what is still to be told to them |
//! | [`DbJobs`], [`DbLifecycle`] | what takes long: exports, imports, purges |
//! | [`DbHostClaims`] | hosts that tenants have yet to prove theirs |
//! | [`TenantDb::migrate`], [`TenantDb::migrate_tenants`] | schemas |
//! | [`ddl`], [`doctor`] | the database's own walls: drawn up, and looked after |
//! | [`TenantDb::move_tenant`] | one tenant, from one place to another |
//! | [`TenantDb::export_tenant`], [`TenantDb::import_tenant`], [`TenantDb::purge_tenant`] | one tenant, out of a database, into one, and gone |
//! | [`Fleet`] | the migrations of all places where tenants live |
//!
//! The databases are features: `sqlite`, `postgres`, and `mysql` for MySQL and MariaDB. [`TenantDb::connect`] says what
//! each must be set to.
//!
//! On MySQL the tenant is an argument where its places come behind the caller's placeholders, and a literal in the text
//! otherwise. Statements with a literal are prepared anew each time, or each connection would keep one for each tenant.
//! Over TCP sqlx takes up to 40 ms to end a statement that it does not keep, during which its connection serves nobody
//! else; through a Unix socket (`?socket=/run/mysqld/mysqld.sock`) it takes none.
//!
//! # Errors
//! What is refused travels inside [`sqlx::Error`] and is found again with
//! [`Refusal::of`](tenant_sql::Refusal::of); a tenant that was suspended meanwhile with [`NoLongerActive::of`].
//!
//! # What it does not protect against
//! Code that holds a pool or a connection of its own. Nothing here hands one out, and nothing takes an id for a tenant:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! fn proof(db: &tenant_sqlx::TenantDb<sqlx::Sqlite>, tenant: &tenant_core::TenantContext) {
//!     let _ = db.scoped(tenant);
//! }
//! ```
//! ```compile_fail,E0308
//! fn claim(db: &tenant_sqlx::TenantDb<sqlx::Sqlite>, tenant: &tenant_core::TenantId) {
//!     let _ = db.scoped(tenant);
//! }
//! ```
//! ```compile_fail,E0277
//! fn acquire<'a>(scoped: &'a tenant_sqlx::Scoped<'a, sqlx::Sqlite>) -> impl sqlx::Acquire<'a> {
//!     scoped
//! }
//! ```
//! ```compile_fail,E0614
//! fn deref<'t>(tx: &'t mut tenant_sqlx::ScopedTransaction<'_, sqlx::Sqlite>) -> &'t mut sqlx::SqliteConnection {
//!     &mut **tx
//! }
//! ```
//! ```compile_fail,E0624
//! fn pool(db: &tenant_sqlx::TenantDb<sqlx::Sqlite>) -> &sqlx::SqlitePool {
//!     db.pool()
//! }
//! ```

// Each driver calls what it needs; only all of them together call everything.
#![cfg_attr(
    not(all(feature = "mysql", feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports)
)]

mod archive;
mod audit;
mod catalog;
mod configs;
mod credentials;
pub mod danger;
mod db;
pub mod ddl;
pub mod doctor;
mod driver;
mod error;
mod fleet;
mod jobs;
mod lifecycle;
mod model;
mod moving;
mod organisations;
mod own;
mod place;
mod replicas;
mod rls;
mod scoped;
mod standing;
mod statement;
mod stock;
mod transaction;
mod usage;
mod webhooks;

#[cfg(feature = "postgres")]
pub use self::configs::{PgAnnouncer, PgChangeReader};
pub use self::{
    audit::DbAudit,
    catalog::{Finding, Problem},
    configs::DbConfigManager,
    credentials::{DbApiKeys, DbHostClaims, DbMfa, DbPeople, DbRevocations, DbSessions},
    db::{TenantDb, TenantDbBuilder},
    driver::TenantDatabase,
    error::{Moved, NoLongerActive, RolledBack, is_transient},
    fleet::{Drift, Fleet, FleetProgress, FleetReport, PlaceReport, PlaceState},
    jobs::DbJobs,
    lifecycle::{
        ArchiveSummary, DbLifecycle, ExportReport, ImportOptions, ImportReport, Invitee, LifecycleError,
        LifecycleErrorKind, PurgeOptions, PurgeReport,
    },
    model::{Inspect, Model},
    moving::{MoveError, MoveErrorKind, MoveOptions, MoveReport, MoveStep},
    organisations::DbOrganisations,
    rls::RowLevelSecurity,
    scoped::Scoped,
    stock::StockDenied,
    transaction::ScopedTransaction,
    usage::DbUsage,
    webhooks::DbWebhooks,
};
