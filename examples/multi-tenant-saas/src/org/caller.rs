use axum::{extract::FromRequestParts, http::request::Parts};
use tenant::{
    Rejection, TenantContext,
    auth::{Principal, Role},
    organisations::Actor,
};

/// Marks requests of whoever runs the deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator;

/// Who acts, and in which organisation.
pub(super) struct Acting {
    pub(super) tenant: TenantContext,
    pub(super) actor: Actor,
    /// The only project that their credential is for.
    project: Option<Box<str>>,
    has_scopes: bool,
}

/// Who acts with all that they are. A credential for some things alone changes nothing that would outlive it.
pub(super) struct Manager(pub(super) Acting);

impl Acting {
    fn of(parts: &Parts) -> Result<Self, Rejection> {
        let tenant = parts.extensions.get::<TenantContext>().ok_or_else(Rejection::internal)?.clone();
        if parts.extensions.get::<Operator>().is_some() {
            return Ok(Self { tenant, actor: Actor::Operator, project: None, has_scopes: false });
        }
        let caller = parts.extensions.get::<Principal>().ok_or_else(Rejection::forbidden)?;
        // Who belongs to it without a role that is known may read.
        caller.membership_in(tenant.id()).ok_or_else(Rejection::forbidden)?;
        let role = caller.role_in(tenant.id()).unwrap_or(Role::Viewer);
        let project = caller.project().map(Into::into);
        let actor = Actor::person(caller.subject(), role);
        Ok(Self { tenant, actor, project, has_scopes: caller.scopes().is_some() })
    }

    /// Whether their credential is for this project, too.
    pub(super) fn may_see(&self, project_id: &str) -> bool {
        self.project.as_deref().is_none_or(|only| only == project_id)
    }

    /// The only project that their credential is for.
    pub(super) fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// # Errors
    /// Their credential is for one project alone.
    pub(super) fn check_unbound(&self) -> Result<(), Rejection> {
        match self.project {
            Some(_) => Err(Rejection::forbidden().with_detail("the credential is for one project alone")),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Acting {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::of(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Manager {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let acting = Acting::of(parts)?;
        match acting.has_scopes {
            true => Err(Rejection::forbidden().with_detail("a credential with scopes can't do this")),
            false => Ok(Self(acting)),
        }
    }
}
