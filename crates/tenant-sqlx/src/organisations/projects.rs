//! What members work on.

use std::collections::HashMap;

use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId,
    auth::Role,
    organisations::{OrganisationError, Project, ProjectChange, TeamMember},
};

use super::{
    of,
    turn::{admit, begin, commit, count},
};
use crate::{
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, fetch, is_exact, row::Row, run, taken},
};

macro_rules! columns {
    () => {
        "project_id, name, slug, kind, environment, created_at"
    };
}

const LIST: Sql = sql!(
    "SELECT ",
    columns!(),
    " FROM tenant_projects WHERE tenant_id = ? AND project_id > ? ORDER BY project_id LIMIT ?"
);
const FIND: Sql = sql!("SELECT ", columns!(), " FROM tenant_projects WHERE tenant_id = ? AND project_id = ?");
/// Of a page, which holds all that lies between its ends.
const TEAMS: Sql = sql!(
    "SELECT project_id, person_id, role FROM tenant_project_members \
     WHERE tenant_id = ? AND project_id >= ? AND project_id <= ? ORDER BY project_id, person_id"
);
const COUNT: Sql = sql!("SELECT COUNT(*) FROM tenant_projects WHERE tenant_id = ?");
const CREATE: Sql =
    sql!("INSERT INTO tenant_projects (tenant_id, ", columns!(), ") VALUES (?, ?, ?, ?, ?, ?, ?)");
const CHANGE: Sql = sql!(
    "UPDATE tenant_projects SET name = ?, slug = ?, kind = ?, environment = ? \
     WHERE tenant_id = ? AND project_id = ?"
);
const LEAVE_ALL: Sql = sql!("DELETE FROM tenant_project_members WHERE tenant_id = ? AND project_id = ?");
const UNINVITE: Sql = sql!("DELETE FROM tenant_invitation_projects WHERE tenant_id = ? AND project_id = ?");
const DELETE: Sql = sql!("DELETE FROM tenant_projects WHERE tenant_id = ? AND project_id = ?");
/// From the tenant's own members: another's is none.
const ADD_TO_TEAM: Sql = sql!(
    "INSERT INTO tenant_project_members (tenant_id, project_id, person_id, role) \
     SELECT tenant_id, ?, person_id, ? FROM tenant_memberships WHERE tenant_id = ? AND person_id = ?"
);

const LONGEST_ID: usize = 64;

pub(super) async fn list<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    after: &str,
    limit: u32,
) -> Result<Vec<Project>, StoreError> {
    let rows = own.read(LIST, vec![of(tenant), after.into(), i64::from(limit).into()]).await?;
    with_teams(own, tenant, rows).await
}

pub(super) async fn find<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    project_id: &str,
) -> Result<Option<Project>, StoreError> {
    let rows = own.read(FIND, vec![of(tenant), project_id.into()]).await?;
    Ok(with_teams(own, tenant, rows).await?.pop())
}

async fn with_teams<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    rows: Vec<Vec<Cell>>,
) -> Result<Vec<Project>, StoreError> {
    let mut projects = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (projects.first(), projects.last()) else { return Ok(projects) };
    let ends = vec![of(tenant), (*first.project_id).into(), (*last.project_id).into()];
    let mut teams: HashMap<String, Vec<TeamMember>> = HashMap::new();
    for cells in own.read(TEAMS, ends).await? {
        let mut row = Row::new(cells);
        let project = row.text()?;
        teams.entry(project).or_default().push(TeamMember::new(row.text()?, row.parsed(Role::parse)?));
    }
    for project in &mut projects {
        project.team = teams.remove(&*project.project_id).unwrap_or_default();
    }
    Ok(projects)
}

fn read(cells: Vec<Cell>) -> Result<Project, StoreError> {
    let mut row = Row::new(cells);
    let (id, name, slug) = (row.text()?, row.text()?, row.text()?);
    let (kind, environment) = (row.text()?, row.text()?);
    let mut project = Project::new(id, name, slug, row.moment()?);
    (project.kind, project.environment) = (kind, environment);
    Ok(project)
}

pub(super) async fn create<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    project: &Project,
    most: Option<u64>,
) -> Result<(), OrganisationError> {
    let Project { project_id, name, slug, kind, environment, team, created_at, .. } = project;
    check(project_id, slug)?;
    let (mut tx, _turn) = begin(own, tenant).await?;
    admit(count_all::<DB>(&mut tx, tenant.id()).await?, most)?;
    let texts = [&**project_id, name, slug, kind, environment].map(Cell::from);
    let mut cells = vec![of(tenant)];
    cells.extend(texts);
    cells.push(created_at.as_unix_micros().into());
    DB::execute(&mut tx, CREATE, cells).await.map_err(slug_taken)?;
    add_team::<DB>(&mut tx, tenant, project_id, team).await?;
    Ok(commit(tx).await?)
}

pub(super) async fn change<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    project_id: &str,
    change: &ProjectChange,
) -> Result<(), OrganisationError> {
    let missing = || OrganisationError::not_found("there is no such project");
    if !is_exact(project_id) {
        return Err(missing());
    }
    let (mut tx, _turn) = begin(own, tenant).await?;
    let found = fetch::<DB>(&mut tx, FIND, vec![of(tenant), project_id.into()]).await?;
    let former = read(found.into_iter().next().ok_or_else(missing)?)?;
    let ProjectChange { name, slug, kind, environment, team } = change.clone();
    let slug = slug.unwrap_or(former.slug);
    check(project_id, &slug)?;
    let cells = vec![
        name.unwrap_or(former.name).into(),
        slug.into(),
        kind.unwrap_or(former.kind).into(),
        environment.unwrap_or(former.environment).into(),
        of(tenant),
        project_id.into(),
    ];
    DB::execute(&mut tx, CHANGE, cells).await.map_err(slug_taken)?;
    if let Some(team) = team {
        run::<DB>(&mut tx, LEAVE_ALL, vec![of(tenant), project_id.into()]).await?;
        add_team::<DB>(&mut tx, tenant, project_id, &team).await?;
    }
    Ok(commit(tx).await?)
}

async fn add_team<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    project_id: &str,
    team: &[TeamMember],
) -> Result<(), OrganisationError> {
    for TeamMember { person_id, role } in team {
        let cells = vec![project_id.into(), role.as_str().into(), of(tenant), (**person_id).into()];
        let added = match is_exact(person_id) {
            true => DB::execute(tx, ADD_TO_TEAM, cells).await,
            false => Ok(0),
        };
        let twice = |error| taken(error, StoreErrorKind::Invalid, "somebody is in the team twice");
        if added.map_err(twice)? == 0 {
            return Err(OrganisationError::not_found("somebody in the team is no member"));
        }
    }
    Ok(())
}

pub(super) async fn delete<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    project_id: &str,
) -> Result<bool, StoreError> {
    let (mut tx, _turn) = begin(own, tenant).await?;
    // By hand too, where a pool was opened without foreign keys.
    for end in [LEAVE_ALL, UNINVITE] {
        run::<DB>(&mut tx, end, vec![of(tenant), project_id.into()]).await?;
    }
    let deleted = run::<DB>(&mut tx, DELETE, vec![of(tenant), project_id.into()]).await?;
    commit(tx).await?;
    Ok(deleted > 0)
}

fn check(project_id: &str, slug: &str) -> Result<(), StoreError> {
    let is_fine = |text: &str| !text.is_empty() && text.len() <= LONGEST_ID && is_exact(text);
    if is_fine(project_id) && is_fine(slug) {
        return Ok(());
    }
    Err(StoreError::new(StoreErrorKind::Invalid, "the id or the slug can't be stored"))
}

fn slug_taken(error: sqlx::Error) -> StoreError {
    taken(error, StoreErrorKind::AlreadyExists, "another project has the slug")
}

pub(super) async fn count_all<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantId,
) -> Result<u64, StoreError> {
    count::<DB>(connection, COUNT, vec![tenant.as_str().into()]).await
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[LIST, FIND, TEAMS, COUNT]).await;
    }
}
