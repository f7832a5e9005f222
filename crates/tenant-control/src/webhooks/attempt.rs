use tenant_core::webhooks::{DueDelivery, Settled};

/// A delivery that was tried: for logs and metrics, not for the tenant, which would learn from it what this process can reach.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// Which.
    pub delivery: &'a DueDelivery,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// What becomes of it.
    pub settled: Settled,
}

/// How a try went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// There was an answer, with this status.
    Answered(u16),
    /// The URL or one of the host's addresses is none that may be connected to.
    Refused,
    /// The host has no address.
    Unknown,
    /// No connection came about.
    Unreachable,
    /// The host showed no certificate that is trusted.
    Untrusted,
    /// What came was no answer.
    Broken,
    /// There was no answer in time.
    TooSlow,
}

impl AttemptOutcome {
    /// Whether the event was taken: a status from 200 to 299.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// Its name, for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered(200..=299) => "taken",
            Self::Answered(_) => "not_taken",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Unreachable => "unreachable",
            Self::Untrusted => "untrusted",
            Self::Broken => "broken",
            Self::TooSlow => "too_slow",
        }
    }
}
