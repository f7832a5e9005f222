use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use crate::plan::Plan;
use crate::refusal::Refusal;

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

type Answer = Result<Arc<Plan>, Refusal>;
type Entries = LruCache<Box<str>, Answer, foldhash::fast::RandomState>;

/// The bytes of text that a cache may hold per statement of its capacity, callers' and scoped together.
const BYTES_PER_ENTRY: usize = 8 * 1024;

/// Statements and what became of them.
///
/// New ones are on trial; those asked for again are kept apart, where a flood of statements built from user data cannot
/// reach them.
#[derive(Debug)]
pub(crate) struct Cache {
    capacity: usize,
    shelves: Mutex<Shelves>,
}

#[derive(Debug)]
struct Shelves {
    kept: Shelf,
    trial: Shelf,
    version: u64,
    hits: u64,
    misses: u64,
}

#[derive(Debug)]
struct Shelf {
    entries: Entries,
    bytes: usize,
    most_bytes: usize,
    most: usize,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        let trial = capacity.div_ceil(4);
        let shelves = Shelves {
            kept: Shelf::new(capacity - trial),
            trial: Shelf::new(trial),
            version: 0,
            hits: 0,
            misses: 0,
        };
        Self { capacity, shelves: Mutex::new(shelves) }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn find(&self, sql: &str) -> Option<Answer> {
        let mut shelves = self.shelves.lock();
        let found = shelves.find(sql);
        match found {
            Some(_) => shelves.hits += 1,
            None => shelves.misses += 1,
        }
        found
    }

    /// Keeps the answer, unless the catalog it was given by has been replaced since.
    pub(crate) fn keep(&self, sql: &str, answer: &Answer, version: u64) {
        let mut shelves = self.shelves.lock();
        if shelves.version == version {
            shelves.trial.put(sql.into(), answer.clone());
        }
    }

    pub(crate) fn empty(&self, version: u64) {
        let mut shelves = self.shelves.lock();
        shelves.version = version;
        shelves.kept.clear();
        shelves.trial.clear();
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let shelves = self.shelves.lock();
        let entries = shelves.kept.entries.len() + shelves.trial.entries.len();
        CacheStats { hits: shelves.hits, misses: shelves.misses, entries }
    }
}

impl Shelves {
    fn find(&mut self, sql: &str) -> Option<Answer> {
        if let Some(answer) = self.kept.entries.get(sql) {
            return Some(answer.clone());
        }
        let (sql, answer) = self.trial.take(sql)?;
        let found = answer.clone();
        for (sql, answer) in self.kept.put(sql, answer) {
            self.trial.put(sql, answer);
        }
        Some(found)
    }
}

impl Shelf {
    fn new(most: usize) -> Self {
        let entries = LruCache::unbounded_with_hasher(foldhash::fast::RandomState::default());
        Self { entries, bytes: 0, most_bytes: most * BYTES_PER_ENTRY, most }
    }

    fn take(&mut self, sql: &str) -> Option<(Box<str>, Answer)> {
        let (sql, answer) = self.entries.pop_entry(sql)?;
        self.bytes -= size(&sql, &answer);
        Some((sql, answer))
    }

    /// Returns what had to go.
    fn put(&mut self, sql: Box<str>, answer: Answer) -> Vec<(Box<str>, Answer)> {
        drop(self.take(&sql));
        self.bytes += size(&sql, &answer);
        self.entries.put(sql, answer);
        let mut gone = Vec::new();
        while self.entries.len() > self.most || self.bytes > self.most_bytes {
            let Some((sql, answer)) = self.entries.pop_lru() else {
                break;
            };
            self.bytes -= size(&sql, &answer);
            gone.push((sql, answer));
        }
        gone
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

fn size(sql: &str, answer: &Answer) -> usize {
    sql.len() + answer.as_ref().map_or(0, |plan| plan.sql().len())
}
