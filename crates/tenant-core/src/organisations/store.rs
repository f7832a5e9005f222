use async_trait::async_trait;

use super::{
    Actor, Invitation, Member, MemberFilter, OrganisationError, Profile, Project, ProjectChange, Seats,
};
use crate::{
    StoreError, TenantContext, TenantId, Timestamp,
    auth::{Person, Role},
};

/// Keeps who belongs to an organisation and who is invited.
///
/// Each write is one transaction, and those of one tenant come one after the other: what it decides by is still so when it is
/// written.
#[async_trait]
pub trait MemberStore: Send + Sync {
    /// Members and who is invited at this moment, in the order of their ids, at most so many: those behind this id, where one is
    /// given.
    ///
    /// # Errors
    /// The store failed.
    async fn members(
        &self,
        tenant: &TenantContext,
        filter: &MemberFilter,
        after: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError>;

    /// A member, or who is invited at this moment.
    ///
    /// # Errors
    /// The store failed.
    async fn member(
        &self,
        tenant: &TenantContext,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Member>, StoreError>;

    /// Makes a member something else, or puts them into these projects and no others; what is `None` stays.
    ///
    /// # Errors
    /// There is no such member or project (`NotFound`), who asks is less than the member is or is to be (`Forbidden`), nobody
    /// would be an owner any more (`LastOwner`), or the store failed.
    async fn change(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        person_id: &str,
        role: Option<Role>,
        projects: Option<&[Box<str>]>,
    ) -> Result<(), OrganisationError>;

    /// Takes a member out of the organisation and its projects, or an invitation back.
    ///
    /// # Errors
    /// There is neither (`NotFound`), who asks is less than they (`Forbidden`), nobody would be an owner any more (`LastOwner`),
    /// or the store failed.
    async fn remove(&self, tenant: &TenantContext, by: &Actor, id: &str) -> Result<(), OrganisationError>;

    /// Keeps an invitation. At most so many seats are taken by members and pending invitations, this one included.
    ///
    /// # Errors
    /// They are a member, or another invitation is pending (`Conflict`), there is no such project (`NotFound`), who asks is less
    /// than who is invited (`Forbidden`), there is no seat (`Full`), or the store failed.
    async fn invite(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        invitation: &Invitation,
        seats: Option<u64>,
    ) -> Result<(), OrganisationError>;

    /// The invitation of this digest, whatever became of it.
    ///
    /// # Errors
    /// The store failed.
    async fn invitation(
        &self,
        tenant: &TenantContext,
        digest: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError>;

    /// Makes who was invited a member, once. Who is there already, by their id, stays as they are, but for a first password.
    /// At most so many seats are taken by members, this one included. `false`, and nothing is written, where somebody else has
    /// the e-mail.
    ///
    /// # Errors
    /// There is no such invitation for this e-mail (`NotFound`), it was accepted (`Used`) or is over (`Expired`), they are a
    /// member already (`Conflict`), there is no seat (`Full`), or the store failed.
    async fn accept(
        &self,
        tenant: &TenantContext,
        digest: &[u8; 32],
        person: &Person,
        profile: &Profile,
        now: Timestamp,
        seats: Option<u64>,
    ) -> Result<bool, OrganisationError>;

    /// How many seats of a tenant, which may be suspended, are taken at a moment.
    ///
    /// # Errors
    /// The store failed.
    async fn seats(&self, tenant: &TenantId, now: Timestamp) -> Result<Seats, StoreError>;
}

/// Keeps the projects of an organisation.
#[async_trait]
pub trait ProjectStore: Send + Sync {
    /// Projects in the order of their ids, at most so many: those behind this id, where one is given.
    ///
    /// # Errors
    /// The store failed.
    async fn projects(
        &self,
        tenant: &TenantContext,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Project>, StoreError>;

    /// A project.
    ///
    /// # Errors
    /// The store failed.
    async fn project(&self, tenant: &TenantContext, project_id: &str) -> Result<Option<Project>, StoreError>;

    /// Keeps a project, as one of so many at most.
    ///
    /// # Errors
    /// Another of the tenant's has the slug (`Conflict`), somebody in the team is no member (`NotFound`), there are as many as
    /// there may be (`Full`), or the store failed.
    async fn create_project(
        &self,
        tenant: &TenantContext,
        project: &Project,
        most: Option<u64>,
    ) -> Result<(), OrganisationError>;

    /// Changes a project.
    ///
    /// # Errors
    /// There is no such project, or somebody in the team is no member (`NotFound`), another of the tenant's has the slug
    /// (`Conflict`), or the store failed.
    async fn change_project(
        &self,
        tenant: &TenantContext,
        project_id: &str,
        change: &ProjectChange,
    ) -> Result<(), OrganisationError>;

    /// Removes a project; `false` where there is none.
    ///
    /// # Errors
    /// The store failed.
    async fn delete_project(&self, tenant: &TenantContext, project_id: &str) -> Result<bool, StoreError>;

    /// How many projects a tenant has, which may be suspended.
    ///
    /// # Errors
    /// The store failed.
    async fn count_projects(&self, tenant: &TenantId) -> Result<u64, StoreError>;
}
