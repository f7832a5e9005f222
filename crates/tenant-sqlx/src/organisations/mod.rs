//! Organisations, in the database of the tenants' configs.

mod invitations;
mod list;
mod members;
mod projects;
mod turn;

use async_trait::async_trait;
use tenant_core::{
    StoreError, TenantContext, TenantId, Timestamp,
    auth::{Person, Role},
    organisations::{
        Actor, Invitation, Member, MemberFilter, MemberStore, OrganisationError, Profile, Project,
        ProjectChange, ProjectStore, Seats,
    },
};

use self::invitations::Joined;
use crate::{
    TenantDb,
    driver::{Cell, TenantDatabase},
    own::{Own, again, is_exact},
};

/// Keeps members, invitations and projects in the tables of [`TenantDb::migrate_tenants`]; people are those of
/// [`DbPeople`](crate::DbPeople).
///
/// Who writes for a tenant holds one row of its own until that is committed. Nobody waits for another tenant.
#[derive(Debug)]
pub struct DbOrganisations<DB: TenantDatabase>(Own<DB>);

impl<DB: TenantDatabase> DbOrganisations<DB> {
    /// Those of a database.
    #[must_use]
    pub fn new(db: &TenantDb<DB>) -> Self {
        Self(Own::of(db))
    }
}

/// The first of each statement's values, always.
fn of(tenant: &TenantContext) -> Cell {
    tenant.id().as_str().into()
}

#[async_trait]
impl<DB: TenantDatabase> MemberStore for DbOrganisations<DB> {
    async fn members(
        &self,
        tenant: &TenantContext,
        filter: &MemberFilter,
        after: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        list::members(&self.0, tenant, filter, after.unwrap_or(""), now, limit).await
    }

    async fn member(
        &self,
        tenant: &TenantContext,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Member>, StoreError> {
        if is_exact(id) { list::member(&self.0, tenant, id, now).await } else { Ok(None) }
    }

    async fn change(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        person_id: &str,
        role: Option<Role>,
        projects: Option<&[Box<str>]>,
    ) -> Result<(), OrganisationError> {
        again::<DB, _, _, _>(|| members::change(&self.0, tenant, by, person_id, role, projects)).await
    }

    async fn remove(&self, tenant: &TenantContext, by: &Actor, id: &str) -> Result<(), OrganisationError> {
        again::<DB, _, _, _>(|| members::remove(&self.0, tenant, by, id)).await
    }

    async fn invite(
        &self,
        tenant: &TenantContext,
        by: &Actor,
        invitation: &Invitation,
        seats: Option<u64>,
    ) -> Result<(), OrganisationError> {
        again::<DB, _, _, _>(|| invitations::invite(&self.0, tenant, by, invitation, seats)).await
    }

    async fn invitation(
        &self,
        tenant: &TenantContext,
        digest: &[u8; 32],
    ) -> Result<Option<Invitation>, StoreError> {
        invitations::find(&self.0, tenant, digest).await
    }

    async fn accept(
        &self,
        tenant: &TenantContext,
        digest: &[u8; 32],
        person: &Person,
        profile: &Profile,
        now: Timestamp,
        seats: Option<u64>,
    ) -> Result<bool, OrganisationError> {
        const TRIES: usize = 5;
        for _ in 0..TRIES {
            let accept = || invitations::accept(&self.0, tenant, digest, person, profile, now, seats);
            match again::<DB, _, _, _>(accept).await? {
                Joined::Yes => return Ok(true),
                Joined::SomebodyElse => return Ok(false),
                Joined::Raced => {}
            }
        }
        Ok(false)
    }

    async fn seats(&self, tenant: &TenantId, now: Timestamp) -> Result<Seats, StoreError> {
        let mut connection = self.0.acquire().await?;
        invitations::seats_taken::<DB>(&mut connection, tenant, now.as_unix_micros()).await
    }
}

#[async_trait]
impl<DB: TenantDatabase> ProjectStore for DbOrganisations<DB> {
    async fn projects(
        &self,
        tenant: &TenantContext,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Project>, StoreError> {
        projects::list(&self.0, tenant, after.unwrap_or(""), limit).await
    }

    async fn project(&self, tenant: &TenantContext, project_id: &str) -> Result<Option<Project>, StoreError> {
        if is_exact(project_id) { projects::find(&self.0, tenant, project_id).await } else { Ok(None) }
    }

    async fn create_project(
        &self,
        tenant: &TenantContext,
        project: &Project,
        most: Option<u64>,
    ) -> Result<(), OrganisationError> {
        again::<DB, _, _, _>(|| projects::create(&self.0, tenant, project, most)).await
    }

    async fn change_project(
        &self,
        tenant: &TenantContext,
        project_id: &str,
        change: &ProjectChange,
    ) -> Result<(), OrganisationError> {
        again::<DB, _, _, _>(|| projects::change(&self.0, tenant, project_id, change)).await
    }

    async fn delete_project(&self, tenant: &TenantContext, project_id: &str) -> Result<bool, StoreError> {
        if !is_exact(project_id) {
            return Ok(false);
        }
        again::<DB, _, _, _>(|| projects::delete(&self.0, tenant, project_id)).await
    }

    async fn count_projects(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        projects::count_all::<DB>(&mut *self.0.acquire().await?, tenant).await
    }
}
