use std::{marker::PhantomData, ops::Deref};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tenant_core::auth::{Principal, Role};

use super::require::Needs;
use crate::Rejection;

/// What [`Require`] takes of whoever calls.
pub trait Requirement: Send + Sync + 'static {
    /// At least this role in the tenant of the request; `None`, the default, takes whoever belongs to it.
    const ROLE: Option<Role> = None;
    /// This scope, where the credential has scopes; none by default.
    const SCOPE: Option<&'static str> = None;
}

/// Whoever belongs to the tenant.
impl Requirement for () {}

/// Who is calling, as an extractor: a handler that takes it can't be reached by anybody whose role or scopes don't suffice.
///
/// Rejects with 401 where nobody was proved, with 403 where they don't suffice.
///
/// # Example
/// ```
/// use axum::{Router, routing::post};
/// use tenant_core::auth::Role;
/// use tenant_tower::{Require, Requirement};
///
/// struct WriteUsers;
///
/// impl Requirement for WriteUsers {
///     const ROLE: Option<Role> = Some(Role::Member);
///     const SCOPE: Option<&'static str> = Some("write:users");
/// }
///
/// async fn create(caller: Require<WriteUsers>) -> String {
///     format!("created by {}", caller.subject())
/// }
///
/// let app: Router = Router::new().route("/users", post(create));
/// ```
#[derive(Clone, Debug)]
pub struct Require<R: Requirement = ()> {
    principal: Principal,
    _needs: PhantomData<R>,
}

impl<R: Requirement> Deref for Require<R> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<S: Send + Sync, R: Requirement> FromRequestParts<S> for Require<R> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let needs = Needs { role: R::ROLE, scope: R::SCOPE, allows_anonymous: false };
        let principal = needs.check(&parts.extensions)?.clone();
        Ok(Self { principal, _needs: PhantomData })
    }
}
