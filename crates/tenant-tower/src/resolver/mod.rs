//! Who a request is for.

mod chain;
mod function;
mod header;
mod host;
mod path;
pub(crate) mod query;
mod registry;
mod subdomain;

use std::{future::Future, pin::Pin, sync::Arc};

pub use self::{
    chain::{ChainResolver, Or},
    function::{FnResolver, resolver_fn},
    header::HeaderResolver,
    host::HostResolver,
    path::{InvalidPattern, PathResolver},
    registry::{HostError, HostErrorKind, HostRegistry},
    subdomain::SubdomainResolver,
};
use crate::{Claim, Rejection, RequestHead};

/// What a resolver says: a claim, nothing, or an error.
pub type Resolution = Result<Option<Claim>, Rejection>;

/// The future of a resolver that has to wait.
pub type ResolveFuture = Pin<Box<dyn Future<Output = Resolution> + Send>>;

/// Reads from a request's head which tenant it is for.
///
/// What comes out is a claim, not a proof: the layer looks the tenant up. An error ends a chain; it never falls
/// through to a weaker source.
///
/// # Example
/// ```
/// use tenant_core::TenantId;
/// use tenant_tower::{Claim, RequestHead, Resolution, Source, TenantResolver};
///
/// /// Takes the tenant from what an outer layer has verified.
/// struct SessionResolver;
///
/// #[derive(Clone)]
/// struct Session {
///     tenant: TenantId,
/// }
///
/// impl TenantResolver for SessionResolver {
///     fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
///         let session = head.extensions().get::<Session>();
///         Ok(session.map(|session| Claim::new(session.tenant, Source::Custom("session"))))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not resolve tenants",
    label = "not a `TenantResolver`",
    note = "a closure becomes one by `resolver_fn(|head| ...)`"
)]
pub trait TenantResolver: Send + Sync {
    /// Resolves without waiting. This is the hot path: it must not block and should not allocate.
    ///
    /// # Errors
    /// The claim is malformed, or may not be made.
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution;

    /// Whether [`TenantResolver::resolve_later`] has to be asked instead; asked once, when a layer is built.
    fn waits(&self) -> bool {
        false
    }

    /// Resolves with waiting. The future takes with it what it needs of the head, and does nothing until it is polled.
    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        Box::pin(std::future::ready(self.resolve(head)))
    }

    /// Asks this resolver and then `other`, which must agree where both speak.
    fn or<R: TenantResolver>(self, other: R) -> Or<Self, R>
    where
        Self: Sized,
    {
        Or::new(self, other)
    }
}

macro_rules! forward {
    ($pointer:ident) => {
        impl<R: TenantResolver + ?Sized> TenantResolver for $pointer<R> {
            fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
                (**self).resolve(head)
            }

            fn waits(&self) -> bool {
                (**self).waits()
            }

            fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
                (**self).resolve_later(head)
            }
        }
    };
}

forward!(Arc);
forward!(Box);
