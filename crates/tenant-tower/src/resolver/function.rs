use std::fmt;

use super::{Resolution, TenantResolver};
use crate::RequestHead;

/// A closure as a resolver.
///
/// # Example
/// ```
/// use tenant_core::TenantId;
/// use tenant_tower::{Claim, Rejection, Source, resolver_fn};
///
/// const SOURCE: Source = Source::Custom("method");
/// let resolver = resolver_fn(|head| {
///     let id = TenantId::parse(head.method().as_str());
///     let id = id.map_err(|error| Rejection::invalid_tenant_id(SOURCE, error.to_string()))?;
///     Ok(Some(Claim::new(id, SOURCE)))
/// });
/// ```
pub const fn resolver_fn<F>(function: F) -> FnResolver<F>
where
    F: Fn(&RequestHead<'_>) -> Resolution + Send + Sync,
{
    FnResolver(function)
}

/// The resolver that [`resolver_fn`] makes.
#[derive(Clone, Copy)]
pub struct FnResolver<F>(F);

impl<F> TenantResolver for FnResolver<F>
where
    F: Fn(&RequestHead<'_>) -> Resolution + Send + Sync,
{
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        (self.0)(head)
    }
}

impl<F> fmt::Debug for FnResolver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnResolver")
    }
}
