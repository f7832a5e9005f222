//! Which organisation a path names.

use std::sync::Arc;

use tenant::{
    Claim, Rejection, TenantId, TenantResolver,
    tower::{RequestHead, Resolution, Source},
};

use crate::callers::Callers;

/// The organisation in the path; what else speaks must agree with it.
pub(crate) struct OfPath(Arc<dyn TenantResolver>);

impl OfPath {
    pub(super) fn agreeing_with(callers: &Callers) -> Self {
        Self(Arc::clone(&callers.named))
    }
}

impl TenantResolver for OfPath {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        Claim::agree(of_path(head)?, self.0.resolve(head)?)
    }
}

/// Nothing is decoded: an id needs no percent-encoding.
fn of_path(head: &RequestHead<'_>) -> Resolution {
    let Some(rest) = head.uri().path().strip_prefix("/organizations/") else { return Ok(None) };
    let id = rest.split('/').next().unwrap_or_default();
    match TenantId::parse(id) {
        Ok(id) => Ok(Some(Claim::new(id, Source::Path))),
        Err(error) => Err(Rejection::invalid_tenant_id(Source::Path, error.to_string())),
    }
}
