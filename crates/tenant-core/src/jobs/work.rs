use std::{borrow::Cow, error::Error, fmt};

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::{Job, JobClaim, Progress};

/// Does what a job asks for.
#[async_trait]
pub trait JobWork: Send + Sync {
    /// Does it, from its checkpoint on. It may be dropped at any moment, as by a kill, and is then begun again.
    ///
    /// # Errors
    /// It can't be done now or never will be: see [`JobFailure::is_final`].
    async fn run(&self, run: &dyn JobRun) -> Result<Map<String, Value>, JobFailure>;

    /// Clears away what only the job itself needed, once it is noted that it is done.
    async fn ended(&self, job: &Job) {
        let _ = job;
    }

    /// Removes what it has left behind of a job that is forgotten, or was given up.
    async fn forget(&self, job_id: &str) {
        let _ = job_id;
    }
}

/// A job that is being run.
#[async_trait]
pub trait JobRun: Send + Sync {
    /// The job and the right to run it.
    fn claim(&self) -> &JobClaim;

    /// Tells how far it has come. It neither waits nor fails: what is told too often is left out.
    fn tell(&self, progress: Progress);

    /// Notes what is behind it, before it goes on.
    ///
    /// # Errors
    /// The store failed, or somebody else runs it by now.
    async fn checkpoint(&self, checkpoint: &str) -> Result<(), JobFailure>;
}

/// Why a job was not done. The text names no value of a row, no secret and no other tenant.
#[derive(Debug)]
pub struct JobFailure {
    text: Cow<'static, str>,
    is_final: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl JobFailure {
    /// It never will be.
    #[must_use]
    pub fn never(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), is_final: true, source: None }
    }

    /// It may be the next time.
    #[must_use]
    pub fn for_now(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), is_final: false, source: None }
    }

    /// Says what caused it: for the log, and for nobody who asks for the job.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Whether it is of no use to try again.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// What is told of it.
    #[must_use]
    pub fn into_text(self) -> Cow<'static, str> {
        self.text
    }
}

impl fmt::Display for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for JobFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
