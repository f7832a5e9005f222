use std::{error::Error as StdError, fmt, path::PathBuf, sync::Arc};

/// A certificate, a key or an authority can't be used. Nothing of a key is told.
#[derive(Clone, Debug)]
pub struct TlsError {
    kind: TlsErrorKind,
    path: Option<PathBuf>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`TlsError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// A file or the folder can't be read, or only one of a pair is there.
    Unreadable,
    /// The file's name is no host.
    Name,
    /// There is no certificate in it, or a broken one.
    Certificate,
    /// There is no private key in it, a broken one, or one of a kind that is not supported.
    Key,
    /// Certificate and key don't belong together.
    Mismatch,
    /// No authority can be taken from it.
    Authority,
}

impl TlsError {
    pub(super) const fn new(kind: TlsErrorKind) -> Self {
        Self { kind, path: None, cause: None }
    }

    pub(super) fn because(kind: TlsErrorKind, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, path: None, cause: Some(Arc::new(cause)) }
    }

    #[must_use]
    pub(super) fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> TlsErrorKind {
        self.kind
    }

    /// The file or folder it is about.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        self.path.as_deref()
    }
}

impl TlsErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Unreadable => "a certificate can't be read",
            Self::Name => "a certificate's file is not named after a host",
            Self::Certificate => "a certificate is not valid",
            Self::Key => "a private key is not valid",
            Self::Mismatch => "a certificate and its private key don't belong together",
            Self::Authority => "an authority of client certificates is not valid",
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        match &self.path {
            Some(path) => write!(f, ": {}", path.display()),
            None => Ok(()),
        }
    }
}

impl StdError for TlsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}
