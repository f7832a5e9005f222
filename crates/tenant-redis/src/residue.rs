//! What a tenant leaves behind in Redis.

use std::fmt;

use async_trait::async_trait;
use redis::{Cmd, Value};
use tenant_core::{StoreError, TenantId, jobs::Residue};

use crate::{Redis, RedisError, sessions::from_hex};

/// All that a deployment keeps of a tenant in Redis: counts, permits, cache entries of all its lives, sessions. For a purge.
///
/// It walks through all keys of the server, or of that node of a cluster where the tenant's are, some hundred at a time: nobody
/// waits for it. Streams of events and changes, which are all tenants', are not searched: they keep the last entries.
///
/// # Example
/// ```no_run
/// use tenant_core::{TenantId, jobs::Residue};
/// use tenant_redis::{Redis, RedisResidue};
///
/// # async fn purge() -> Result<(), Box<dyn std::error::Error>> {
/// let residue = RedisResidue::new(&Redis::open("redis://127.0.0.1:6379")?);
/// let acme = TenantId::parse("acme")?;
/// residue.erase(&acme).await?;
/// assert_eq!(residue.left(&acme).await?, 0);
/// # Ok(())
/// # }
/// ```
pub struct RedisResidue(Redis);

/// Of the keys that are there, and of the sessions in a list.
const AT_ONCE: usize = 500;

impl RedisResidue {
    /// That on a server or a cluster, under the names of its key space.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self(redis.apart())
    }

    /// Some of a tenant's keys, and where to go on: at 0 there are no more.
    async fn page(&self, cursor: &[u8], tenant: &TenantId) -> Result<(Vec<u8>, Vec<Vec<u8>>), RedisError> {
        let base = self.0.keyspace().of(tenant);
        let mut command = Cmd::new();
        command.arg("SCAN").arg(cursor).arg("MATCH").arg(format!("{base}*")).arg("COUNT").arg(AT_ONCE);
        let answer = self.0.send_to(&base, &command).await?;
        let (cursor, mut keys): (Vec<u8>, Vec<Vec<u8>>) = read(answer)?;
        // A pattern of the server's has its own idea of what some bytes mean.
        keys.retain(|key| key.starts_with(base.as_bytes()));
        Ok((cursor, keys))
    }

    async fn erase_page(&self, tenant: &TenantId, keys: Vec<Vec<u8>>) -> Result<(), RedisError> {
        let lists = self.0.keyspace().lists(tenant);
        for list in keys.iter().filter(|key| key.starts_with(lists.as_bytes())) {
            self.end_all(list).await?;
        }
        if keys.is_empty() {
            return Ok(());
        }
        let mut command = Cmd::new();
        command.arg("UNLINK").arg(keys);
        self.0.send(&command).await.map(drop)
    }

    /// Ends the sessions of a list. Each leaves it after it has ended: who is stopped in between goes on with what is left.
    async fn end_all(&self, list: &[u8]) -> Result<(), RedisError> {
        loop {
            let mut some = Cmd::new();
            some.arg("ZRANGE").arg(list).arg(0).arg(AT_ONCE - 1);
            let digests: Vec<Vec<u8>> = read(self.0.send(&some).await?)?;
            if digests.is_empty() {
                return Ok(());
            }
            for digest in digests.iter().filter_map(|digest| from_hex(digest)) {
                // Wherever it is: a session's key has a slot of its own.
                let mut end = Cmd::new();
                end.arg("DEL").arg(self.0.keyspace().session(&digest));
                self.0.send(&end).await?;
            }
            let mut strike = Cmd::new();
            strike.arg("ZREM").arg(list).arg(digests);
            self.0.send(&strike).await?;
        }
    }
}

fn read<T: redis::FromRedisValue>(answer: Value) -> Result<T, RedisError> {
    redis::from_redis_value(answer).map_err(|_| RedisError::unexpected())
}

const START: &[u8] = b"0";

#[async_trait]
impl Residue for RedisResidue {
    fn name(&self) -> &str {
        "redis"
    }

    async fn erase(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let mut cursor = START.to_vec();
        loop {
            let (next, keys) = self.page(&cursor, tenant).await.map_err(StoreError::unavailable)?;
            self.erase_page(tenant, keys).await.map_err(StoreError::unavailable)?;
            if next == START {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn left(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let (mut cursor, mut left) = (START.to_vec(), 0_u64);
        loop {
            let (next, keys) = self.page(&cursor, tenant).await.map_err(StoreError::unavailable)?;
            left = left.saturating_add(u64::try_from(keys.len()).unwrap_or(u64::MAX));
            if next == START {
                return Ok(left);
            }
            cursor = next;
        }
    }
}

impl fmt::Debug for RedisResidue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisResidue").field(&self.0).finish()
    }
}
