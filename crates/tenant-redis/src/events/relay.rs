//! Sending events.

use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;
use redis::Cmd;
use tenant_core::events::{Envelope, EventBus, EventRelay};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{EventReader, queue::Queue};
use crate::{Redis, RedisError};

/// Carries events that are published here to the other instances, through Redis.
///
/// It never blocks. What can't be sent because Redis is away is kept and sent when it is back, of each tenant the last 256
/// events and 64 KiB; those who listen are told how many were lost. What an instance has not sent when it is killed, or
/// dropped, nobody hears of.
///
/// # Example
/// ```no_run
/// use std::sync::Arc;
/// use tenant_core::events::EventBus;
/// use tenant_redis::{Redis, RedisEvents};
///
/// # async fn start() -> Result<(), tenant_redis::RedisError> {
/// let redis = Redis::open("redis://127.0.0.1:6379")?;
/// let relay = Arc::new(RedisEvents::start(&redis));
/// let events = EventBus::new().with_relay(Arc::clone(&relay) as _);
/// let reader = relay.listen(events.clone());
/// # drop(reader);
/// # Ok(())
/// # }
/// ```
pub struct RedisEvents {
    redis: Redis,
    /// This instance: it has heard its own events already.
    origin: Arc<str>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    more: Notify,
    sent: Notify,
}

#[derive(Default)]
struct Waiting {
    queue: Queue,
    under_way: bool,
    closed: bool,
}

const DEADLINE: Duration = Duration::from_secs(1);
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// So many entries are kept for those who are cut off. Redis may keep somewhat more.
const KEPT: usize = 500;

impl RedisEvents {
    /// Starts sending. It ends when this value is dropped.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use]
    pub fn start(redis: &Redis) -> Self {
        let (shared, origin) = (Arc::<Shared>::default(), Arc::from(Uuid::new_v4().to_string()));
        let sender = Sender { redis: redis.clone(), origin: Arc::clone(&origin), number: 0 };
        tokio::spawn(sender.run(Arc::clone(&shared)));
        Self { redis: redis.clone(), origin, shared }
    }

    /// Waits until nothing is left to be sent, what is published meanwhile included; while Redis is away that does not come
    /// to an end. For a shutdown, with a time limit of the caller's.
    pub async fn flush(&self) {
        loop {
            let sent = self.shared.sent.notified();
            if self.shared.waiting.lock().is_empty() {
                return;
            }
            sent.await;
        }
    }

    /// Hears what other instances publish, for `bus`, until the reader is dropped.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use = "dropping a reader ends it"]
    pub fn listen(&self, bus: EventBus) -> EventReader {
        EventReader::start(&self.redis, Arc::clone(&self.origin), bus)
    }
}

impl EventRelay for RedisEvents {
    fn relay(&self, envelope: Envelope) {
        self.shared.waiting.lock().queue.add(&envelope);
        self.shared.more.notify_one();
    }
}

impl Drop for RedisEvents {
    fn drop(&mut self) {
        self.shared.waiting.lock().closed = true;
        self.shared.more.notify_one();
    }
}

impl fmt::Debug for RedisEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEvents").finish_non_exhaustive()
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.queue.is_empty() && !self.under_way
    }

    fn take(&mut self) -> (Vec<String>, bool, bool) {
        let (taken, doubts) = (self.queue.take(), std::mem::take(&mut self.queue.doubts));
        self.under_way = !taken.is_empty() || doubts;
        (taken, doubts, self.closed)
    }
}

struct Sender {
    redis: Redis,
    origin: Arc<str>,
    /// Of the next entry: one that may have been sent is sent again, and heard once.
    number: u64,
}

impl Sender {
    async fn run(mut self, shared: Arc<Shared>) {
        loop {
            let (taken, doubts, closed) = shared.waiting.lock().take();
            if !taken.is_empty() || doubts {
                self.send(&shared, &taken, doubts).await;
                continue;
            }
            shared.sent.notify_waiters();
            if closed {
                return;
            }
            shared.more.notified().await;
        }
    }

    /// Tries until it is sent, or nobody publishes any more.
    async fn send(&mut self, shared: &Shared, texts: &[String], doubts: bool) {
        self.number += 1;
        let command = self.command(texts, doubts);
        let mut wait = FIRST_WAIT;
        while self.try_send(&command).await.is_err() && !shared.waiting.lock().closed {
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    async fn try_send(&self, command: &Cmd) -> Result<(), RedisError> {
        let answer = timeout(DEADLINE, self.redis.send(command)).await;
        answer.unwrap_or_else(|_| Err(RedisError::deadline())).map(drop)
    }

    fn command(&self, texts: &[String], doubts: bool) -> Cmd {
        let mut command = add(&self.redis.keyspace().events());
        command.arg("origin").arg(&*self.origin).arg("number").arg(self.number);
        // JSON without line breaks: they are free to stand between.
        command.arg("events").arg(texts.join("\n"));
        if doubts {
            command.arg("doubt").arg("");
        }
        command
    }
}

/// Adds an entry; its fields are to come.
pub(super) fn add(stream: &str) -> Cmd {
    let mut command = Cmd::new();
    command.arg("XADD").arg(stream).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
    command
}
