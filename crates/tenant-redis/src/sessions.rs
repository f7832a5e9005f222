//! Sessions that all instances share.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use redis::{Cmd, Value};
use tenant_core::{
    StoreError, StoreErrorKind, TenantId, Timestamp,
    auth::{SessionRecord, SessionStore},
};

use crate::{Redis, RedisError, caller::Caller, script::Script};

/// Keeps sessions in Redis: never what a cookie holds, but its SHA-256. Each expires by itself.
///
/// A lookup is one round trip. A call waits 50 ms at most, and fails where Redis does not answer: nobody is signed in by a
/// store that can't be asked.
///
/// # What it does not protect against
/// - **Evictions.** A server with `maxmemory` that evicts may evict what tells whose sessions there are, and ending all of
///   somebody's misses some then: give sessions a server that does not.
/// - **Purges that don't reach it.** A session is of the tenant's id: where a tenant is purged without [`RedisResidue`](crate::RedisResidue),
///   as by the command, a session of it opens whoever gets the id, until it expires.
/// - **Failovers.** What was acknowledged and not replicated is lost with the primary: one that has ended may be there again
///   until it expires.
///
/// # Example
/// ```no_run
/// use tenant_redis::{Redis, RedisSessions};
///
/// # fn open() -> Result<(), tenant_redis::RedisError> {
/// let sessions = RedisSessions::new(&Redis::open("redis://127.0.0.1:6379")?);
/// # drop(sessions);
/// # Ok(())
/// # }
/// ```
pub struct RedisSessions {
    caller: Caller,
    scripts: Scripts,
}

struct Scripts {
    enlist: Script,
    create: Script,
    touch: Script,
    end: Script,
}

const DEADLINE: Duration = Duration::from_millis(50);

impl Scripts {
    fn new() -> Self {
        Self {
            // KEYS[1]: whose sessions there are, by their ends; ARGV: the end in ms, the digest. It lasts as long as the last.
            enlist: Script::new(
                "local time = redis.call('TIME')
                 redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] .. '000')
                 redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
                 local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
                 redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last[2]))
                 return 1",
            ),
            // ARGV: the end in ms, what does not change, when it was seen.
            create: Script::new(
                "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
                 redis.call('HSET', KEYS[1], 'kept', ARGV[2], 'seen', ARGV[3])
                 redis.call('PEXPIREAT', KEYS[1], ARGV[1])
                 return 1",
            ),
            touch: Script::new(
                "local seen = redis.call('HGET', KEYS[1], 'seen')
                 if not seen or tonumber(seen) >= tonumber(ARGV[1]) then return 0 end
                 redis.call('HSET', KEYS[1], 'seen', ARGV[1])
                 return 1",
            ),
            end: Script::new(
                "local kept = redis.call('HGET', KEYS[1], 'kept')
                 redis.call('DEL', KEYS[1])
                 return kept",
            ),
        }
    }
}

/// What does not change while a session lasts: tenant, subject, roles, when it began and when it ends, and whether who began it
/// has shown a second factor.
type Kept = (String, Box<str>, Vec<Box<str>>, i64, i64, bool);
/// As it was kept before there were second factors.
type Former = (String, Box<str>, Vec<Box<str>>, i64, i64);

impl RedisSessions {
    /// Those of a server or a cluster, under the names of its key space.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self { caller: Caller::new(redis.clone(), DEADLINE), scripts: Scripts::new() }
    }

    /// How long a call waits; 50 ms by default.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.caller.set_deadline(deadline);
        self
    }

    fn key(&self, digest: &[u8; 32]) -> String {
        self.caller.redis().keyspace().session(digest)
    }

    async fn run(&self, key: &str, script: &Script, arguments: &[&str]) -> Result<Value, StoreError> {
        let fill = |command: &mut Cmd| {
            command.arg(1).arg(key).arg(arguments);
        };
        self.caller.run(key, script, fill).await.map_err(StoreError::unavailable)
    }

    async fn send(&self, words: &[&str]) -> Result<Value, StoreError> {
        let mut command = Cmd::new();
        command.arg(words);
        let key = words.get(1).copied().unwrap_or_default();
        self.caller.send(key, &command).await.map_err(StoreError::unavailable)
    }

    /// Ends a session, and says whose it was.
    async fn take(&self, digest: &[u8; 32]) -> Result<Option<Kept>, StoreError> {
        match self.run(&self.key(digest), &self.scripts.end, &[]).await? {
            Value::Nil => Ok(None),
            kept => read(&kept).map(Some),
        }
    }

    async fn strike(&self, list: &str, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.send(&["ZREM", list, &hex(digest)]).await.map(drop)
    }
}

fn write(session: &SessionRecord) -> Result<String, StoreError> {
    let (created, end) = (session.created_at.as_unix_micros(), session.expires_at.as_unix_micros());
    let kept =
        (session.tenant.as_str(), &session.subject, &session.roles, created, end, session.second_factor);
    serde_json::to_string(&kept).map_err(|_| corrupt())
}

fn read(kept: &Value) -> Result<Kept, StoreError> {
    match kept {
        Value::BulkString(text) => serde_json::from_slice(text).or_else(|_| former(text)),
        _ => Err(corrupt()),
    }
}

fn former(text: &[u8]) -> Result<Kept, StoreError> {
    let (tenant, subject, roles, created, end): Former =
        serde_json::from_slice(text).map_err(|_| corrupt())?;
    Ok((tenant, subject, roles, created, end, false))
}

fn session(digest: [u8; 32], kept: Kept, seen: &Value) -> Result<SessionRecord, StoreError> {
    let (tenant, subject, roles, created, end, second_factor) = kept;
    let tenant = TenantId::parse(&tenant).map_err(|_| corrupt())?;
    let seen = redis::from_redis_value_ref::<i64>(seen).map_err(|_| corrupt())?;
    let moment = Timestamp::from_unix_micros;
    let mut session = SessionRecord::new(digest, tenant, subject, moment(created), moment(end));
    (session.roles, session.seen_at, session.second_factor) = (roles, moment(seen), second_factor);
    Ok(session)
}

fn corrupt() -> StoreError {
    StoreError::unavailable(RedisError::unexpected())
}

pub(crate) fn hex(digest: &[u8; 32]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(crate) fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 64 && text.is_ascii())?;
    let mut digest = [0; 32];
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(digest)
}

#[async_trait]
impl SessionStore for RedisSessions {
    async fn load(&self, digest: &[u8; 32]) -> Result<Option<SessionRecord>, StoreError> {
        match self.send(&["HMGET", &self.key(digest), "kept", "seen"]).await? {
            Value::Array(fields) => match fields.as_slice() {
                [Value::Nil, _] => Ok(None),
                [kept, seen] => session(*digest, read(kept)?, seen).map(Some),
                _ => Err(corrupt()),
            },
            _ => Err(corrupt()),
        }
    }

    async fn create(&self, new: &SessionRecord) -> Result<(), StoreError> {
        let list = self.caller.redis().keyspace().sessions(&new.tenant, &new.subject);
        let end = (new.expires_at.as_unix_micros() / 1_000).to_string();
        // Enlisted first: what is there is found by who ends all of somebody's.
        self.run(&list, &self.scripts.enlist, &[&end, &hex(&new.digest)]).await?;
        let seen = new.seen_at.as_unix_micros().to_string();
        match self.run(&self.key(&new.digest), &self.scripts.create, &[&end, &write(new)?, &seen]).await? {
            Value::Int(1) => Ok(()),
            Value::Int(0) => {
                Err(StoreError::new(StoreErrorKind::AlreadyExists, "the session exists already"))
            }
            _ => Err(corrupt()),
        }
    }

    async fn touch(&self, digest: &[u8; 32], seen_at: Timestamp) -> Result<(), StoreError> {
        let seen = seen_at.as_unix_micros().to_string();
        self.run(&self.key(digest), &self.scripts.touch, &[&seen]).await.map(drop)
    }

    async fn end(&self, digest: &[u8; 32]) -> Result<bool, StoreError> {
        let Some((tenant, subject, ..)) = self.take(digest).await? else {
            return Ok(false);
        };
        if let Ok(tenant) = TenantId::parse(&tenant) {
            let list = self.caller.redis().keyspace().sessions(&tenant, &subject);
            // What stays in the list leaves it when it would have expired.
            let _ = self.strike(&list, digest).await;
        }
        Ok(true)
    }

    async fn end_all(&self, tenant: &TenantId, subject: &str) -> Result<Vec<[u8; 32]>, StoreError> {
        let list = self.caller.redis().keyspace().sessions(tenant, subject);
        let Value::Array(digests) = self.send(&["ZRANGE", &list, "0", "-1"]).await? else {
            return Err(corrupt());
        };
        let mut ended = Vec::new();
        for digest in digests {
            let digest = match &digest {
                Value::BulkString(text) => from_hex(text).ok_or_else(corrupt)?,
                _ => return Err(corrupt()),
            };
            // One that is not there may be about to be: it stays in the list.
            if self.take(&digest).await?.is_some() {
                self.strike(&list, &digest).await?;
                ended.push(digest);
            }
        }
        Ok(ended)
    }

    /// There is nothing to do: sessions expire by themselves.
    async fn sweep(&self, _now: Timestamp, _limit: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

impl fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSessions").finish_non_exhaustive()
    }
}
