use std::{borrow::Cow, fmt};

/// What a policy decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum PolicyDecision {
    /// The request may go on.
    Allow,
    /// It may not.
    Deny(PolicyDenial),
}

impl PolicyDecision {
    /// Denies for a reason that the caller may read.
    pub fn deny(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Deny(PolicyDenial { reason: reason.into() })
    }

    /// Whether the request may go on.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// Why a policy denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDenial {
    reason: Cow<'static, str>,
}

impl PolicyDenial {
    /// The reason, for the caller to read.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for PolicyDenial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
