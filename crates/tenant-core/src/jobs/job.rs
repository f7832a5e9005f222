use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{TenantId, Timestamp};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobKind {
    /// All that is a tenant's is written into an archive.
    Export,
    /// A tenant is made of an archive.
    Import,
    /// A tenant is made of another one.
    Clone,
    /// All that is left of a deleted tenant is removed.
    Purge,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobStatus {
    /// Nobody has begun with it.
    Queued,
    /// Somebody runs it, or did until they died.
    Running,
    /// It was done.
    Done,
    /// It was given up.
    Failed,
}

/// How much is done, of how much; both are 0 as long as that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Progress {
    /// So much, never more than the total.
    pub done: u64,
    /// Of so much.
    pub total: u64,
}

impl Progress {
    /// So much of so much.
    #[must_use]
    pub const fn new(done: u64, total: u64) -> Self {
        Self { done: if done < total { done } else { total }, total }
    }
}

/// Something that takes long, and is done once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// Random: it tells nothing of how many there are.
    pub job_id: Box<str>,
    /// What is to be done.
    pub kind: JobKind,
    /// To whom.
    pub tenant: TenantId,
    /// From whom, where a tenant is made of another one.
    pub source: Option<TenantId>,
    /// Where it stands.
    pub status: JobStatus,
    /// How far it has come.
    pub progress: Progress,
    /// What is behind it: whoever goes on begins there. Empty at the beginning.
    pub checkpoint: String,
    /// What it came to. No value of a row is in it.
    pub result: Option<Map<String, Value>>,
    /// Why it was given up. No value of a row is in it.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it has changed last.
    pub updated_at: Timestamp,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// It was done, and came to this.
    Done(Map<String, Value>),
    /// It was given up, because of this. It names no value.
    Failed(Cow<'static, str>),
}

impl Job {
    /// A job that nobody has begun with.
    #[must_use]
    pub fn new(job_id: impl Into<Box<str>>, kind: JobKind, tenant: TenantId, now: Timestamp) -> Self {
        Self {
            job_id: job_id.into(),
            kind,
            tenant,
            source: None,
            status: JobStatus::Queued,
            progress: Progress::default(),
            checkpoint: String::new(),
            result: None,
            failure: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Makes the tenant of this one.
    #[must_use]
    pub const fn from(mut self, source: TenantId) -> Self {
        self.source = Some(source);
        self
    }

    /// Whether it has come to its end.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.status, JobStatus::Done | JobStatus::Failed)
    }
}

impl JobKind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
            Self::Clone => "clone",
            Self::Purge => "purge",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Export, Self::Import, Self::Clone, Self::Purge].into_iter().find(|kind| kind.as_str() == name)
    }
}

impl JobStatus {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed];
        all.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in [JobKind::Export, JobKind::Import, JobKind::Clone, JobKind::Purge] {
            assert_eq!(JobKind::parse(kind.as_str()), Some(kind));
        }
        for status in [JobStatus::Queued, JobStatus::Running, JobStatus::Done, JobStatus::Failed] {
            assert_eq!(JobStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!((JobKind::parse("Export"), JobStatus::parse("")), (None, None));
    }

    #[test]
    fn no_more_is_done_than_there_is() {
        assert_eq!(Progress::new(7, 5), Progress { done: 5, total: 5 });
        assert_eq!(Progress::new(0, 0), Progress::default());
    }
}
