use tenant_core::{
    TenantContext,
    auth::Role,
    organisations::{Actor, Member, MemberFilter, OrganisationError},
};

use super::{LONGEST_PAGE, Organisations, page, rules::check_projects};

/// Members and who is invited, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberPage {
    /// Who.
    pub members: Vec<Member>,
    /// What the next page begins behind; `None` on the last.
    pub next_cursor: Option<Box<str>>,
}

impl Organisations {
    /// Members and who is invited, 1 to 100, behind a cursor of the page before.
    ///
    /// # Errors
    /// The store failed.
    pub async fn members(
        &self,
        tenant: &TenantContext,
        filter: &MemberFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<MemberPage, OrganisationError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let found = self.members.members(tenant, filter, cursor, self.now(), limit + 1).await?;
        let (members, is_last) = page(found, limit);
        let next_cursor = members.last().filter(|_| !is_last).map(|member| member.id.clone());
        Ok(MemberPage { members, next_cursor })
    }

    /// A member, or who is invited.
    ///
    /// # Errors
    /// There is no such one (`NotFound`), or the store failed.
    pub async fn member(&self, tenant: &TenantContext, id: &str) -> Result<Member, OrganisationError> {
        let found = self.members.member(tenant, id, self.now()).await?;
        found.ok_or_else(|| OrganisationError::not_found("there is no such member"))
    }

    /// Makes a member something else, or puts them into these projects and no others; what is `None` stays.
    ///
    /// # Errors
    /// Those of [`MemberStore::change`](tenant_core::organisations::MemberStore::change), or there are too many projects.
    pub async fn change_member(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        person_id: &str,
        role: Option<Role>,
        projects: Option<&[Box<str>]>,
    ) -> Result<Member, OrganisationError> {
        check_projects(projects.unwrap_or_default())?;
        self.members.change(tenant, by, person_id, role, projects).await?;
        self.member(tenant, person_id).await
    }

    /// Takes a member out of the organisation, or an invitation back.
    ///
    /// # Errors
    /// Those of [`MemberStore::remove`](tenant_core::organisations::MemberStore::remove).
    pub async fn remove_member(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        id: &str,
    ) -> Result<(), OrganisationError> {
        self.members.remove(tenant, by, id).await
    }
}
