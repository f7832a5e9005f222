//! What can go wrong in a store.

use std::{error::Error as StdError, fmt, sync::Arc};

/// A store of configs, counts or cached values could not do what it was asked.
///
/// Cheap to clone, because one failed load may be the answer to many who wait for it. The text names what went
/// wrong and never holds a secret or another tenant's id.
#[derive(Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    detail: Arc<str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store can't be reached, or failed. Nothing is known about the effect of a write.
    Unavailable,
    /// What was to be created exists, soft-deleted ones included.
    AlreadyExists,
    /// What was to be changed does not exist.
    NotFound,
    /// Someone else changed it since it was read.
    StaleRevision,
    /// A host belongs to another tenant.
    HostTaken,
    /// The value can't be stored as it is.
    Invalid,
}

impl StoreError {
    /// An error of `kind`, described by `detail`.
    pub fn new(kind: StoreErrorKind, detail: impl Into<Arc<str>>) -> Self {
        Self { kind, detail: detail.into(), source: None }
    }

    /// The store can't be reached, because of `source`.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source: Arc<dyn StdError + Send + Sync> = Arc::from(source.into());
        Self {
            kind: StoreErrorKind::Unavailable,
            detail: "the store is unavailable".into(),
            source: Some(source),
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// What went wrong, without the source.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
