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
    allows_anonymous: bool,
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
        Self { others: Silent, allows_anonymous: false }
    }
}

impl<R: TenantResolver> PrincipalResolver<R> {
    /// With others that must agree with the principal, and choose where it belongs to several tenants.
    #[must_use]
    pub const fn agreeing_with(others: R) -> Self {
        Self { others, allows_anonymous: false }
    }
}

impl<R> PrincipalResolver<R> {
    /// **Takes the word of whoever shows no credential**: a header or a host alone names the tenant, as it does without this
    /// resolver. For development, and for services that only something trusted can reach.
    #[must_use]
    pub const fn allow_anonymous(mut self) -> Self {
        self.allows_anonymous = true;
        self
    }

    fn caller<'e>(&self, extensions: &'e Extensions) -> Result<Option<&'e Principal>, Rejection> {
        match proved(extensions) {
            Err(_) if self.allows_anonymous && extensions.get::<Anonymous>().is_some() => Ok(None),
            caller => caller.map(Some),
        }
    }
}

impl<R: TenantResolver> TenantResolver for PrincipalResolver<R> {
    fn resolve(&self, head: &RequestHead<'_>) -> Resolution {
        let caller = self.caller(head.extensions())?;
        choose(caller, self.others.resolve(head)?)
    }

    fn waits(&self) -> bool {
        self.others.waits()
    }

    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        let caller = self.caller(head.extensions()).map(Option::<&Principal>::cloned);
        let others = self.others.resolve_later(head);
        Box::pin(async move { choose(caller?.as_ref(), others.await?) })
    }
}

/// The principal of a request; 401 where it has none.
pub(super) fn proved(extensions: &Extensions) -> Result<&Principal, Rejection> {
    match extensions.get::<Principal>() {
        Some(principal) => Ok(principal),
        None if extensions.get::<Anonymous>().is_some() => {
            Err(Rejection::new(crate::RejectionKind::Unauthenticated))
        }
        None => Err(no_layer()),
    }
}

pub(super) fn no_layer() -> Rejection {
    out_of_order().with_detail("no layer that proves the caller ran before this one")
}

fn choose(caller: Option<&Principal>, named: Option<Claim>) -> Resolution {
    let Some(principal) = caller else { return Ok(named) };
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
