//! Reads a store of revocations again and again.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::Shared;

const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The task that reads; it ends when this is dropped.
pub(super) struct Poll(JoinHandle<()>);

impl Poll {
    pub(super) fn start(shared: Arc<Shared>, every: Duration) -> Self {
        Self(tokio::spawn(run(shared, every)))
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What fails is tried again the next time; that it fails shows in that nothing is known any more.
async fn run(shared: Arc<Shared>, every: Duration) {
    let mut swept = Instant::now();
    loop {
        let _read = shared.read().await;
        if swept.elapsed() >= SWEEP_EVERY {
            let _swept = shared.sweep().await;
            swept = Instant::now();
        }
        sleep(every).await;
    }
}
