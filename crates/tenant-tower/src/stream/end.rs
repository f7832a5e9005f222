use std::fmt;

/// Why a stream ends that its caller has not left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The tenant was suspended or deleted.
    Inactive,
    /// The credential has ended by itself, or was proved longer ago than the tenant takes (`session_timeout`).
    Expired,
    /// The tenant requires a second factor (`require_mfa`) since, and the caller has shown none.
    MfaRequired,
    /// The credential was revoked, or its session has ended.
    Revoked,
    /// Whether it may go on can't be found out.
    Unknown,
    /// The server stops.
    Stopped,
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inactive => "the tenant is no longer active",
            Self::Expired => "the credential has expired",
            Self::MfaRequired => "the tenant requires a second factor",
            Self::Revoked => "the credential does not hold any more",
            Self::Unknown => "whether the credential still holds can't be found out",
            Self::Stopped => "the server stops",
        })
    }
}
