//! Telling of changes.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tenant_core::{ConfigAnnouncer, ConfigChange, TenantId};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::entry;
use crate::{Redis, RedisError};

/// Tells the other instances of changes made here, through Redis.
///
/// It never blocks. What can't be sent because Redis is away is kept, a tenant's changes as one, and sent when Redis is
/// back; of more than 10 000 tenants it is then said that anything may have changed. What an instance has not told when it
/// is killed the others learn by the time to live of their caches.
///
/// # Example
/// ```no_run
/// use std::{sync::Arc, time::Duration};
/// use tenant_core::{CachedConfigs, InMemoryConfigManager};
/// use tenant_redis::{ChangeReader, Redis, RedisAnnouncer};
///
/// # async fn start() -> Result<(), tenant_redis::RedisError> {
/// let redis = Redis::open("redis://127.0.0.1:6379")?;
/// let configs = CachedConfigs::new(InMemoryConfigManager::new(), 1_000, Duration::from_secs(300))
///     .with_announcer(Arc::new(RedisAnnouncer::start(&redis)));
/// let configs = Arc::new(configs);
/// let reader = ChangeReader::start(&redis, Arc::clone(&configs));
/// # drop(reader);
/// # Ok(())
/// # }
/// ```
pub struct RedisAnnouncer {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    more: Notify,
    sent: Notify,
}

#[derive(Default)]
struct Waiting {
    changes: HashMap<TenantId, ConfigChange>,
    anything: bool,
    under_way: bool,
    closed: bool,
}

const MOST: usize = 10_000;
const DEADLINE: Duration = Duration::from_secs(1);
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

impl RedisAnnouncer {
    /// Starts telling. It ends when this value is dropped, with what is sent by then.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use]
    pub fn start(redis: &Redis) -> Self {
        let queue = Arc::new(Queue::default());
        tokio::spawn(send_all(redis.clone(), Arc::clone(&queue)));
        Self { queue }
    }

    /// Waits until nothing is left to be sent, what is announced meanwhile included; while Redis is away that does not come
    /// to an end. For a shutdown, with a time limit of the caller's.
    pub async fn flush(&self) {
        loop {
            let sent = self.queue.sent.notified();
            if self.queue.waiting.lock().is_empty() {
                return;
            }
            sent.await;
        }
    }
}

impl ConfigAnnouncer for RedisAnnouncer {
    fn announce(&self, change: ConfigChange) {
        self.queue.waiting.lock().add(change);
        self.queue.more.notify_one();
    }
}

impl Drop for RedisAnnouncer {
    fn drop(&mut self) {
        self.queue.waiting.lock().closed = true;
        self.queue.more.notify_one();
    }
}

impl fmt::Debug for RedisAnnouncer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAnnouncer").finish_non_exhaustive()
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.anything && !self.under_way
    }

    fn add(&mut self, change: ConfigChange) {
        let full = self.changes.len() >= MOST;
        match change {
            ConfigChange::Tenant { id, .. } => match self.changes.entry(id) {
                // The later one: of two that overtake each other nobody knows which, so none is taken for known.
                Entry::Occupied(mut earlier) => {
                    earlier.insert(ConfigChange::of(id));
                }
                Entry::Vacant(place) if !full => {
                    place.insert(change);
                }
                Entry::Vacant(_) => self.anything = true,
            },
            _ => self.anything = true,
        }
        if self.anything {
            self.changes.clear();
        }
    }

    fn take(&mut self) -> Vec<ConfigChange> {
        let mut changes: Vec<_> = std::mem::take(&mut self.changes).into_values().collect();
        if std::mem::take(&mut self.anything) {
            changes.push(ConfigChange::Anything);
        }
        self.under_way = !changes.is_empty();
        changes
    }
}

async fn send_all(redis: Redis, queue: Arc<Queue>) {
    let stream = redis.keyspace().changes();
    let mut wait = FIRST_WAIT;
    loop {
        let (changes, closed) = {
            let mut waiting = queue.waiting.lock();
            (waiting.take(), waiting.closed)
        };
        let mut failed = false;
        for change in changes {
            // One that may have been sent is sent again: hearing twice does no harm.
            if failed || send(&redis, &stream, &change).await.is_err() {
                failed = true;
                queue.waiting.lock().add(change);
            }
        }
        queue.waiting.lock().under_way = false;
        if failed && !closed {
            sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
            continue;
        }
        wait = FIRST_WAIT;
        queue.sent.notify_waiters();
        if closed {
            return;
        }
        queue.more.notified().await;
    }
}

async fn send(redis: &Redis, stream: &str, change: &ConfigChange) -> Result<(), RedisError> {
    let command = entry::add(stream, Some(change));
    let answer = timeout(DEADLINE, redis.send(&command)).await;
    answer.unwrap_or_else(|_| Err(RedisError::deadline())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> TenantId {
        TenantId::parse(&format!("t{number}")).unwrap()
    }

    #[test]
    fn what_waits_is_bounded_and_a_tenants_changes_are_one() {
        let mut waiting = Waiting::default();
        waiting.add(ConfigChange::of(id(1)));
        waiting.add(ConfigChange::of(id(1)));
        assert_eq!(waiting.take(), [ConfigChange::of(id(1))]);
        for number in 0..=MOST {
            waiting.add(ConfigChange::of(id(number)));
        }
        assert_eq!(waiting.take(), [ConfigChange::Anything]);
    }
}
