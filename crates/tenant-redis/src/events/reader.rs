//! Hearing of events.

use std::{fmt, num::NonZeroUsize, sync::Arc};

use async_trait::async_trait;
use lru::LruCache;
use parking_lot::Mutex;
use redis::Cmd;
use tenant_core::events::{Envelope, EventBus};
use tokio::task::JoinHandle;

use super::relay::add;
use crate::{
    Redis,
    follower::{Entry, Follow, Follower},
};

/// Hears what other instances publish; made by [`RedisEvents::listen`](super::RedisEvents::listen).
///
/// It reads in the background until it is dropped, and connects again by itself, with growing waits of up to a second. It
/// hears what it missed meanwhile; where that can't be, all who listen are told that they may have missed something.
pub struct EventReader {
    task: JoinHandle<()>,
}

/// An entry may be large.
const BATCH: usize = 64;
const ORIGINS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

impl EventReader {
    pub(super) fn start(redis: &Redis, own: Arc<str>, bus: EventBus) -> Self {
        let stream = redis.keyspace().events();
        let heard = Mutex::new(LruCache::new(ORIGINS));
        let reader = Reader { stream: stream.clone(), own, bus, heard };
        Self { task: tokio::spawn(Follower::new(redis, stream, BATCH, reader).run()) }
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for EventReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").finish_non_exhaustive()
    }
}

struct Reader {
    stream: String,
    own: Arc<str>,
    bus: EventBus,
    /// The number of the last entry of each instance.
    heard: Mutex<LruCache<String, u64>>,
}

#[async_trait]
impl Follow for Reader {
    fn marker(&self) -> Cmd {
        let mut command = add(&self.stream);
        command.arg("origin").arg(&*self.own);
        command
    }

    async fn hear(&self, entries: Vec<Entry>) {
        entries.iter().for_each(|entry| self.receive(entry));
    }

    async fn doubt(&self) {
        self.bus.doubt();
    }
}

impl Reader {
    fn receive(&self, entry: &Entry) {
        let origin = entry.field("origin").unwrap_or_default();
        if *origin == *self.own || self.is_known(origin, entry) {
            return;
        }
        let texts = entry.field("events").unwrap_or_default();
        for text in texts.lines().filter(|text| !text.is_empty()) {
            match Envelope::parse(text) {
                Ok(envelope) => self.bus.receive(envelope),
                // Of a newer version, perhaps: whom it was for nobody knows.
                Err(_) => self.bus.doubt(),
            }
        }
        if entry.field("doubt").is_some() {
            self.bus.doubt();
        }
    }

    /// Whether it was heard before: it was sent again because nobody knew whether it had arrived.
    fn is_known(&self, origin: String, entry: &Entry) -> bool {
        let Some(number) = entry.field("number").and_then(|number| number.parse().ok()) else { return false };
        let mut heard = self.heard.lock();
        if heard.get(&origin).is_some_and(|last| *last >= number) {
            return true;
        }
        heard.put(origin, number);
        false
    }
}
