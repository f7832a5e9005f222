//! Changing what members are, and taking them out.

use std::collections::BTreeSet;

use tenant_core::{
    StoreError, TenantContext,
    auth::Role,
    organisations::{Actor, OrganisationError, OrganisationErrorKind},
};

use super::{
    of,
    turn::{authority, begin, commit, count, forbidden, role_of},
};
use crate::{
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, fetch, is_exact, row::Row, run},
};

const OWNERS: Sql = sql!("SELECT COUNT(*) FROM tenant_memberships WHERE tenant_id = ? AND role = 'owner'");
const SET_ROLE: Sql = sql!("UPDATE tenant_memberships SET role = ? WHERE tenant_id = ? AND person_id = ?");
const PROJECTS: Sql =
    sql!("SELECT project_id FROM tenant_project_members WHERE tenant_id = ? AND person_id = ?");
/// From the tenant's own projects: another's is none.
const ENTER_PROJECT: Sql = sql!(
    "INSERT INTO tenant_project_members (tenant_id, project_id, person_id, role) \
     SELECT tenant_id, project_id, ?, ? FROM tenant_projects WHERE tenant_id = ? AND project_id = ?"
);
const LEAVE_PROJECT: Sql =
    sql!("DELETE FROM tenant_project_members WHERE tenant_id = ? AND person_id = ? AND project_id = ?");
const LEAVE_PROJECTS: Sql = sql!("DELETE FROM tenant_project_members WHERE tenant_id = ? AND person_id = ?");
const FORGET_PROFILE: Sql = sql!("DELETE FROM tenant_member_profiles WHERE tenant_id = ? AND person_id = ?");
const LEAVE: Sql = sql!("DELETE FROM tenant_memberships WHERE tenant_id = ? AND person_id = ?");
const INVITED: Sql = sql!(
    "SELECT role FROM tenant_invitations WHERE tenant_id = ? AND invitation_id = ? AND accepted_at IS NULL"
);
const TAKE_BACK_PROJECTS: Sql =
    sql!("DELETE FROM tenant_invitation_projects WHERE tenant_id = ? AND invitation_id = ?");
const TAKE_BACK: Sql = sql!("DELETE FROM tenant_invitations WHERE tenant_id = ? AND invitation_id = ?");

pub(super) async fn change<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    by: &Actor,
    person_id: &str,
    role: Option<Role>,
    projects: Option<&[Box<str>]>,
) -> Result<(), OrganisationError> {
    let (mut tx, _turn) = begin(own, tenant).await?;
    let authority = authority::<DB>(&mut tx, tenant, by).await?;
    let current = role_of::<DB>(&mut tx, tenant, person_id).await?.ok_or_else(nobody)?;
    let future = role.unwrap_or(current);
    if current.max(future) > authority {
        return Err(forbidden());
    }
    if current == Role::Owner && future != Role::Owner {
        keep_an_owner::<DB>(&mut tx, tenant).await?;
    }
    run::<DB>(&mut tx, SET_ROLE, vec![future.as_str().into(), of(tenant), person_id.into()]).await?;
    if let Some(projects) = projects {
        set_projects::<DB>(&mut tx, tenant, person_id, future, projects).await?;
    }
    Ok(commit(tx).await?)
}

pub(super) async fn remove<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    by: &Actor,
    id: &str,
) -> Result<(), OrganisationError> {
    let (mut tx, _turn) = begin(own, tenant).await?;
    let authority = authority::<DB>(&mut tx, tenant, by).await?;
    let member = role_of::<DB>(&mut tx, tenant, id).await?;
    let role = match member {
        Some(role) => role,
        None => invited::<DB>(&mut tx, tenant, id).await?.ok_or_else(nobody)?,
    };
    if role > authority {
        return Err(forbidden());
    }
    if member == Some(Role::Owner) {
        keep_an_owner::<DB>(&mut tx, tenant).await?;
    }
    // By hand too, where a pool was opened without foreign keys.
    let ends: &[Sql] = match member {
        Some(_) => &[LEAVE_PROJECTS, FORGET_PROFILE, LEAVE],
        None => &[TAKE_BACK_PROJECTS, TAKE_BACK],
    };
    for end in ends {
        run::<DB>(&mut tx, *end, vec![of(tenant), id.into()]).await?;
    }
    Ok(commit(tx).await?)
}

/// Before one of them goes.
async fn keep_an_owner<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
) -> Result<(), OrganisationError> {
    match count::<DB>(tx, OWNERS, vec![of(tenant)]).await? {
        0 | 1 => Err(OrganisationError::new(
            OrganisationErrorKind::LastOwner,
            "somebody has to own the organisation",
        )),
        _ => Ok(()),
    }
}

async fn invited<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    id: &str,
) -> Result<Option<Role>, StoreError> {
    if !is_exact(id) {
        return Ok(None);
    }
    let rows = fetch::<DB>(tx, INVITED, vec![of(tenant), id.into()]).await?;
    rows.into_iter().next().map(|cells| Row::new(cells).parsed(Role::parse)).transpose()
}

/// What they are in a project where they stay does not change.
async fn set_projects<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    person_id: &str,
    role: Role,
    projects: &[Box<str>],
) -> Result<(), OrganisationError> {
    let there = fetch::<DB>(tx, PROJECTS, vec![of(tenant), person_id.into()]).await?;
    let there = there.into_iter().map(|cells| Row::new(cells).text());
    let there: BTreeSet<String> = there.collect::<Result<_, _>>()?;
    let wanted: BTreeSet<&str> = projects.iter().map(|project| &**project).collect();
    for left in there.iter().filter(|project| !wanted.contains(project.as_str())) {
        let cells = vec![of(tenant), person_id.into(), left.as_str().into()];
        run::<DB>(tx, LEAVE_PROJECT, cells).await?;
    }
    for project in wanted.into_iter().filter(|project| !there.contains(*project)) {
        if !enter_project::<DB>(tx, tenant, person_id, role, project).await? {
            return Err(OrganisationError::not_found("there is no such project"));
        }
    }
    Ok(())
}

/// Puts a member into a project's team; `false` where the tenant has no such project.
pub(super) async fn enter_project<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    person_id: &str,
    role: Role,
    project_id: &str,
) -> Result<bool, StoreError> {
    if !is_exact(project_id) {
        return Ok(false);
    }
    let cells: Vec<Cell> = vec![person_id.into(), role.as_str().into(), of(tenant), project_id.into()];
    Ok(run::<DB>(tx, ENTER_PROJECT, cells).await? > 0)
}

fn nobody() -> OrganisationError {
    OrganisationError::not_found("there is no such member")
}
