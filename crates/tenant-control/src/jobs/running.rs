use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tenant_core::{
    Clock, StoreError,
    jobs::{JobClaim, JobFailure, JobRun, JobStore, Progress},
};
use tokio::time::sleep;

/// A job that this instance runs.
pub(super) struct Running {
    claim: JobClaim,
    store: Arc<dyn JobStore>,
    clock: Arc<dyn Clock>,
    lease: Duration,
    progress: Mutex<Progress>,
}

/// Whoever asks how far it has come sees nothing older.
const TELL_EVERY: Duration = Duration::from_secs(1);

impl Running {
    pub(super) fn new(
        claim: JobClaim,
        store: Arc<dyn JobStore>,
        clock: Arc<dyn Clock>,
        lease: Duration,
    ) -> Self {
        let progress = Mutex::new(claim.job.progress);
        Self { claim, store, clock, lease, progress }
    }

    /// Holds the job for as long as it is not somebody else's, and comes to an end then.
    pub(super) async fn keep(&self) {
        let every = TELL_EVERY.min(self.lease / 3);
        let (mut told, mut looks) = (self.claim.job.progress, 0_u32);
        loop {
            sleep(every).await;
            looks += 1;
            let now = *self.progress.lock();
            if now == told && every * looks < self.lease / 3 {
                continue;
            }
            match self.write(None).await {
                Ok(true) => (told, looks) = (now, 0),
                Ok(false) => return,
                // A store that is away comes back, or the lease is over and others see to it.
                Err(_) => {}
            }
        }
    }

    /// Answers whether the claim still holds. A checkpoint that was noted elsewhere, as in the transaction that it is of, stays.
    pub(super) async fn write(&self, checkpoint: Option<&str>) -> Result<bool, StoreError> {
        let progress = *self.progress.lock();
        self.store.advance(&self.claim, progress, checkpoint, self.clock.unix().into(), self.lease).await
    }
}

#[async_trait]
impl JobRun for Running {
    fn claim(&self) -> &JobClaim {
        &self.claim
    }

    fn tell(&self, progress: Progress) {
        *self.progress.lock() = progress;
    }

    async fn checkpoint(&self, checkpoint: &str) -> Result<(), JobFailure> {
        match self.write(Some(checkpoint)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(JobFailure::for_now("somebody else runs it by now")),
            Err(error) => Err(JobFailure::for_now("the store of jobs failed").because(error)),
        }
    }
}
