use std::sync::Arc;

use parking_lot::RwLock;

use crate::cache::{Cache, CacheStats};
use crate::catalog::Catalog;
use crate::limits::Limits;
use crate::pipeline;
use crate::plan::Plan;
use crate::refusal::Refusal;

/// Scopes statements for one database, and remembers what it scoped.
///
/// ```
/// use tenant_sql::{Catalog, Dialect, RefusalKind, Rewriter, Table, TenantBind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rewriter = Rewriter::new(Catalog::builder(Dialect::Sqlite).table(Table::owned("users")).build()?);
///
/// let plan = rewriter.rewrite("DELETE FROM users WHERE id = ?")?;
/// assert_eq!(plan.arguments(), 1);
/// assert_eq!(plan.tenant(), TenantBind::Argument(2));
///
/// let refusal = rewriter.rewrite("SELECT * FROM secrets").unwrap_err();
/// assert_eq!(refusal.kind(), RefusalKind::UnknownRelation);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Rewriter {
    catalog: RwLock<Versioned>,
    limits: Limits,
    cache: Cache,
}

#[derive(Debug, Clone)]
struct Versioned {
    catalog: Catalog,
    version: u64,
}

impl Rewriter {
    /// Makes a rewriter for the database the catalog describes.
    pub fn new(catalog: Catalog) -> Self {
        let catalog = RwLock::new(Versioned { catalog, version: 0 });
        Self { catalog, limits: Limits::default(), cache: Cache::new(1024) }
    }

    /// Sets what a statement may measure. Call it before the first statement: the cache is emptied.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self.cache = Cache::new(self.cache.capacity());
        self
    }

    /// Sets how many statements are remembered (default 1024).
    #[must_use]
    pub fn with_cache_capacity(mut self, capacity: usize) -> Self {
        self.cache = Cache::new(capacity);
        self
    }

    /// Scopes a statement, or finds it scoped already.
    ///
    /// # Errors
    /// Refuses what cannot be proved to stay within one tenant.
    pub fn rewrite(&self, sql: &str) -> Result<Arc<Plan>, Refusal> {
        self.recall_or_rewrite(sql).0
    }

    /// Like [`Rewriter::rewrite`], and tells whether the answer was remembered.
    pub fn recall_or_rewrite(&self, sql: &str) -> (Result<Arc<Plan>, Refusal>, bool) {
        if let Some(known) = self.cache.find(sql) {
            return (known, true);
        }
        let Versioned { catalog, version } = self.catalog.read().clone();
        let answer = pipeline::plan(sql, &catalog, self.limits).map(Arc::new);
        self.cache.keep(sql, &answer, version);
        (answer, false)
    }

    /// Replaces the catalog; nothing scoped by the old one is used again.
    pub fn replace_catalog(&self, catalog: Catalog) {
        let mut current = self.catalog.write();
        current.catalog = catalog;
        current.version += 1;
        self.cache.empty(current.version);
    }

    /// Returns the catalog in use.
    pub fn catalog(&self) -> Catalog {
        self.catalog.read().catalog.clone()
    }

    /// Returns what the cache has done and holds.
    pub fn stats(&self) -> CacheStats {
        self.cache.stats()
    }
}
