//! Reads a key set again and again.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{KeySource, Shared, TokenKeysError};

/// When a key set is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRefresh {
    every: Duration,
    at_most_every: Duration,
    patience: Duration,
}

impl Default for KeyRefresh {
    /// Every 5 minutes, and at most every 5 seconds; a read that takes longer than 10 seconds is given up.
    fn default() -> Self {
        let [every, at_most_every, patience] = [300, 5, 10].map(Duration::from_secs);
        Self { every, at_most_every, patience }
    }
}

impl KeyRefresh {
    pub(super) fn of_file() -> Self {
        Self::default().every(Duration::from_secs(2)).at_most_every(Duration::from_secs(1))
    }

    /// Reads it so often, whatever is asked for: a key that is taken out of it is refused after this time, plus what the read takes.
    #[must_use]
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// Lets so much time pass between two reads, however many tokens name keys that are not known: else whoever sends such tokens
    /// would have the issuer asked as often as they like.
    /// A tenth of a second at least.
    #[must_use]
    pub fn at_most_every(mut self, pause: Duration) -> Self {
        self.at_most_every = pause.max(Duration::from_millis(100));
        self
    }

    /// Gives up a read that takes longer.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) async fn fetch(&self, source: &dyn KeySource) -> Result<String, TokenKeysError> {
        let fetched = timeout(self.patience, source.fetch()).await;
        fetched.unwrap_or_else(|_| Err(TokenKeysError::unreadable("it takes too long")))
    }
}

/// The task that reads; it ends when this is dropped.
pub(super) struct Refresh(JoinHandle<()>);

impl Refresh {
    pub(super) fn start(
        times: KeyRefresh,
        source: Box<dyn KeySource>,
        json: String,
        shared: Arc<Shared>,
    ) -> Self {
        Self(tokio::spawn(run(times, source, json, shared)))
    }
}

impl Refresh {
    /// Whether it ended, which it never does unless the source panics.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Refresh {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(times: KeyRefresh, source: Box<dyn KeySource>, mut last: String, shared: Arc<Shared>) {
    loop {
        sleep(times.at_most_every).await;
        wanted(&shared, times.every.saturating_sub(times.at_most_every)).await;
        let read = times.fetch(&*source).await;
        let is_news = read.as_ref().map_or(true, |json| *json != last) || shared.fault.read().is_some();
        if is_news {
            shared.replace(read.as_deref().map_err(Clone::clone));
            last = read.unwrap_or(last);
        }
    }
}

/// Somebody asks, or it is time.
async fn wanted(keys: &Shared, at_latest: Duration) {
    let _asked = timeout(at_latest, keys.wanted.notified()).await;
}
