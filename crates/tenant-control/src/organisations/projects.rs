use tenant_core::{
    TenantContext,
    organisations::{OrganisationError, Project, ProjectChange, TeamMember},
};
use uuid::Uuid;

use super::{
    LONGEST_PAGE, Organisations, most, page,
    rules::{check_name, check_slug, check_team, check_word},
};

/// A project that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProject {
    /// What it is called.
    pub name: String,
    /// What it is called in addresses; unique in its organisation.
    pub slug: String,
    /// What it is, in the organisation's own words.
    pub kind: String,
    /// Where it runs, such as `production`.
    pub environment: String,
    /// Who works on it.
    pub team: Vec<TeamMember>,
}

/// Projects, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectPage {
    /// The projects.
    pub projects: Vec<Project>,
    /// What the next page begins behind; `None` on the last.
    pub next_cursor: Option<Box<str>>,
}

impl Organisations {
    /// Projects, 1 to 100, behind a cursor of the page before.
    ///
    /// # Errors
    /// The store failed.
    pub async fn projects(
        &self,
        tenant: &TenantContext,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<ProjectPage, OrganisationError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let (projects, is_last) = page(self.projects.projects(tenant, cursor, limit + 1).await?, limit);
        let next_cursor = projects.last().filter(|_| !is_last).map(|project| project.project_id.clone());
        Ok(ProjectPage { projects, next_cursor })
    }

    /// A project.
    ///
    /// # Errors
    /// There is no such one (`NotFound`), or the store failed.
    pub async fn project(
        &self,
        tenant: &TenantContext,
        project_id: &str,
    ) -> Result<Project, OrganisationError> {
        let found = self.projects.project(tenant, project_id).await?;
        found.ok_or_else(|| OrganisationError::not_found("there is no such project"))
    }

    /// Makes a project.
    ///
    /// # Errors
    /// A text can't be taken (`Invalid`), or those of
    /// [`ProjectStore::create_project`](tenant_core::organisations::ProjectStore::create_project).
    pub async fn create_project(
        &self,
        tenant: &TenantContext,
        new: NewProject,
    ) -> Result<Project, OrganisationError> {
        let NewProject { name, slug, kind, environment, team } = new;
        // In order of time, so that pages are too. It tells the tenant nothing but when it made it.
        let mut project = Project::new(Uuid::now_v7().to_string(), name, slug, self.now());
        (project.kind, project.environment, project.team) = (kind, environment, team);
        check_name(&project.name)?;
        check_slug(&project.slug)?;
        [&project.kind, &project.environment].into_iter().try_for_each(|word| check_word(word))?;
        check_team(&project.team)?;
        let most = most(tenant, "projects", self.clock.unix());
        self.projects.create_project(tenant, &project, most).await?;
        Ok(project)
    }

    /// Changes a project.
    ///
    /// # Errors
    /// A text can't be taken (`Invalid`), or those of
    /// [`ProjectStore::change_project`](tenant_core::organisations::ProjectStore::change_project).
    pub async fn change_project(
        &self,
        tenant: &TenantContext,
        project_id: &str,
        change: &ProjectChange,
    ) -> Result<Project, OrganisationError> {
        let ProjectChange { name, slug, kind, environment, team } = change;
        name.iter().try_for_each(|name| check_name(name))?;
        slug.iter().try_for_each(|slug| check_slug(slug))?;
        [kind, environment].into_iter().flatten().try_for_each(|word| check_word(word))?;
        team.iter().try_for_each(|team| check_team(team))?;
        self.projects.change_project(tenant, project_id, change).await?;
        self.project(tenant, project_id).await
    }

    /// Removes a project.
    ///
    /// # Errors
    /// There is no such one (`NotFound`), or the store failed.
    pub async fn delete_project(
        &self,
        tenant: &TenantContext,
        project_id: &str,
    ) -> Result<(), OrganisationError> {
        match self.projects.delete_project(tenant, project_id).await? {
            true => Ok(()),
            false => Err(OrganisationError::not_found("there is no such project")),
        }
    }
}
