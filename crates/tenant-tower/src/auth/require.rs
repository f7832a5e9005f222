//! What a route takes of whoever calls it.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Extensions, Request, Response};
use pin_project_lite::pin_project;
use tenant_core::{
    TenantContext,
    auth::{Principal, Role},
};
use tower_layer::Layer;
use tower_service::Service;

use super::{Anonymous, resolver::proved};
use crate::{Rejection, RequestHead, TenantBody, edge::out_of_order, taken::take};

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

impl<S> Layer<S> for RequireLayer {
    type Service = RequireService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireService { inner, needs: self.needs }
    }
}

/// The service that a [`RequireLayer`] makes.
#[derive(Clone, Debug)]
pub struct RequireService<S> {
    inner: S,
    needs: Needs,
}

impl<S, Q, R> Service<Request<Q>> for RequireService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Response = Response<TenantBody<R>>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let rejection = self.needs.admits(request.extensions()).err();
        let state = match rejection {
            None => State::Running { future: self.inner.call(request) },
            Some(rejection) => {
                let response = rejection.to_response_for(&RequestHead::from(&request));
                State::Rejected { response: Some(Box::new(response.map(TenantBody::problem))) }
            }
        };
        RequireFuture { state }
    }
}

pin_project! {
    /// The future of a [`RequireService`].
    pub struct RequireFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        Running { #[pin] future: F },
        Rejected { response: Option<Box<Response<TenantBody<R>>>> },
    }
}

impl<F, R, E> Future for RequireFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<TenantBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Running { future } => {
                let result = ready!(future.poll(cx));
                Poll::Ready(result.map(|response| response.map(TenantBody::inner)))
            }
            StateProj::Rejected { response } => Poll::Ready(Ok(*take(response))),
        }
    }
}

impl<F, R> fmt::Debug for RequireFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequireFuture")
    }
}
