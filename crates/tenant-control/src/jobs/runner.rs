use std::{fmt, sync::Arc, time::Duration};

use tenant_core::{
    Clock, StoreError, SystemClock, TenantId, Timestamp,
    jobs::{Job, JobClaim, JobKind, JobOutcome, JobStore, JobWork},
};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use super::running::Running;

/// Runs jobs, one at a time. Clones share it; any number of instances may run those of one store.
///
/// Whoever runs a job holds it by a lease, which is renewed as long as it is run. Where that ends, as with a process that is killed,
/// another one takes the job over and goes on from its last checkpoint. What can't be done for now is tried again when the lease is
/// over; what never can be is given up, and so is what was begun too often.
#[derive(Clone)]
pub struct JobRunner {
    store: Arc<dyn JobStore>,
    work: Arc<dyn JobWork>,
    clock: Arc<dyn Clock>,
    lease: Duration,
    attempts: u64,
    keep: Duration,
    come: Arc<Notify>,
}

const LEASE: Duration = Duration::from_secs(30);
const ATTEMPTS: u64 = 20;
const A_WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long one that was added elsewhere, or left behind, may wait.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: u32 = 300;
/// So many are forgotten at a time.
const SWEPT: u32 = 100;

impl JobRunner {
    /// Runs those of a store by this work, with leases of 30 seconds, 20 attempts, and jobs that are kept for a week.
    #[must_use]
    pub fn new(store: Arc<dyn JobStore>, work: Arc<dyn JobWork>) -> Self {
        Self {
            store,
            work,
            clock: Arc::new(SystemClock::new()),
            lease: LEASE,
            attempts: ATTEMPTS,
            keep: A_WEEK,
            come: Arc::default(),
        }
    }

    /// Takes the time from another clock than the system's. It is compared with that of other instances: the lease has to be longer
    /// than they differ.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Holds a job for so long without being heard of.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Gives up a job that was begun so often.
    #[must_use]
    pub fn attempts(self, attempts: u64) -> Self {
        Self { attempts, ..self }
    }

    /// Forgets jobs, and what they left behind, so long after they ended.
    #[must_use]
    pub fn keep(self, keep: Duration) -> Self {
        Self { keep, ..self }
    }

    /// Adds a job, which is begun soon.
    ///
    /// # Errors
    /// Those of [`JobStore::create`].
    pub async fn add(
        &self,
        kind: JobKind,
        tenant: TenantId,
        source: Option<TenantId>,
    ) -> Result<Job, StoreError> {
        self.add_as(Self::new_id(), kind, tenant, source).await
    }

    /// Adds a job under an id that something was left for it.
    ///
    /// # Errors
    /// Those of [`JobStore::create`].
    pub async fn add_as(
        &self,
        job_id: String,
        kind: JobKind,
        tenant: TenantId,
        source: Option<TenantId>,
    ) -> Result<Job, StoreError> {
        let mut job = Job::new(job_id, kind, tenant, self.now());
        job.source = source;
        self.store.create(&job).await?;
        self.come.notify_one();
        Ok(job)
    }

    /// An id that nobody guesses.
    #[must_use]
    pub fn new_id() -> String {
        Uuid::new_v4().to_string()
    }

    /// The job of this id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, job_id: &str) -> Result<Option<Job>, StoreError> {
        self.store.find(job_id).await
    }

    /// Runs jobs for ever, and forgets old ones now and then. Dropped, it leaves the job that it runs to others.
    pub async fn run(self) {
        let mut looks = 0_u32;
        loop {
            if looks.is_multiple_of(SWEEP_EVERY) {
                // Whatever can't be forgotten now, can be the next time.
                let _ = self.sweep().await;
            }
            looks = looks.wrapping_add(1);
            // A store that is away comes back.
            if !matches!(self.run_one().await, Ok(true)) {
                let _ = timeout(LOOK_EVERY, self.come.notified()).await;
            }
        }
    }

    /// Runs one job, if one waits, as far as it goes. Answers whether there was one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn run_one(&self) -> Result<bool, StoreError> {
        let Some(claim) = self.store.claim(self.now(), self.lease).await? else { return Ok(false) };
        if claim.fence > self.attempts {
            self.finish(
                &claim,
                JobOutcome::Failed("it was begun too often, and never came to its end".into()),
            )
            .await?;
            return Ok(true);
        }
        let running =
            Running::new(claim.clone(), Arc::clone(&self.store), Arc::clone(&self.clock), self.lease);
        let done = tokio::select! {
            done = self.work.run(&running) => done,
            // Somebody else runs it by now: what is done here beside it is of no use.
            () = running.keep() => return Ok(true),
        };
        match done {
            Ok(result) => {
                running.write(None).await?;
                self.finish(&claim, JobOutcome::Done(result)).await?;
            }
            Err(failure) if failure.is_final() => {
                self.finish(&claim, JobOutcome::Failed(failure.into_text())).await?;
            }
            // It is claimed again when its lease is over.
            Err(_) => {}
        }
        Ok(true)
    }

    /// Forgets what ended long ago. Answers how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let keep = i64::try_from(self.keep.as_micros()).unwrap_or(i64::MAX);
        let older_than = Timestamp::from_unix_micros(self.now().as_unix_micros().saturating_sub(keep));
        let gone = self.store.forget(older_than, SWEPT).await?;
        for job_id in &gone {
            self.work.forget(job_id).await;
        }
        Ok(gone.len())
    }

    async fn finish(&self, claim: &JobClaim, outcome: JobOutcome) -> Result<(), StoreError> {
        if !self.store.finish(claim, &outcome, self.now()).await? {
            return Ok(());
        }
        match outcome {
            JobOutcome::Done(_) => self.work.ended(&claim.job).await,
            JobOutcome::Failed(_) => self.work.forget(&claim.job.job_id).await,
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.clock.unix().into()
    }
}

impl fmt::Debug for JobRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRunner")
            .field("lease", &self.lease)
            .field("attempts", &self.attempts)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}
