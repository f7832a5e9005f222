//! What can go wrong in a cache.

use std::{error::Error as StdError, fmt, sync::Arc};

use tenant_core::{Inactive, StoreError};

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// A cache could not do what it was asked.
///
/// Cheap to clone, because one failed load is the answer to everyone who waited for it. The text never holds a key, a
/// value or another tenant's id.
#[derive(Clone)]
pub struct CacheError {
    kind: CacheErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`CacheError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CacheErrorKind {
    /// The tenant was suspended or deleted after the context was minted.
    #[error("the tenant is no longer active")]
    Inactive,
    /// The entry is larger than what the tenant may use, or than its fair share while the cache is full.
    #[error("the entry is larger than the tenant's share of the cache")]
    TooLarge,
    /// What is to be counted up or down is not a 64-bit integer in decimal digits. It is left as it was.
    #[error("the cached value is not a 64-bit integer")]
    NotANumber,
    /// The counter would leave the range of a 64-bit integer. It is left as it was.
    #[error("the counter would leave the range of a 64-bit integer")]
    Overflow,
    /// The loader failed or panicked; what it answered is the source.
    #[error("the value can't be loaded")]
    Load,
    /// The backend can't be reached, or failed. Nothing is known about the effect of a write.
    #[error("the cache is unavailable")]
    Unavailable,
}

impl CacheError {
    /// An error of `kind`: for those who write a [`CacheBackend`](crate::CacheBackend).
    #[must_use]
    pub const fn new(kind: CacheErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The backend can't be reached, because of `source`.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::with_source(CacheErrorKind::Unavailable, source)
    }

    pub(crate) fn load(source: impl Into<BoxError>) -> Self {
        Self::with_source(CacheErrorKind::Load, source)
    }

    fn with_source(kind: CacheErrorKind, source: impl Into<BoxError>) -> Self {
        let source = Some(Arc::from(source.into()));
        Self { kind, source }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> CacheErrorKind {
        self.kind
    }

    /// What the loader failed with, if it was an `E`.
    #[must_use]
    pub fn loader_error<E: StdError + 'static>(&self) -> Option<&E> {
        match self.kind {
            CacheErrorKind::Load => self.source.as_deref()?.downcast_ref(),
            _ => None,
        }
    }
}

impl From<CacheErrorKind> for CacheError {
    fn from(kind: CacheErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<Inactive> for CacheError {
    fn from(_: Inactive) -> Self {
        Self::new(CacheErrorKind::Inactive)
    }
}

impl From<StoreError> for CacheError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Debug for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheError").field("kind", &self.kind).field("source", &self.source).finish()
    }
}

impl StdError for CacheError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// The loader panicked.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the loader panicked")]
pub(crate) struct LoaderPanicked;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loaders_error_is_found_again() {
        let error = CacheError::load(fmt::Error);
        assert_eq!(error.kind(), CacheErrorKind::Load);
        assert_eq!(error.loader_error::<fmt::Error>(), Some(&fmt::Error));
        assert!(error.loader_error::<std::num::ParseIntError>().is_none());
        assert!(CacheError::unavailable(fmt::Error).loader_error::<fmt::Error>().is_none());
    }
}
