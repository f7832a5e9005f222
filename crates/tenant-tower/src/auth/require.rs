//! What a route takes of whoever calls it.

use http::{Extensions, Request};
use tenant_core::{
    TenantContext,
    auth::{Principal, Role},
};
use tower_layer::Layer;

use super::{Anonymous, resolver::proved};
use crate::{
    Rejection,
    edge::out_of_order,
    guard::{Guard, GuardService},
};

/// What is taken: a role in the tenant, and a scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    pub(super) role: Option<Role>,
    pub(super) scope: Option<&'static str>,
    pub(super) allows_anonymous: bool,
}

impl Needs {
    fn admits(&self, extensions: &Extensions) -> Result<(), Rejection> {
        if self.allows_anonymous && extensions.get::<Anonymous>().is_some() {
            return Ok(());
        }
        self.check(extensions).map(drop)
    }

    /// Who is calling, where that suffices in the tenant of the request.
    pub(super) fn check<'a>(&self, extensions: &'a Extensions) -> Result<&'a Principal, Rejection> {
        let principal = proved(extensions)?;
        let tenant = extensions.get::<TenantContext>().ok_or_else(out_of_order)?;
        let forbidden = |detail| Err(Rejection::forbidden().with_detail(detail));
        if principal.membership_in(tenant.id()).is_none() {
            return forbidden("the caller does not belong to the tenant");
        }
        if self.role.is_some_and(|role| principal.role_in(tenant.id()) < Some(role)) {
            return forbidden("the caller's role does not suffice");
        }
        if self.scope.is_some_and(|scope| !principal.may(scope)) {
            return forbidden("the credential's scopes do not suffice");
        }
        Ok(principal)
    }
}

/// Lets nobody through but principals who belong to the request's tenant, with this role and this scope: anybody else is
/// answered with 401 or 403.
///
/// It stands inside of the layer that resolves the tenant. A credential without scopes may do all that its role allows; one
/// with scopes needs both.
///
/// # Example
/// ```
/// use tenant_core::auth::Role;
/// use tenant_tower::RequireLayer;
///
/// let layer = RequireLayer::new().role(Role::Member).scope("write:users");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireLayer {
    needs: Needs,
}

impl RequireLayer {
    /// Whoever belongs to the tenant.
    #[must_use]
    pub const fn new() -> Self {
        Self { needs: Needs { role: None, scope: None, allows_anonymous: false } }
    }

    /// At least this role there.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.needs.role = Some(role);
        self
    }

    /// This scope, where the credential has scopes.
    #[must_use]
    pub const fn scope(mut self, scope: &'static str) -> Self {
        self.needs.scope = Some(scope);
        self
    }

    /// **Also lets through whoever shows no credential**: where
    /// [`PrincipalResolver::allow_anonymous`](crate::PrincipalResolver::allow_anonymous) takes their word for the tenant.
    #[must_use]
    pub const fn allow_anonymous(mut self) -> Self {
        self.needs.allows_anonymous = true;
        self
    }
}

impl Guard for RequireLayer {
    fn check<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        self.needs.admits(request.extensions())
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = GuardService<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self)
    }
}
