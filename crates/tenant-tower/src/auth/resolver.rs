use http::Extensions;
use tenant_core::auth::Principal;

use super::Anonymous;
use crate::{
    Claim, Rejection, RequestHead, Source, TenantResolver,
    edge::out_of_order,
    rejection::Disagreement,
    resolver::{Resolution, ResolveFuture},
};

/// Takes the tenant from the principal that an [`AuthLayer`](crate::AuthLayer) has proved, and from nobody who has none.
///
/// The principal is the authority. Whatever else speaks must agree with it (403 `tenant_mismatch`), and where a principal
/// belongs to several tenants it chooses among them. A header or a host alone names no tenant: 401 `unauthenticated`.
///
/// # Example
/// ```
/// use tenant_tower::{HeaderResolver, PrincipalResolver, SubdomainResolver, TenantResolver};
///
/// let named = HeaderResolver::default().or(SubdomainResolver::new(["example.com"])?);
/// let resolver = PrincipalResolver::agreeing_with(named);
/// # Ok::<(), tenant_tower::InvalidHost>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PrincipalResolver<R = Silent> {
    others: R,
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl TenantResolver for Silent {
    fn resolve(&self, _: &RequestHead<'_>) -> Resolution {
        Ok(None)
    }
}

impl PrincipalResolver {
    /// Where nothing but the principal names a tenant.
    #[must_use]
    pub const fn new() -> Self {
        Self { others: Silent }
    }
}

impl<R: TenantResolver> PrincipalResolver<R> {
    /// With others that must agree with the principal, and choose where it belongs to several tenants.
    #[must_use]
    pub const fn agreeing_with(others: R) -> Self {
        Self { others }
    }
}

impl<R: TenantResolver> TenantResolver for PrincipalResolver<R> {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let principal = proved(head.extensions())?;
        choose(principal, self.others.resolve(head)?)
    }

    fn waits(&self) -> bool {
        self.others.waits()
    }

    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        let principal = proved(head.extensions()).cloned();
        let others = self.others.resolve_later(head);
        Box::pin(async move { choose(&principal?, others.await?) })
    }
}

/// The principal of a request; 401 where it has none.
pub(super) fn proved(extensions: &Extensions) -> Result<&Principal, Rejection> {
    match extensions.get::<Principal>() {
        Some(principal) => Ok(principal),
        None if extensions.get::<Anonymous>().is_some() => {
            Err(Rejection::new(crate::RejectionKind::Unauthenticated))
        }
        None => Err(out_of_order().with_detail("no layer that proves the caller ran before this one")),
    }
}

fn choose(principal: &Principal, named: Option<Claim>) -> Resolution {
    let own = |tenant| Claim::new(tenant, Source::Principal);
    match (principal.memberships(), named) {
        ([], _) => Err(Rejection::forbidden().with_detail("the caller belongs to no tenant")),
        ([only], named) => Claim::agree(Some(own(*only.tenant())), named),
        (_, None) => {
            Err(Rejection::tenant_required().with_detail("the caller belongs to several tenants: name one"))
        }
        ([first, ..], Some(claim)) => match principal.membership_in(claim.tenant()) {
            Some(_) => Ok(Some(claim)),
            None => Err(Rejection::mismatch(Disagreement { stronger: own(*first.tenant()), weaker: claim })),
        },
    }
}
