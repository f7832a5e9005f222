//! Which version of a tenant an answer shows, and which one a request is about.

use axum::http::{
    HeaderValue,
    header::{ETAG, HeaderName},
};
use tenant::{ApiError, Rejection, StoreError, StoreErrorKind, TenantConfig};

use crate::http::IfMatch;

/// The strong tag of a tenant's record. One that was created anew under the same id counts its revisions anew, so the
/// moment of its creation is a part of it.
pub(super) fn tag_of(config: &TenantConfig) -> String {
    format!("\"{:x}.{:x}\"", config.created_at.as_unix_micros(), config.revision)
}

/// The field that tells of it.
pub(super) fn etag(config: &TenantConfig) -> Result<[(HeaderName, HeaderValue); 1], Rejection> {
    let tag = HeaderValue::try_from(tag_of(config)).map_err(|_| Rejection::internal())?;
    Ok([(ETAG, tag)])
}

impl IfMatch {
    /// Whether the request is about this version.
    pub(super) fn admits_config(&self, config: &TenantConfig) -> bool {
        self.admits(&tag_of(config))
    }

    /// Why a write was refused that was held to this condition.
    pub(super) fn refused(&self, error: StoreError) -> ApiError {
        match error.kind() {
            StoreErrorKind::StaleRevision if self.is_given() => Rejection::precondition_failed().into(),
            _ => error.into(),
        }
    }
}
