use std::sync::Arc;

use parking_lot::RwLock;
use sqlx::Pool;
use tenant_core::{Clock, Hooks, SystemClock};
use tenant_sql::{Catalog, Rewriter, TenantType};

use super::{Inner, TenantDb, Turns, pools::Pools, refresh};
use crate::{
    catalog::{Given, Rules, Source},
    driver::TenantDatabase,
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
    /// the rewriter does.
    pub async fn build(self) -> Result<TenantDb<DB>, sqlx::Error> {
        let source = match self.given {
            Some(catalog) => Source::Given(Given(catalog)),
            None => Source::Schema(self.rules),
        };
        DB::check(&self.pool).await?;
        let (catalog, findings) = refresh::read(&self.pool, &source).await?;
        Ok(TenantDb(Arc::new(Inner {
            pools: Pools::new(self.pool),
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
}
