use std::fmt;

/// Keys can't be used. It names no key and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKeysError {
    kind: TokenKeysErrorKind,
    detail: Box<str>,
}

/// The kinds of [`TokenKeysError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKeysErrorKind {
    /// A shared secret is too short to be one.
    ShortSecret,
    /// The file or the address can't be read.
    Unreadable,
    /// What was read is no key set.
    Malformed,
    /// A key set holds no key that tokens are taken of.
    NoKey,
}

impl TokenKeysError {
    /// The keys can't be read, for this reason.
    pub fn unreadable(reason: impl fmt::Display) -> Self {
        Self::new(TokenKeysErrorKind::Unreadable, format!("the key set can't be read: {reason}"))
    }

    pub(super) fn new(kind: TokenKeysErrorKind, detail: impl Into<Box<str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> TokenKeysErrorKind {
        self.kind
    }
}

impl fmt::Display for TokenKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for TokenKeysError {}
