/// What the rewrite cache has done and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Lookups that found their statement.
    pub hits: u64,
    /// Lookups that had to rewrite.
    pub misses: u64,
    /// Statements held now, refused ones included.
    pub entries: usize,
}
