//! What the backend in memory has counted.

use std::ops::AddAssign;

/// What happened to one tenant's entries, or to everybody's.
///
/// A tenant's counts go with its last entry; the totals keep them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Tenants that have entries or loads under way.
    pub tenants: usize,
    /// Entries, expired ones that nobody has asked for since included.
    pub entries: usize,
    /// Bytes that are accounted for, overheads included.
    pub bytes: usize,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found nothing.
    pub misses: u64,
    /// Entries that had to go to make room.
    pub evictions: u64,
    /// Entries whose time to live had passed when they were reclaimed.
    pub expirations: u64,
}

/// The part of the statistics that only grows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) expirations: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.evictions += other.evictions;
        self.expirations += other.expirations;
    }
}

impl AddAssign<Counters> for MemoryStats {
    fn add_assign(&mut self, counters: Counters) {
        self.hits += counters.hits;
        self.misses += counters.misses;
        self.evictions += counters.evictions;
        self.expirations += counters.expirations;
    }
}
