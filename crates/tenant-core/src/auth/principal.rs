//! Who is calling, once that is proved.

use std::{fmt, sync::Arc};

use super::{Proof, Role, Scopes};
use crate::{TenantId, UnixTime};

/// Somebody who was proved to be who they are: a person, or a program with a key.
///
/// It is made by whoever verified a credential, and by nobody else. What it may do in a tenant is what its
/// [role](Self::role_in) there allows, within its [scopes](Self::may). It is cheap to clone.
///
/// # Example
/// ```
/// use tenant_core::{TenantId, auth::{Principal, Proof, Role}};
///
/// let acme = TenantId::parse("acme")?;
/// let ada = Principal::builder("ada", Proof::Token).membership(acme, ["member"]).build();
/// assert_eq!(ada.role_in(&acme), Some(Role::Member));
/// assert!(ada.may("read:users"), "without scopes roles alone decide");
/// # Ok::<(), tenant_core::InvalidTenantId>(())
/// ```
#[derive(Clone)]
pub struct Principal(Arc<Known>);

#[derive(Clone)]
struct Known {
    subject: Box<str>,
    proof: Proof,
    memberships: Vec<Membership>,
    scopes: Option<Scopes>,
    credential: Option<Box<str>>,
    project: Option<Box<str>>,
    issued_at: Option<UnixTime>,
    expires_at: Option<UnixTime>,
    rate_limit: Option<u64>,
    second_factor: bool,
}

/// What somebody is in one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    tenant: TenantId,
    roles: Box<[Box<str>]>,
}

impl Membership {
    /// In this tenant, with roles by name; names that nobody knows give no right.
    pub fn new(tenant: TenantId, roles: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        Self { tenant, roles: roles.into_iter().map(Into::into).collect() }
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The names of the roles, as they were given.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| &**role)
    }

    /// The most that one of the roles allows; nothing where none is known.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.roles().filter_map(Role::parse).max()
    }
}

impl Principal {
    /// Somebody of this name, unique among those who are proved in this way. Only who has verified a credential says so.
    pub fn builder(subject: impl Into<Box<str>>, proof: Proof) -> PrincipalBuilder {
        PrincipalBuilder(Known {
            subject: subject.into(),
            proof,
            memberships: Vec::new(),
            scopes: None,
            credential: None,
            project: None,
            issued_at: None,
            expires_at: None,
            rate_limit: None,
            second_factor: false,
        })
    }

    /// Who it is: a person's id, a key's.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// How it was proved.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.0.proof
    }

    /// Where it belongs.
    #[must_use]
    pub fn memberships(&self) -> &[Membership] {
        &self.0.memberships
    }

    /// What it is in a tenant; nothing where it does not belong there.
    #[must_use]
    pub fn membership_in(&self, tenant: &TenantId) -> Option<&Membership> {
        self.0.memberships.iter().find(|membership| membership.tenant == *tenant)
    }

    /// The tenant, where it belongs to one alone: nothing has to be chosen.
    #[must_use]
    pub fn only_tenant(&self) -> Option<&TenantId> {
        match &*self.0.memberships {
            [only] => Some(&only.tenant),
            _ => None,
        }
    }

    /// The most that it is in a tenant; nothing where it does not belong there, or has no role that is known.
    #[must_use]
    pub fn role_in(&self, tenant: &TenantId) -> Option<Role> {
        self.membership_in(tenant)?.role()
    }

    /// What the credential may be used for; `None` where roles alone decide.
    #[must_use]
    pub fn scopes(&self) -> Option<&Scopes> {
        self.0.scopes.as_ref()
    }

    /// Whether the credential may be used for this.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.0.scopes.as_ref().is_none_or(|scopes| scopes.contains(scope))
    }

    /// What names the credential itself, without giving it away: a token's `jti`, a key's or a session's public id.
    #[must_use]
    pub fn credential(&self) -> Option<&str> {
        self.0.credential.as_deref()
    }

    /// The project that the credential is bound to.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.0.project.as_deref()
    }

    /// When the credential was issued, where that is known.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.0.issued_at
    }

    /// When the credential ends by itself.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at
    }

    /// How many requests a minute the credential admits.
    #[must_use]
    pub fn rate_limit(&self) -> Option<u64> {
        self.0.rate_limit
    }

    /// Whether a second factor was shown when the credential was issued.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.0.second_factor
    }
}

/// A principal that is being put together; made by [`Principal::builder`].
#[must_use = "it is built with `build`"]
pub struct PrincipalBuilder(Known);

impl PrincipalBuilder {
    /// Belongs to a tenant, with roles by name. Of several for one tenant the first counts.
    pub fn membership(
        mut self,
        tenant: TenantId,
        roles: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Self {
        self.0.memberships.push(Membership::new(tenant, roles));
        self
    }

    /// The credential may be used for no more than this; by default roles alone decide.
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.0.scopes = Some(scopes);
        self
    }

    /// What names the credential itself.
    pub fn credential(mut self, id: impl Into<Box<str>>) -> Self {
        self.0.credential = Some(id.into());
        self
    }

    /// The credential is bound to a project.
    pub fn project(mut self, project: impl Into<Box<str>>) -> Self {
        self.0.project = Some(project.into());
        self
    }

    /// When the credential was issued.
    pub const fn issued_at(mut self, moment: UnixTime) -> Self {
        self.0.issued_at = Some(moment);
        self
    }

    /// When the credential ends by itself.
    pub const fn expires_at(mut self, moment: UnixTime) -> Self {
        self.0.expires_at = Some(moment);
        self
    }

    /// How many requests a minute the credential admits.
    pub const fn rate_limit(mut self, per_minute: u64) -> Self {
        self.0.rate_limit = Some(per_minute);
        self
    }

    /// A second factor was shown when the credential was issued.
    pub const fn second_factor(mut self) -> Self {
        self.0.second_factor = true;
        self
    }

    /// The principal.
    #[must_use]
    pub fn build(self) -> Principal {
        Principal(Arc::new(self.0))
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.subject())
            .field("proof", &self.proof())
            .field("memberships", &self.memberships())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PrincipalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrincipalBuilder").field(&self.0.subject).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[test]
    fn is_in_each_tenant_what_it_is_there() {
        let ada = Principal::builder("ada", Proof::Token)
            .membership(id("acme"), ["viewer", "wizard", "admin"])
            .membership(id("globex"), ["wizard"])
            .build();
        assert_eq!(ada.role_in(&id("acme")), Some(Role::Admin));
        assert_eq!(ada.role_in(&id("globex")), None);
        assert_eq!(ada.role_in(&id("initech")), None);
        assert!(ada.membership_in(&id("globex")).is_some() && ada.membership_in(&id("initech")).is_none());
        assert_eq!(ada.only_tenant(), None);
    }

    #[test]
    fn scopes_take_away_and_an_empty_list_takes_all() {
        let key = Principal::builder("key", Proof::ApiKey).membership(id("acme"), ["member"]);
        let key = key.scopes(Scopes::default()).build();
        assert!(!key.may("read:users"));
        assert_eq!(key.only_tenant(), Some(&id("acme")));
    }
}
