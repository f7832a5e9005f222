//! Cache entries in Redis.

mod backend;
mod scripts;

use std::{fmt, time::Duration};

use redis::{Cmd, Value};
use tenant_cache::CacheError;
use tenant_core::TenantRecord;
use uuid::Uuid;

use self::scripts::Scripts;
use crate::{Redis, RedisError, caller::Caller};

/// Keeps cache entries in Redis, for all instances: the backend of a [`TenantCache`](tenant_cache::TenantCache).
///
/// - **Keys** are `{prefix}:{{tenant}}:c:{created}:{epoch}:d:{key}`. The *epoch* is random, is made with the tenant's first
///   write, and stands under a key of its own; every operation is one script that looks it up and goes on from there, in
///   one round trip. A tenant is cleared by dropping its epoch: nothing is scanned, nobody else is touched, and what it
///   leaves behind expires.
/// - **Times to live** are at most [`with_max_ttl`](Self::with_max_ttl), a day unless given: what has none, or a longer one,
///   gets that. They are rounded down to milliseconds.
/// - **Sizes**: an entry of more than [`with_max_entry_bytes`](Self::with_max_entry_bytes), key included, is refused.
/// - **Failures**: after a deadline of 100 ms, or while Redis does not answer, an operation is an error of kind
///   `Unavailable`, and a [`get_or_load`](tenant_cache::TenantCache::get_or_load) loads.
///
/// # What it does not protect against
/// - **A tenant that fills Redis.** Sizes and times are bounded, counts are not: give the cache a server of its own with
///   `maxmemory` and an eviction policy, and limit what tenants may write.
/// - **Evicted or lost writes.** With asynchronous replication a failover may lose the last writes, a clear among them: then
///   entries from before it are there again, until they expire.
///
/// # Example
/// ```no_run
/// use tenant_cache::TenantCache;
/// use tenant_redis::{Redis, RedisCache};
///
/// # fn start() -> Result<(), tenant_redis::RedisError> {
/// let cache = TenantCache::new(RedisCache::new(&Redis::open("redis://127.0.0.1:6379")?));
/// # drop(cache);
/// # Ok(())
/// # }
/// ```
pub struct RedisCache {
    caller: Caller,
    scripts: Scripts,
    max_ttl: Duration,
    max_entry_bytes: usize,
}

const DEADLINE: Duration = Duration::from_millis(100);
const DAY: Duration = Duration::from_secs(86_400);
const MEBIBYTE: usize = 1 << 20;
/// How long a lease is good for: who loads for longer loads for itself.
const LEASE: Duration = Duration::from_secs(30);

impl RedisCache {
    /// A cache on a server or a cluster, by a connection of its own.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self {
            caller: Caller::new(redis.apart(), DEADLINE),
            scripts: Scripts::new(),
            max_ttl: DAY,
            max_entry_bytes: MEBIBYTE,
        }
    }

    /// Waits so long for an answer, instead of 100 ms.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.caller.set_deadline(deadline);
        self
    }

    /// Keeps no entry for longer, instead of a day; at least a second.
    #[must_use]
    pub fn with_max_ttl(mut self, ttl: Duration) -> Self {
        self.max_ttl = ttl.max(Duration::from_secs(1));
        self
    }

    /// Refuses entries that are larger than so many bytes, key included, instead of 1 MiB.
    #[must_use]
    pub const fn with_max_entry_bytes(mut self, bytes: usize) -> Self {
        self.max_entry_bytes = bytes;
        self
    }

    /// The time to live in milliseconds.
    fn millis(&self, ttl: Option<Duration>) -> u64 {
        let ttl = ttl.unwrap_or(self.max_ttl).min(self.max_ttl);
        u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
    }

    fn fits(&self, key: &[u8], value: &[u8]) -> bool {
        key.len().saturating_add(value.len()) <= self.max_entry_bytes
    }

    async fn run(
        &self,
        tenant: &TenantRecord,
        script: &crate::script::Script,
        arguments: &[&[u8]],
    ) -> Result<Value, CacheError> {
        let base = self.caller.redis().keyspace().cache(tenant);
        let fill = |command: &mut Cmd| {
            command.arg(1).arg(&base);
            for argument in arguments {
                command.arg(*argument);
            }
        };
        self.caller.run(&base, script, fill).await.map_err(unavailable)
    }
}

fn unavailable(error: RedisError) -> CacheError {
    CacheError::unavailable(error)
}

fn senseless<T>() -> Result<T, CacheError> {
    Err(unavailable(RedisError::unexpected()))
}

/// A value that nobody has drawn before.
fn fresh() -> String {
    Uuid::new_v4().simple().to_string()
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("max_ttl", &self.max_ttl)
            .field("max_entry_bytes", &self.max_entry_bytes)
            .finish_non_exhaustive()
    }
}
