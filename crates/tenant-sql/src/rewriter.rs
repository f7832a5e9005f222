use std::sync::Arc;

use crate::cache::CacheStats;
use crate::catalog::Catalog;
use crate::limits::Limits;
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};

/// Scopes statements for one database, and remembers what it scoped.
#[derive(Debug)]
pub struct Rewriter {
    catalog: parking_lot::RwLock<Catalog>,
    limits: Limits,
    capacity: usize,
}

impl Rewriter {
    /// Makes a rewriter for the database the catalog describes.
    pub fn new(catalog: Catalog) -> Self {
        Self { catalog: parking_lot::RwLock::new(catalog), limits: Limits::default(), capacity: 1024 }
    }

    /// Sets what a statement may measure.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many statements are remembered (default 1024).
    #[must_use]
    pub fn with_cache_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Scopes a statement, or finds it scoped already.
    ///
    /// # Errors
    /// Refuses what cannot be proved to stay within one tenant.
    pub fn rewrite(&self, sql: &str) -> Result<Arc<Plan>, Refusal> {
        let _ = sql;
        Err(Refusal::new(RefusalKind::UnsupportedStatement, "", ""))
    }

    /// Replaces the catalog; nothing scoped by the old one is used again.
    pub fn replace_catalog(&self, catalog: Catalog) {
        *self.catalog.write() = catalog;
    }

    /// Returns what the cache has done and holds.
    pub fn stats(&self) -> CacheStats {
        CacheStats::default()
    }
}
