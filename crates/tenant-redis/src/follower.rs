//! Reading a stream from entry to entry, and knowing when something was missed.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use redis::{Cmd, FromRedisValue, Value, streams::StreamReadReply};
use tokio::time::{sleep, timeout};

use crate::{Redis, RedisError, RedisErrorKind, connection::Dedicated, script::Script};

/// Who hears of a stream's entries.
#[async_trait]
pub(crate) trait Follow: Send + Sync {
    /// Adds an entry that tells nothing: one whose absence tells later on that the stream was cut.
    fn marker(&self) -> Cmd;

    /// These came, in their order.
    async fn hear(&self, entries: Vec<Entry>);

    /// Nobody knows what was missed.
    async fn doubt(&self);
}

/// An entry of a stream.
pub(crate) struct Entry(HashMap<String, Value>);

impl Entry {
    /// The value of a field, where it is text.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        String::from_redis_value_ref(self.0.get(name)?).ok()
    }
}

/// Follows a stream for ever, and connects again by itself.
pub(crate) struct Follower<F> {
    redis: Redis,
    stream: String,
    listener: F,
    /// So many entries are read at once.
    batch: usize,
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

/// How long a read waits for news: an idle connection that is lost is noticed after twice that.
const WAIT: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_secs(2);
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

impl<F: Follow> Follower<F> {
    pub(crate) fn new(redis: &Redis, stream: String, batch: usize, listener: F) -> Self {
        let script = Script::new(include_str!("where.lua"));
        Self { redis: redis.clone(), stream, listener, batch, position: None, script }
    }

    pub(crate) async fn run(mut self) {
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
            let last = connection.send(&self.listener.marker()).await?;
            let last = String::from_redis_value(last).map_err(|_| RedisError::unexpected())?;
            Ok((connection, Some(Position { run, last })))
        };
        let (connection, anew) =
            timeout(CONNECT, connect).await.unwrap_or_else(|_| Err(RedisError::deadline()))?;
        if let Some(position) = anew {
            self.position = Some(position);
            self.listener.doubt().await;
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
        let command = read(&self.stream, &position.last, wait, self.batch);
        let answer = timeout(WAIT * 2, connection.send(&command)).await;
        let answer: Value = answer.unwrap_or_else(|_| Err(RedisError::deadline()))?;
        let (last, entries) = entries(answer)?;
        // While what was read last is there nothing after it was cut off. Else one begins anew, as with a new connection.
        let find = find(&self.stream, &position.last);
        let found = timeout(WAIT * 2, connection.send(&find)).await;
        if found.unwrap_or_else(|_| Err(RedisError::deadline()))? == Value::Array(Vec::new()) {
            return Err(RedisError::unexpected());
        }
        if let Some(last) = last {
            position.last = last;
        }
        self.listener.hear(entries).await;
        Ok(())
    }
}

/// Looks whether an entry is there still.
fn find(stream: &str, entry: &str) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XRANGE").arg(stream).arg(entry).arg(entry);
    command
}

/// Waits for what comes after an entry.
fn read(stream: &str, after: &str, wait_millis: u64, count: usize) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XREAD").arg("COUNT").arg(count).arg("BLOCK").arg(wait_millis);
    command.arg("STREAMS").arg(stream).arg(after);
    command
}

/// What came, and the id of the last one.
fn entries(answer: Value) -> Result<(Option<String>, Vec<Entry>), RedisError> {
    if answer == Value::Nil {
        return Ok((None, Vec::new()));
    }
    let reply = StreamReadReply::from_redis_value(answer).map_err(|_| RedisError::unexpected())?;
    let mut last = None;
    let ids = reply.keys.into_iter().flat_map(|key| key.ids);
    let entries = ids.map(|entry| {
        last = Some(entry.id);
        Entry(entry.map)
    });
    let entries = entries.collect();
    Ok((last, entries))
}
