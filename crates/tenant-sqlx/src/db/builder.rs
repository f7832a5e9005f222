use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::RwLock;
use sqlx::Pool;
use tenant_core::{Clock, Hooks, PlaceName, Placement, SystemClock};
use tenant_sql::{Catalog, Rewriter, TenantType};

use super::{Inner, TenantDb, Turns, pools::Pools, refresh, walls::Walls};
use crate::{
    RowLevelSecurity,
    catalog::{Given, Rules, Source},
    driver::TenantDatabase,
    moving::Gates,
    place::{Databases, Places},
    replicas::Replicas,
    rls::{Session, Setting},
};

/// Builds a [`TenantDb`].
///
/// Unless a catalog is given, it is read from the schema: tables with the tenant column are owned by tenants, and
/// everything else is hidden from them.
#[must_use]
pub struct TenantDbBuilder<DB: TenantDatabase> {
    pool: Pool<DB>,
    given: Option<Catalog>,
    rules: Rules,
    statements: usize,
    wall: Option<RowLevelSecurity>,
    is_pooled: bool,
    setting: String,
    system: Option<Pool<DB>>,
    shards: HashMap<PlaceName, Pool<DB>>,
    has_schemas: bool,
    databases: Option<u32>,
    replicas: Vec<Pool<DB>>,
    behind: Duration,
    hooks: Hooks,
    clock: Arc<dyn Clock>,
}

impl<DB: TenantDatabase> TenantDbBuilder<DB> {
    pub(super) fn new(pool: Pool<DB>) -> Self {
        Self {
            pool,
            given: None,
            rules: Rules::of::<DB>(),
            statements: 1_024,
            wall: None,
            is_pooled: false,
            setting: Setting::DEFAULT.to_owned(),
            system: None,
            shards: HashMap::new(),
            has_schemas: false,
            databases: None,
            replicas: Vec::new(),
            behind: Duration::ZERO,
            hooks: Hooks::default(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// This catalog, and no look at the schema. What is declared besides is then without effect.
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.given = Some(catalog);
        self
    }

    /// The column that makes a table owned (default `tenant_id`).
    pub fn tenant_column(mut self, name: impl Into<String>) -> Self {
        self.rules.tenant_column = name.into();
        self
    }

    /// How the tenant is stored in it (default text).
    pub fn tenant_type(mut self, tenant_type: TenantType) -> Self {
        self.rules.tenant_type = tenant_type;
        self
    }

    /// Declares tables that all tenants may read and none may write. The framework's own can't be among them.
    pub fn shared<S: Into<String>>(mut self, tables: impl IntoIterator<Item = S>) -> Self {
        self.rules.shared.extend(tables.into_iter().map(Into::into));
        self
    }

    /// Declares views that compute each tenant's rows from that tenant's rows alone, and show the tenant column.
    /// Tenants may read them.
    pub fn views<S: Into<String>>(mut self, views: impl IntoIterator<Item = S>) -> Self {
        self.rules.views.extend(views.into_iter().map(Into::into));
        self
    }

    /// Vouches for the triggers of these tables and for the changes that cascade from them: they stay within the
    /// tenant. Without it such tables can be read, not written.
    pub fn trusted<S: Into<String>>(mut self, tables: impl IntoIterator<Item = S>) -> Self {
        self.rules.trusted.extend(tables.into_iter().map(Into::into));
        self
    }

    /// Allows a function beyond those known to be pure.
    pub fn allow_function(mut self, name: impl Into<String>) -> Self {
        self.rules.functions.push(name.into());
        self
    }

    /// How many scoped statements are remembered (default 1024).
    pub fn remembered_statements(mut self, statements: usize) -> Self {
        self.statements = statements;
        self
    }

    /// Runs what is not a tenant's on this pool: migrations, the tenants' configs and
    /// [`TenantDb::unscoped`]. Its role may do what the role that serves tenants may not, such as change tables or see all
    /// rows, and its connections never serve one. By default it is the same role.
    pub fn system(mut self, pool: Pool<DB>) -> Self {
        self.system = Some(pool);
        self
    }

    /// Tenants whose placement is the shard of this name live there: in tables of many, on another server or in another
    /// database. Its connections are those of the pool, and are not counted against any budget here.
    pub fn shard(mut self, name: PlaceName, pool: Pool<DB>) -> Self {
        self.shards.insert(name, pool);
        self
    }

    /// Reads that [`TenantDb::scoped`] would have run by themselves go to one of these copies of the database, in turn, where
    /// tenants live in the tables of all. They see what was there some time ago: a tenant that has written through this
    /// value within `behind` reads where it writes, until then. Transactions, reads that lock rows, and reads of tenants whose
    /// copy does not answer within a second go there too.
    ///
    /// Writes through another process, and those that are [`unscoped`](TenantDb::unscoped), are not known here: who has
    /// to read them at once takes a transaction.
    pub fn replicas(mut self, pools: impl IntoIterator<Item = Pool<DB>>, behind: Duration) -> Self {
        self.replicas = pools.into_iter().collect();
        self.behind = behind;
        self
    }

    /// A shard as [`shard`](Self::shard) knows it, opened as [`TenantDb::open`] opens a database.
    ///
    /// # Errors
    /// The URL is malformed, or the database can't be opened.
    pub async fn shard_at(self, name: PlaceName, url: &str) -> Result<Self, sqlx::Error> {
        Ok(self.shard(name, DB::connect(url, None).await?))
    }

    /// Tenants may live in databases of their own, beside the one that is opened: on the same server under the name of
    /// their placement, on SQLite in a file of that name and the ending `.db` in the same folder. There are at most so many
    /// connections to all of them together, two for each that is open (one on SQLite): what nobody uses is closed for what
    /// is wanted. On MySQL statements then name no database.
    pub fn databases(mut self, connections: u32) -> Self {
        self.databases = Some(connections);
        self
    }

    /// Who hears of rewrites and bypasses.
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Where time stamps come from (default: the system's clock).
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Reads the catalog, or checks the one given.
    ///
    /// # Errors
    /// The schema can't be read, the catalog contradicts itself, or the server is set to read SQL in another way than
    /// the rewriter does. Where row-level security is wanted: the role is exempt from it, or a table lacks its policy.
    pub async fn build(mut self) -> Result<TenantDb<DB>, sqlx::Error> {
        // Whoever lives elsewhere and names the database of all would be there.
        let is_one = self.databases.is_none() && self.shards.is_empty();
        self.rules.names_schema &= is_one || !DB::SCHEMAS_ARE_DATABASES;
        let source = match &self.given {
            Some(catalog) => {
                Source::Given(Given { catalog: catalog.clone(), names_schema: self.rules.names_schema })
            }
            None => Source::Schema(self.rules.clone()),
        };
        DB::check(&self.pool).await?;
        let (catalog, findings) = refresh::read(&self.pool, &source).await?;
        let session = self.session(&catalog).await?;
        for shard in self.shards.values().chain(&self.replicas) {
            DB::check(shard).await?;
            if let Some((_, setting)) = session.as_ref().and_then(|session| session.wall.as_ref()) {
                DB::check_row_security(shard, None, &catalog, setting).await?;
            }
        }
        let of_many = self.places_of_many().await?;
        let places = Places {
            of_many,
            shards: self.shards,
            has_schemas: self.has_schemas,
            databases: self.databases.map(|connections| Databases::beside(&self.pool, connections)),
            replicas: (!self.replicas.is_empty())
                .then(|| Arc::new(Replicas::new(self.replicas, self.behind, Arc::clone(&self.clock)))),
        };
        let calls_functions = catalog.functions().next().is_some();
        Ok(TenantDb(Arc::new(Inner {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            pools: Pools::new(self.pool, self.system),
            session,
            walls: Walls::default(),
            places,
            gates: Gates::default(),
            calls_functions,
            tenant_type: catalog.tenant_type(),
            rewriter: Rewriter::new(catalog).with_cache_capacity(self.statements),
            source,
            findings: RwLock::new(findings),
            refreshing: tokio::sync::Mutex::default(),
            turns: Turns::new(),
            hooks: self.hooks,
            clock: self.clock,
        })))
    }

    async fn places_of_many(&self) -> Result<Vec<Placement>, sqlx::Error> {
        if self.databases.is_some() && !DB::has_neighbours(&self.pool).await? {
            return Err(sqlx::Error::Configuration(IN_MEMORY.into()));
        }
        if self.databases.is_none() && !self.has_schemas {
            return Ok(Vec::new());
        }
        let mut places = Vec::new();
        for pool in [&self.pool].into_iter().chain(self.shards.values()) {
            places.extend(DB::places_of(pool, &self.pool.connect_options()).await?);
        }
        Ok(places)
    }

    async fn session(&self, catalog: &Catalog) -> Result<Option<Session>, sqlx::Error> {
        if self.is_pooled && self.system.is_none() {
            return Err(sqlx::Error::Configuration(NO_SYSTEM.into()));
        }
        let wall = match self.wall {
            Some(wall) => {
                let setting = Setting::parse(&self.setting)?;
                DB::check_row_security(&self.pool, None, catalog, &setting).await?;
                Some((wall, setting))
            }
            None => None,
        };
        let is_wanted = wall.is_some() || self.is_pooled;
        Ok(is_wanted.then_some(Session { wall, is_pooled: self.is_pooled }))
    }
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

const IN_MEMORY: &str =
    "beside a database in memory there are no others: name a file, or leave out `databases`";

const NO_SYSTEM: &str = "behind a pooler the framework's own statements want connections of their own: give a pool that goes to the server itself with `system`";

#[cfg(feature = "postgres")]
impl TenantDbBuilder<sqlx::Postgres> {
    /// Obeys row-level security, behind the rewriting or alone (default: none).
    ///
    /// # Example
    /// ```
    /// # async fn open(url: &str) -> Result<(), sqlx::Error> {
    /// use tenant_sqlx::{RowLevelSecurity, TenantDb};
    ///
    /// let db = TenantDb::<sqlx::Postgres>::open(url)
    ///     .await?
    ///     .row_level_security(RowLevelSecurity::BehindRewriting)
    ///     .build()
    ///     .await?;
    /// # let _ = db;
    /// # Ok(())
    /// # }
    /// ```
    pub fn row_level_security(mut self, wall: RowLevelSecurity) -> Self {
        self.wall = Some(wall);
        self
    }

    /// The setting in which policies find the tenant (default `app.current_tenant_id`): two names of lowercase letters,
    /// digits and underscores, with a dot between them.
    pub fn tenant_setting(mut self, name: impl Into<String>) -> Self {
        self.setting = name.into();
        self
    }

    /// Tenants may live in schemas of their own, in the same database. Their statements run in transactions whose search
    /// path is that schema alone, and name no schema.
    pub fn schemas(mut self) -> Self {
        self.has_schemas = true;
        self.rules.names_schema = false;
        self
    }

    /// Says that the pool goes to a pooler that lends out the server's connections for a transaction each, such as
    /// PgBouncer in its transaction mode (<https://www.pgbouncer.org/features.html>). Each statement then runs in a
    /// transaction, and none is kept prepared.
    ///
    /// Migrations, configs and what is unscoped need sessions: [`system`](Self::system) has to name a pool that goes to the
    /// server itself.
    pub fn pooled(mut self) -> Self {
        self.is_pooled = true;
        self
    }
}
