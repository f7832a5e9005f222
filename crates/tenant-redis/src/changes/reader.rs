//! Hearing of changes.

use std::{collections::HashSet, fmt, sync::Arc};

use async_trait::async_trait;
use redis::Cmd;
use tenant_core::{ConfigChange, ConfigListener, TenantId};
use tokio::task::JoinHandle;

use super::{entry, reloads::Reloads};
use crate::{
    Redis,
    follower::{Entry, Follow, Follower},
};

/// Hears of changes that other instances made, and passes them on to a cache of configs.
///
/// It reads in the background until it is dropped, and connects again by itself, with growing waits of up to a second.
/// While it is cut off, the cache's time to live is what limits how old a config can be; when it is back, it hears what it
/// missed.
pub struct ChangeReader {
    task: JoinHandle<((), ())>,
}

const BATCH: usize = 512;

impl ChangeReader {
    /// Starts reading, for `listener`.
    ///
    /// # Panics
    /// There is no tokio runtime around.
    #[must_use = "dropping a reader ends it"]
    pub fn start(redis: &Redis, listener: impl ConfigListener + 'static) -> Self {
        let listener: Arc<dyn ConfigListener> = Arc::new(listener);
        let reloads = Arc::new(Reloads::new(Arc::clone(&listener)));
        let stream = redis.keyspace().changes();
        let reader = Reader { stream: stream.clone(), listener, reloads: Arc::clone(&reloads) };
        let follower = Follower::new(redis, stream, BATCH, reader);
        Self { task: tokio::spawn(async move { tokio::join!(follower.run(), reloads.run()) }) }
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
    stream: String,
    listener: Arc<dyn ConfigListener>,
    reloads: Arc<Reloads>,
}

#[async_trait]
impl Follow for Reader {
    fn marker(&self) -> Cmd {
        entry::add(&self.stream, None)
    }

    async fn hear(&self, entries: Vec<Entry>) {
        self.forget(entries.iter().filter_map(entry::change)).await;
    }

    async fn doubt(&self) {
        self.forget([ConfigChange::Anything]).await;
    }
}

impl Reader {
    /// First all that is out of date is dropped, then what is in use is read again.
    async fn forget(&self, changes: impl IntoIterator<Item = ConfigChange> + Send) {
        let stale: HashSet<TenantId> =
            changes.into_iter().flat_map(|change| self.listener.forget(&change)).collect();
        if stale.is_empty() {
            return;
        }
        self.reloads.add(stale).await;
    }
}
