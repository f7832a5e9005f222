//! Hearing of changes.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use redis::{Cmd, FromRedisValue, Value};
use tenant_core::{ConfigChange, ConfigListener, TenantId};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{entry, reloads::Reloads};
use crate::{Redis, RedisError, RedisErrorKind, connection::Dedicated, script::Script};

/// Hears of changes that other instances made, and passes them on to a cache of configs.
///
/// It reads in the background until it is dropped, and connects again by itself, with growing waits of up to a second.
/// While it is cut off, the cache's time to live is what limits how old a config can be; when it is back, it hears what it
/// missed.
pub struct ChangeReader {
    task: JoinHandle<((), ())>,
}

/// How long a read waits for news: an idle connection that is lost is noticed after twice that.
const WAIT: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_secs(2);
const BATCH: usize = 512;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

impl ChangeReader {
    /// Starts reading, for `listener`.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use = "dropping a reader ends it"]
    pub fn start(redis: &Redis, listener: impl ConfigListener + 'static) -> Self {
        let listener: Arc<dyn ConfigListener> = Arc::new(listener);
        let reloads = Arc::new(Reloads::new(Arc::clone(&listener)));
        let reader = Reader {
            stream: redis.keyspace().changes(),
            redis: redis.clone(),
            listener,
            reloads: Arc::clone(&reloads),
            position: None,
            script: Script::new(include_str!("where.lua")),
        };
        Self { task: tokio::spawn(async move { tokio::join!(reader.run(), reloads.run()) }) }
    }
}

impl Drop for ChangeReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for ChangeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeReader").finish_non_exhaustive()
    }
}

struct Reader {
    redis: Redis,
    stream: String,
    listener: Arc<dyn ConfigListener>,
    reloads: Arc<Reloads>,
    position: Option<Position>,
    script: Script,
}

/// Up to where the stream was read.
struct Position {
    /// The process that told.
    run: String,
    /// The entry that was read last.
    last: String,
}

impl Reader {
    async fn run(mut self) {
        let mut wait = FIRST_WAIT;
        loop {
            // Only what was read resets the wait: a server that accepts and says nothing is not asked in a rush.
            if let Ok(mut connection) = self.connect().await {
                while self.read(&mut connection).await.is_ok() {
                    wait = FIRST_WAIT;
                }
            }
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// Connects, and finds out whether the stream can be read on where it was left.
    async fn connect(&mut self) -> Result<Dedicated, RedisError> {
        let connect = async {
            let mut connection = self.redis.dedicated().await?;
            let last = self.position.as_ref().map_or("", |position| position.last.as_str());
            let (run, is_there) = self.stand(&mut connection, last).await?;
            if is_there && self.position.as_ref().is_some_and(|position| position.run == run) {
                return Ok((connection, None));
            }
            // A marker of one's own: an entry whose absence tells later on that the stream was cut.
            let last = connection.send(&entry::add(&self.stream, None)).await?;
            let last = String::from_redis_value(last).map_err(|_| RedisError::unexpected())?;
            Ok((connection, Some(Position { run, last })))
        };
        let (connection, anew) =
            timeout(CONNECT, connect).await.unwrap_or_else(|_| Err(RedisError::deadline()))?;
        if let Some(position) = anew {
            self.position = Some(position);
            self.hear([ConfigChange::Anything]).await;
        }
        Ok(connection)
    }

    async fn stand(&self, connection: &mut Dedicated, last: &str) -> Result<(String, bool), RedisError> {
        let fill = |mut command: Cmd| {
            command.arg(1).arg(&self.stream).arg(last);
            command
        };
        let answer = match connection.send(&fill(self.script.by_hash())).await {
            Err(error) if error.kind() == RedisErrorKind::NoScript => {
                connection.send(&fill(self.script.by_text())).await
            }
            answer => answer,
        };
        <(String, bool)>::from_redis_value(answer?).map_err(|_| RedisError::unexpected())
    }

    async fn read(&mut self, connection: &mut Dedicated) -> Result<(), RedisError> {
        let Some(position) = &mut self.position else { return Err(RedisError::unexpected()) };
        let wait = u64::try_from(WAIT.as_millis()).unwrap_or(1_000);
        let command = entry::read(&self.stream, &position.last, wait, BATCH);
        let answer = timeout(WAIT * 2, connection.send(&command)).await;
        let answer: Value = answer.unwrap_or_else(|_| Err(RedisError::deadline()))?;
        let entries = entry::entries(answer)?;
        // While what was read last is there nothing after it was cut off. Else one begins anew, as with a new connection.
        let find = entry::find(&self.stream, &position.last);
        let found = timeout(WAIT * 2, connection.send(&find)).await;
        if found.unwrap_or_else(|_| Err(RedisError::deadline()))? == Value::Array(Vec::new()) {
            return Err(RedisError::unexpected());
        }
        if let Some((last, _)) = entries.last() {
            position.last.clone_from(last);
        }
        self.hear(entries.into_iter().filter_map(|(_, change)| change)).await;
        Ok(())
    }

    /// First all that is out of date is dropped, then what is in use is read again.
    async fn hear(&self, changes: impl IntoIterator<Item = ConfigChange>) {
        let stale: HashSet<TenantId> =
            changes.into_iter().flat_map(|change| self.listener.forget(&change)).collect();
        if stale.is_empty() {
            return;
        }
        self.reloads.add(stale).await;
    }
}
