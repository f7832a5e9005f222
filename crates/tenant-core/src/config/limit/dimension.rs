use std::{fmt, str::FromStr, sync::Arc};

use super::{InvalidLimit, is_limit_name};

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// Requests: one per request.
    Requests,
    /// Tokens of a language model, or whatever `X-Token-Count` stands for.
    Tokens,
    /// Anything else, charged by the application.
    Named(Arc<str>),
}

impl Dimension {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Named(name) => name,
        }
    }

    /// The dimension of a name that is known to be one of a limit.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "requests" => Self::Requests,
            "tokens" => Self::Tokens,
            name => Self::Named(name.into()),
        }
    }
}

impl FromStr for Dimension {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        if is_limit_name(text) {
            return Ok(Self::of(text));
        }
        Err(InvalidLimit("dimension must be 1 to 64 of [A-Za-z0-9_.-]"))
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
