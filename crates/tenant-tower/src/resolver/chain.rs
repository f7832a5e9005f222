use std::{fmt, sync::Arc};

use super::{Resolution, ResolveFuture, TenantResolver};
use crate::{Claim, RequestHead};

/// Two resolvers, the stronger one first. Both are asked: where both speak, they must agree.
///
/// That the second is asked even where the first has spoken is the point: a header that names another tenant than the
/// host does is an attempt at something, not a detail to be ignored.
#[derive(Clone, Copy, Debug)]
pub struct Or<A, B> {
    first: A,
    second: B,
}

impl<A, B> Or<A, B> {
    pub(super) const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: TenantResolver, B: TenantResolver> TenantResolver for Or<A, B> {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let first = self.first.resolve(head)?;
        Claim::agree(first, self.second.resolve(head)?)
    }

    fn waits(&self) -> bool {
        self.first.waits() || self.second.waits()
    }

    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        let (first, second) = (self.first.resolve_later(head), self.second.resolve_later(head));
        Box::pin(async move {
            let first = first.await?;
            Claim::agree(first, second.await?)
        })
    }
}

/// Any number of resolvers, the strongest first; like [`TenantResolver::or`] for lists that are known at run time.
///
/// # Example
/// ```
/// use tenant_tower::{ChainResolver, HeaderResolver, SubdomainResolver};
///
/// let chain = ChainResolver::new()
///     .with(SubdomainResolver::new(["example.com"])?)
///     .with(HeaderResolver::default());
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone, Default)]
pub struct ChainResolver(Vec<Arc<dyn TenantResolver>>);

impl ChainResolver {
    /// A chain in which nobody speaks yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resolver, weaker than those before.
    #[must_use]
    pub fn with(mut self, resolver: impl TenantResolver + 'static) -> Self {
        self.0.push(Arc::new(resolver));
        self
    }
}

impl TenantResolver for ChainResolver {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        self.0.iter().try_fold(None, |claim, resolver| Claim::agree(claim, resolver.resolve(head)?))
    }

    fn waits(&self) -> bool {
        self.0.iter().any(TenantResolver::waits)
    }

    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        let resolutions: Vec<_> = self.0.iter().map(|resolver| resolver.resolve_later(head)).collect();
        Box::pin(async move {
            let mut claim = None;
            for resolution in resolutions {
                claim = Claim::agree(claim, resolution.await?)?;
            }
            Ok(claim)
        })
    }
}

impl fmt::Debug for ChainResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainResolver({})", self.0.len())
    }
}
