use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobOutcome, Progress};
use crate::{StoreError, TenantId, Timestamp};

/// The right to run a job, until its lease is over or somebody else has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobClaim {
    /// The job as it was when it was claimed.
    pub job: Job,
    /// How often it was claimed: whoever has an older number has it no more.
    pub fence: u64,
}

impl JobClaim {
    /// A job, claimed so often.
    #[must_use]
    pub const fn new(job: Job, fence: u64) -> Self {
        Self { job, fence }
    }
}

/// Keeps jobs.
///
/// Whoever claims a job has it for as long as a lease. What is said under a claim that somebody else has taken over changes
/// nothing, and says so.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a job that is to be done.
    ///
    /// # Errors
    /// There is one of this id, or too many wait already, of this tenant or at all (`AlreadyExists`); or the store failed.
    async fn create(&self, job: &Job) -> Result<(), StoreError>;

    /// The job of this id.
    ///
    /// # Errors
    /// The store failed.
    async fn find(&self, job_id: &str) -> Result<Option<Job>, StoreError>;

    /// Takes the oldest job that waits, or whose lease is over, for so long. Those of one tenant come one after the other.
    ///
    /// # Errors
    /// The store failed.
    async fn claim(&self, now: Timestamp, lease: Duration) -> Result<Option<JobClaim>, StoreError>;

    /// Notes how far a claimed job has come, and its checkpoint where one is given, and holds it for so long from now on. Answers
    /// whether the claim still holds.
    ///
    /// # Errors
    /// The store failed.
    async fn advance(
        &self,
        claim: &JobClaim,
        progress: Progress,
        checkpoint: Option<&str>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends a claimed job. Answers whether the claim still held.
    ///
    /// # Errors
    /// The store failed.
    async fn finish(
        &self,
        claim: &JobClaim,
        outcome: &JobOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Jobs of one tenant, or of all, the newest first, at most so many: those before this one, where one is given.
    ///
    /// # Errors
    /// There is no job of this id (`NotFound`), or the store failed.
    async fn list(
        &self,
        tenant: Option<&TenantId>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError>;

    /// Forgets jobs that ended before this, at most so many, and says which.
    ///
    /// # Errors
    /// The store failed.
    async fn forget(&self, older_than: Timestamp, limit: u32) -> Result<Vec<Box<str>>, StoreError>;
}
