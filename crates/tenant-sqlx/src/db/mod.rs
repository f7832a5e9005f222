//! The database of many tenants.

mod builder;
mod pools;
mod refresh;
mod turn;
mod walls;

use std::{borrow::Cow, fmt, sync::Arc};

use futures_util::FutureExt;
use parking_lot::RwLock;
use sqlx::{Execute, Pool, SqlStr, Transaction, migrate::Migrator};
use tenant_core::{
    Clock, DatabaseKey, Hooks, Placement, TenantConfig, TenantContext, TenantId, hooks::RewriteEvent,
};
use tenant_sql::{CacheStats, Catalog, Refusal, Rewriter, TenantType, TenantValue};

pub use self::builder::TenantDbBuilder;
pub(crate) use self::turn::Turn;
use self::{pools::Pools, turn::Turns, walls::Walls};
use crate::{
    Finding, RowLevelSecurity, Scoped, ScopedTransaction,
    catalog::Source,
    danger::{Bypass, Unscoped},
    driver::{self, TenantDatabase},
    error::{inactive, refused},
    moving::Gates,
    place::{Address, Home, Places, Preamble},
    replicas::Writing,
    rls::{Session, Setting},
    statement::{ScopedStatement, Wanted},
};

/// A database whose tables hold the rows of many tenants. Cloning it is cheap: clones share pool and catalog.
///
/// It hands out neither its pool nor a connection. See the [crate's documentation](crate) for its ways in.
pub struct TenantDb<DB: TenantDatabase>(Arc<Inner<DB>>);

struct Inner<DB: TenantDatabase> {
    /// No other database of this process has it.
    number: u64,
    pools: Pools<DB>,
    rewriter: Rewriter,
    tenant_type: TenantType,
    /// Functions of the application may write, whatever a statement looks like.
    calls_functions: bool,
    source: Source,
    findings: RwLock<Vec<Finding>>,
    /// So that of two refreshes the one that read later also writes later.
    refreshing: tokio::sync::Mutex<()>,
    turns: Turns,
    /// Where the database has a wall of its own.
    session: Option<Session>,
    walls: Walls,
    places: Places<DB>,
    gates: Gates,
    hooks: Hooks,
    clock: Arc<dyn Clock>,
}

impl<DB: TenantDatabase> TenantDb<DB> {
    /// Opens the database and reads the catalog from its schema.
    ///
    /// On SQLite the file is created where it is missing, with a write-ahead log that is synced at each commit,
    /// foreign keys enforced, 8 connections and a patience of 10 seconds for other writers. `sqlite::memory:` has one
    /// connection, so that a statement waits while a stream or a transaction is open.
    ///
    /// On PostgreSQL there are 10 connections, on which nothing is set: each is refused unless
    /// `standard_conforming_strings` is `on`, `synchronous_commit` is not `off`, and `pg_catalog` has no place of its own
    /// in the search path. Bare names stand for the tables of
    /// the first schema in the search path, and any other schema is hidden.
    ///
    /// On MySQL and MariaDB there are 10 connections as well. Each is refused unless `sql_mode` is strict and has none of
    /// `NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`, `HIGH_NOT_PRECEDENCE` and `ORACLE`, `innodb_flush_log_at_trx_commit` is 1
    /// and `autocommit` is on. Any other database than the URL's is hidden.
    ///
    /// # Errors
    /// The URL is malformed, the database can't be opened or read, or its settings are not safe.
    pub async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        Self::open(url).await?.build().await
    }

    /// Opens the database as [`connect`](Self::connect) does, for a builder that can still be told more.
    ///
    /// # Errors
    /// The URL is malformed, or the database can't be opened.
    pub async fn open(url: &str) -> Result<TenantDbBuilder<DB>, sqlx::Error> {
        Ok(Self::builder(DB::connect(url, None).await?))
    }

    /// Opens the database as [`open`](Self::open) does, with at most so many connections for tenants.
    ///
    /// # Errors
    /// The URL is malformed, or the database can't be opened.
    pub async fn open_with(url: &str, connections: u32) -> Result<TenantDbBuilder<DB>, sqlx::Error> {
        Ok(Self::builder(DB::connect(url, Some(connections)).await?))
    }

    /// Starts from a pool with settings of your own. Whoever keeps a clone of the pool goes around everything here.
    ///
    /// The pool is used as it is: what [`connect`](Self::connect) checks on each connection is then checked on one, and
    /// whether acknowledged writes survive is up to its settings.
    pub fn builder(pool: Pool<DB>) -> TenantDbBuilder<DB> {
        TenantDbBuilder::new(pool)
    }

    /// Runs statements for one tenant, each on any connection.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// async fn active(
    ///     db: &tenant_sqlx::TenantDb<sqlx::Sqlite>,
    ///     tenant: &tenant_core::TenantContext,
    /// ) -> sqlx::Result<Vec<(i64, String)>> {
    ///     sqlx::query_as("SELECT id, email FROM users WHERE active = ?")
    ///         .bind(true)
    ///         .fetch_all(&db.scoped(tenant))
    ///         .await
    /// }
    /// ```
    #[must_use]
    pub const fn scoped<'a>(&'a self, tenant: &'a TenantContext) -> Scoped<'a, DB> {
        Scoped::new(self, tenant)
    }

    /// Begins a transaction of one tenant.
    ///
    /// On SQLite it holds the write lock from the start, and all writers of this process wait in one queue, first come,
    /// first served. A write beside one's own open transaction waits for itself, and fails after some seconds.
    ///
    /// # Errors
    /// The tenant is no longer active, or the database failed.
    pub async fn begin(&self, tenant: &TenantContext) -> Result<ScopedTransaction<'static, DB>, sqlx::Error> {
        tenant.ensure_active().map_err(inactive)?;
        let (inner, turn) = self.begin_for(tenant).await?;
        Ok(ScopedTransaction::new(self.clone(), tenant.clone(), inner, turn))
    }

    /// Runs statements on the rows of **all** tenants, and reports so.
    ///
    /// On PostgreSQL and MySQL they have connections of their own, up to 4: what a statement sets in its session never
    /// reaches a tenant's.
    #[must_use]
    pub fn unscoped(&self, bypass: Bypass) -> Unscoped<'_, DB> {
        Unscoped::new(self, bypass)
    }

    /// Applies the application's migrations, and reads the catalog anew.
    ///
    /// Their book-keeping is sqlx's own (`_sqlx_migrations`); the framework's stands beside it. Of several processes
    /// that start at once one migrates while the others wait. On SQLite all that are due become one transaction, on
    /// PostgreSQL each becomes one. MySQL commits each change of the schema by itself.
    ///
    /// # Errors
    /// A migration failed: on SQLite none of this call's is applied, on PostgreSQL those before it are, on MySQL a part
    /// of it may be as well. Or the catalog can't be read.
    pub async fn migrate(&self, migrator: &Migrator) -> Result<(), sqlx::Error> {
        self.apply(migrator).await.map(drop)
    }

    /// Tells the versions that this call applied.
    pub(crate) async fn apply(&self, migrator: &Migrator) -> Result<Vec<i64>, sqlx::Error> {
        let turn = self.turn().await;
        let applied = DB::migrate(self.own_pool(), migrator).await?;
        drop(turn);
        self.refresh_catalog().await?;
        Ok(applied)
    }

    /// Creates or updates the framework's own tables, which no scoped statement sees: `tenants` and all whose names begin with
    /// `tenant_`, such as `tenant_hosts`, `tenant_stocks` and `tenant_api_keys`.
    ///
    /// It may be called at each start, by several processes at once.
    ///
    /// # Errors
    /// A migration failed, or the catalog can't be read.
    pub async fn migrate_tenants(&self) -> Result<(), sqlx::Error> {
        self.apply_to_tenants().await.map(drop)
    }

    pub(crate) async fn apply_to_tenants(&self) -> Result<Vec<i64>, sqlx::Error> {
        let mut migrator = DB::tenant_migrations();
        migrator.dangerous_set_table_name("_tenant_migrations");
        // A newer version of the framework may share the database while it is rolled out.
        migrator.set_ignore_missing(true);
        self.apply(&migrator).await
    }

    /// What the schema keeps from tenants or lets them tell of each other, as of the last time it was read.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.0.findings.read().clone()
    }

    /// The catalog in use.
    #[must_use]
    pub fn catalog(&self) -> Catalog {
        self.0.rewriter.catalog()
    }

    /// What the cache of scoped statements has done and holds.
    #[must_use]
    pub fn rewrite_stats(&self) -> CacheStats {
        self.0.rewriter.stats()
    }

    /// Asks the database whether it is there: for health checks.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.pool().acquire().await?;
        sqlx::Connection::ping(&mut *connection).await
    }

    /// How many connections there are to tenants' own databases; at most as many as
    /// [`databases`](crate::TenantDbBuilder::databases) allows.
    #[must_use]
    pub fn connections_to_databases(&self) -> u32 {
        self.places().databases.as_ref().map_or(0, |databases| databases.connections())
    }

    /// Closes the connections, waiting for those in use.
    pub async fn close(&self) {
        futures_util::future::join(self.0.pools.close(), self.0.places.close()).await;
    }

    pub(crate) fn pool(&self) -> &Pool<DB> {
        &self.0.pools.scoped
    }

    pub(crate) fn places(&self) -> &Places<DB> {
        &self.0.places
    }

    /// Where the framework's own statements run, and no tenant's.
    pub(crate) fn own_pool(&self) -> &Pool<DB> {
        &self.0.pools.own
    }

    /// Where those wait who write for a tenant that moves. It is apart: who holds one here wants another elsewhere.
    pub(crate) fn holds_pool(&self) -> &Pool<DB> {
        &self.0.pools.holds
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.0.gates
    }

    /// The tenant of a config as its rows name it.
    pub(crate) fn value_of<'c>(&self, config: &'c TenantConfig) -> Result<TenantValue<'c>, sqlx::Error> {
        value(self.0.tenant_type, &config.tenant_id, config.database_key).map_err(refused)
    }

    /// What tells a session for whom it is, where policies ask.
    pub(crate) fn session_setting(&self, tenant: &TenantValue<'_>) -> Option<String> {
        let (_, setting) = self.0.session.as_ref()?.wall.as_ref()?;
        Some(setting.statement(tenant).replacen("SET LOCAL", "SET", 1))
    }

    pub(crate) fn unscoped_pool(&self) -> &Pool<DB> {
        &self.0.pools.unscoped
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) async fn turn(&self) -> Turn {
        self.0.turns.wait::<DB>().await
    }

    pub(crate) async fn begin_write(&self) -> Result<(Transaction<'static, DB>, Turn), sqlx::Error> {
        self.begin_on(self.own_pool()).await
    }

    pub(crate) async fn begin_on(
        &self,
        pool: &Pool<DB>,
    ) -> Result<(Transaction<'static, DB>, Turn), sqlx::Error> {
        let turn = self.turn().await;
        Ok((DB::begin(pool).await?, turn))
    }

    /// Begins a transaction where a tenant lives; the database knows the tenant where policies are to be obeyed.
    pub(crate) async fn begin_for(
        &self,
        tenant: &TenantContext,
    ) -> Result<(Transaction<'static, DB>, Turn), sqlx::Error> {
        if !self.is_elsewhere(tenant) {
            return self.begin_on(self.pool()).await;
        }
        let mut home = self.home(tenant, true, false).await?;
        let connection = home.connect().await?;
        let begin = home.begin.or_else(|| DB::BEGIN.map(SqlStr::from_static));
        let turn = home.turn.holding(home.lease, home.hold);
        Ok((driver::begin_on(connection, begin).await?, turn))
    }

    /// Whether a tenant's statements don't simply run on any connection.
    #[inline]
    pub(crate) fn is_elsewhere(&self, tenant: &TenantContext) -> bool {
        self.0.session.is_some()
            || self.0.places.replicas.is_some()
            || !tenant.config().placement.is_shared()
            || !tenant.record().is_settled()
    }

    /// Whether a statement may see what was there some time ago.
    pub(crate) fn may_lag(&self, statement: &ScopedStatement<DB>) -> bool {
        self.0.places.replicas.is_some() && !self.must_keep(statement) && !statement.may_lock()
    }

    /// Takes note that a tenant's rows have changed.
    pub(crate) fn note_write(&self, tenant: &TenantId) {
        if let Some(replicas) = &self.0.places.replicas {
            replicas.note_write(tenant);
        }
    }

    /// Takes note that a tenant writes, until what is given is dropped.
    pub(crate) fn writing(&self, tenant: &TenantContext, is_so: bool) -> Option<Writing<DB>> {
        let replicas = self.0.places.replicas.as_ref().filter(|_| is_so)?;
        Some(Writing::begin(Arc::clone(replicas), *tenant.id()))
    }

    /// Looks up where a tenant lives, as each of its statements does, and tells whether that took no waiting. For benchmarks.
    #[doc(hidden)]
    pub fn finds_home(&self, tenant: &TenantContext) -> bool {
        !self.is_elsewhere(tenant)
            || self.home_at_once(tenant, false, false).is_some()
            || self.home(tenant, false, false).now_or_never().is_some_and(|home| home.is_ok())
    }

    /// Where a tenant lives, for a statement that reads, perhaps what was there some time ago, or writes.
    pub(crate) async fn home(
        &self,
        tenant: &TenantContext,
        writes: bool,
        may_lag: bool,
    ) -> Result<Home<DB>, sqlx::Error> {
        if let Some(home) = self.home_at_once(tenant, writes, may_lag) {
            return Ok(home);
        }
        let (placement, hold) = self.whereabouts(tenant, writes).await?;
        let found;
        let address = match &placement {
            Cow::Borrowed(_) => self.known_address(tenant),
            Cow::Owned(_) => None,
        };
        let address = match address {
            Some(address) => address,
            None => {
                found = self.find(tenant, &placement)?;
                &found
            }
        };
        let copies_for = may_lag.then_some(tenant.id());
        let turn = if writes && address.is_shared() { self.turn().await } else { Turn::free() };
        let home = self.0.places.enter(self.pool(), address, copies_for).await?;
        if self.has_unseen_wall(&placement) {
            let (pool, begin) = (home.pool.clone(), home.begin.clone());
            self.look_at_wall(&placement, &pool, begin).await?;
        }
        Ok(Home { hold, turn, ..home })
    }

    /// Where nothing has to be waited for: the tenant is settled, and its place is always open.
    fn home_at_once(&self, tenant: &TenantContext, writes: bool, may_lag: bool) -> Option<Home<DB>> {
        if !tenant.record().is_settled() || self.has_unseen_wall(&tenant.config().placement) {
            return None;
        }
        let address = self.known_address(tenant)?;
        let waits = address.is_shared() && (writes || may_lag);
        if waits { None } else { address.open(self.pool()) }
    }

    /// What the config's placement amounts to, looked up once per config. Nothing where it can't be found, or another
    /// database keeps its own there.
    fn known_address<'t>(&self, tenant: &'t TenantContext) -> Option<&'t Address<DB>> {
        let find = || Arc::new(self.find(tenant, &tenant.config().placement).ok());
        tenant.record().place_slot().get_or_init(self.0.number, find)?.as_ref()
    }

    fn find(&self, tenant: &TenantContext, placement: &Placement) -> Result<Address<DB>, sqlx::Error> {
        let mut preamble = if self.is_pooled() { Preamble::plain() } else { Preamble::default() };
        if let Some(setting) = self.setting() {
            let value = tenant_value(tenant, self.0.tenant_type).map_err(refused)?;
            preamble.tell(setting, &value);
        }
        self.0.places.find(self.pool(), placement, preamble)
    }

    /// Where policies find the tenant, if they are to be obeyed.
    fn setting(&self) -> Option<&Setting> {
        let wall = self.0.session.as_ref().and_then(|session| session.wall.as_ref());
        wall.map(|(_, setting)| setting)
    }

    fn is_alone(&self) -> bool {
        let wall = self.0.session.as_ref().and_then(|session| session.wall.as_ref());
        wall.is_some_and(|(wall, _)| *wall == RowLevelSecurity::Alone)
    }

    pub(crate) fn is_pooled(&self) -> bool {
        self.0.session.as_ref().is_some_and(|session| session.is_pooled)
    }

    /// Whether what a statement does has to be committed.
    pub(crate) fn must_keep(&self, statement: &ScopedStatement<DB>) -> bool {
        statement.writes() || self.0.calls_functions
    }

    /// The one place where a caller's statement becomes the driver's.
    pub(crate) fn scope<'q, E: Execute<'q, DB>>(
        &self,
        tenant: &TenantContext,
        query: E,
    ) -> Result<ScopedStatement<DB>, sqlx::Error> {
        tenant.ensure_active().map_err(inactive)?;
        let wanted = Wanted::read(query)?;
        let (plan, is_hit) = self.0.rewriter.recall_or_rewrite(wanted.sql.as_str());
        let scoped = plan.map_err(refused).and_then(|plan| {
            if self.is_alone() {
                return ScopedStatement::as_it_stands(wanted, &plan, tenant);
            }
            let value = tenant_value(tenant, self.0.tenant_type).map_err(refused)?;
            ScopedStatement::new(wanted, &plan, &value, tenant)
        });
        let scoped = match &tenant.config().placement {
            Placement::Schema(_) => scoped.map(ScopedStatement::of_a_schema),
            Placement::Shared | Placement::Shard(_) | Placement::Database(_) if self.is_pooled() => {
                scoped.map(ScopedStatement::unnamed)
            }
            Placement::Shared | Placement::Shard(_) | Placement::Database(_) => scoped,
        };
        let refusal = scoped.as_ref().err().and_then(|error| Refusal::of(error));
        let refusal = refusal.map(|refusal| refusal.kind().as_str());
        self.0.hooks.on_rewrite(&RewriteEvent::new(is_hit, refusal));
        scoped
    }
}

/// The tenant in the type of the tenant column. An id never stands in for a key that is missing.
fn tenant_value(tenant: &TenantContext, tenant_type: TenantType) -> Result<TenantValue<'_>, Refusal> {
    value(tenant_type, tenant.id(), tenant.database_key())
}

fn value(
    tenant_type: TenantType,
    id: &TenantId,
    key: Option<DatabaseKey>,
) -> Result<TenantValue<'_>, Refusal> {
    match (tenant_type, key) {
        (TenantType::Text, _) => Ok(TenantValue::Text(id.as_str())),
        (TenantType::Integer, Some(DatabaseKey::Integer(number))) => Ok(TenantValue::Integer(number)),
        (TenantType::Uuid, Some(DatabaseKey::Uuid(bits))) => Ok(TenantValue::Uuid(bits)),
        _ => Err(Refusal::unsupported(
            "tenant without a database key",
            "give the tenant's config the key that its rows carry",
        )),
    }
}

impl<DB: TenantDatabase> Clone for TenantDb<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<DB: TenantDatabase> fmt::Debug for TenantDb<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantDb").field("database", &DB::NAME).finish_non_exhaustive()
    }
}
