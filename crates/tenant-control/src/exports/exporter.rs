use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;
use tenant_core::{
    TenantId,
    usage::{UsageDate, UsageSeries},
};

/// Somebody who is told what tenants use.
///
/// [`UsageExports`](crate::UsageExports) says what, to whom and when; this carries one part of it there.
///
/// # Example
/// ```
/// use tenant_control::{ExportFailure, MeteredUsage, UsageExporter};
///
/// /// Whoever reads this process' log.
/// struct Log;
///
/// #[async_trait::async_trait]
/// impl UsageExporter for Log {
///     fn name(&self) -> &str {
///         "log"
///     }
///
///     async fn tell(&self, usage: &MeteredUsage<'_>) -> Result<(), ExportFailure> {
///         println!("{} {} {}", usage.receiver, usage.series.kind, usage.amount);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait UsageExporter: Send + Sync {
    /// What it is kept as: 1 to 32 of `[a-z0-9_]`, and the same for ever. What was told is known by it.
    fn name(&self) -> &str;

    /// Tells of a part of a day's usage; it counts once for each identifier.
    ///
    /// # Errors
    /// It was not taken, or nobody knows.
    async fn tell(&self, usage: &MeteredUsage<'_>) -> Result<(), ExportFailure>;

    /// For how long an identifier is known again there; for ever (`None`) unless said otherwise. What may have been taken longer ago is
    /// not told again before [somebody has decided](crate::UsageExports::decide).
    fn remembers(&self) -> Option<Duration> {
        None
    }

    /// How old usage may be; as old as it likes (`None`) unless said otherwise.
    fn takes_back(&self) -> Option<Duration> {
        None
    }

    /// How long telling takes at most; a minute unless said otherwise. Meanwhile no other instance tells the same.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// A part of what a tenant used on a day.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MeteredUsage<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Who that is there.
    pub receiver: &'a str,
    /// Of what. A level is told in its quantity times hours, as of byte-hours.
    pub series: &'a UsageSeries,
    /// When.
    pub date: UsageDate,
    /// How much more than was told before; never 0.
    pub amount: u128,
    /// Of this part and no other: 64 of `[0-9a-f]`.
    pub identifier: &'a str,
    /// How often who is told has answered that it failed.
    pub failures: u32,
}

/// Usage was not taken, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFailure {
    kind: ExportFailureKind,
    retry_after: Option<Duration>,
    code: Option<Box<str>>,
}

/// The kinds of [`ExportFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFailureKind {
    /// Nothing was sent: it is told again.
    Unreachable,
    /// There is too much to do there, and it was not taken: it is told again.
    Busy,
    /// It was sent, and there was no answer: it may have been taken, and is told again.
    Unanswered,
    /// It failed there: it may have been taken, and is told again.
    Failed,
    /// It is not taken as it is. It is told anew when usage is collected the next time, for the receiver that the tenant has then.
    Refused,
    /// Whoever tells may not: nothing of anybody is taken. It is told again.
    Denied,
}

impl ExportFailure {
    /// A failure of a kind.
    #[must_use]
    pub const fn new(kind: ExportFailureKind) -> Self {
        Self { kind, retry_after: None, code: None }
    }

    /// With what it was asked to wait for.
    #[must_use]
    pub const fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// With what it was called there, as a status and a code: no secret, as it is logged.
    #[must_use]
    pub fn code(mut self, code: impl Into<Box<str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ExportFailureKind {
        self.kind
    }

    /// How long it was asked to wait.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether it may have been taken for all that.
    #[must_use]
    pub const fn is_doubtful(&self) -> bool {
        matches!(self.kind, ExportFailureKind::Unanswered | ExportFailureKind::Failed)
    }
}

impl fmt::Display for ExportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ExportFailureKind::Unreachable => "it could not be reached",
            ExportFailureKind::Busy => "it has too much to do",
            ExportFailureKind::Unanswered => "it gave no answer",
            ExportFailureKind::Failed => "it failed",
            ExportFailureKind::Refused => "it was refused",
            ExportFailureKind::Denied => "the key was denied",
        })?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl Error for ExportFailure {}
