//! Inviting, and coming.

use tenant_core::{
    StoreError, StoreErrorKind, TenantContext, TenantId, Timestamp,
    auth::{Person, Role},
    organisations::{Actor, Invitation, OrganisationError, OrganisationErrorKind, Profile, Seats},
};

use super::{
    members::enter_project,
    of,
    turn::{admit, authority, begin, commit, count, forbidden},
};
use crate::{
    credentials::people::{Entry, SET_FIRST_PASSWORD, add_membership, check, enter},
    driver::{Sql, TenantDatabase, sql},
    own::{
        Own, fetch, is_exact,
        row::{Row, corrupt, hex},
        run, taken,
    },
};

const FIND: Sql = sql!(
    "SELECT invitation_id, email, role, created_at, expires_at, accepted_at FROM tenant_invitations \
     WHERE tenant_id = ? AND digest = ?"
);
const FIND_PROJECTS: Sql = sql!(
    "SELECT project_id FROM tenant_invitation_projects WHERE tenant_id = ? AND invitation_id = ? \
     ORDER BY project_id"
);
const IS_MEMBER: Sql = sql!(
    "SELECT COUNT(*) FROM tenant_memberships m JOIN tenant_people p ON p.person_id = m.person_id \
     WHERE m.tenant_id = ? AND p.email = ?"
);
const IS_PENDING: Sql = sql!(
    "SELECT COUNT(*) FROM tenant_invitations \
     WHERE tenant_id = ? AND email = ? AND accepted_at IS NULL AND expires_at > ?"
);
const MEMBERS: Sql = sql!("SELECT COUNT(*) FROM tenant_memberships WHERE tenant_id = ?");
const PENDING: Sql = sql!(
    "SELECT COUNT(*) FROM tenant_invitations WHERE tenant_id = ? AND accepted_at IS NULL AND expires_at > ?"
);
const FORGET_PROJECTS: Sql = sql!(
    "DELETE FROM tenant_invitation_projects WHERE tenant_id = ? AND invitation_id IN \
     (SELECT invitation_id FROM tenant_invitations WHERE tenant_id = ? AND expires_at < ?)"
);
const FORGET: Sql = sql!("DELETE FROM tenant_invitations WHERE tenant_id = ? AND expires_at < ?");
const ADD: Sql = sql!(
    "INSERT INTO tenant_invitations (tenant_id, invitation_id, email, role, digest, created_at, expires_at) \
     VALUES (?, ?, ?, ?, ?, ?, ?)"
);
/// From the tenant's own projects: another's is none.
const ADD_PROJECT: Sql = sql!(
    "INSERT INTO tenant_invitation_projects (tenant_id, invitation_id, project_id) \
     SELECT tenant_id, ?, project_id FROM tenant_projects WHERE tenant_id = ? AND project_id = ?"
);
const ACCEPTED: Sql = sql!(
    "UPDATE tenant_invitations SET accepted_at = ? \
     WHERE tenant_id = ? AND invitation_id = ? AND accepted_at IS NULL"
);
const ADD_PROFILE: Sql = sql!(
    "INSERT INTO tenant_member_profiles (tenant_id, person_id, first_name, last_name, username) \
     VALUES (?, ?, ?, ?, ?)"
);

/// So long after its end it is still known what became of an invitation.
const KEPT_FOR_MICROS: i64 = 30 * 24 * 3_600 * 1_000_000;

/// What became of an acceptance.
pub(super) enum Joined {
    Yes,
    /// Somebody else has the e-mail.
    SomebodyElse,
    /// Somebody came with the same e-mail at the same moment.
    Raced,
}

pub(super) async fn invite<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    by: &Actor,
    invitation: &Invitation,
    seats: Option<u64>,
) -> Result<(), OrganisationError> {
    let now = invitation.created_at.as_unix_micros();
    let (mut tx, _turn) = begin(own, tenant).await?;
    if invitation.role > authority::<DB>(&mut tx, tenant, by).await? {
        return Err(forbidden());
    }
    let email = invitation.email.as_str();
    if count::<DB>(&mut tx, IS_MEMBER, vec![of(tenant), email.into()]).await? > 0 {
        return Err(conflict("they are a member already"));
    }
    if count::<DB>(&mut tx, IS_PENDING, vec![of(tenant), email.into(), now.into()]).await? > 0 {
        return Err(conflict("an invitation is pending already"));
    }
    admit(seats_taken::<DB>(&mut tx, tenant.id(), now).await?.taken(), seats)?;
    let oldest = now.saturating_sub(KEPT_FOR_MICROS);
    run::<DB>(&mut tx, FORGET_PROJECTS, vec![of(tenant), of(tenant), oldest.into()]).await?;
    run::<DB>(&mut tx, FORGET, vec![of(tenant), oldest.into()]).await?;
    add::<DB>(&mut tx, tenant, invitation).await?;
    Ok(commit(tx).await?)
}

async fn add<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    invitation: &Invitation,
) -> Result<(), OrganisationError> {
    let Invitation { invitation_id, email, role, projects, digest, created_at, expires_at, .. } = invitation;
    if [&**invitation_id, email].into_iter().any(|text| text.is_empty() || !is_exact(text)) {
        return Err(StoreError::new(StoreErrorKind::Invalid, "the invitation can't be stored").into());
    }
    let cells = vec![
        of(tenant),
        (**invitation_id).into(),
        email.as_str().into(),
        role.as_str().into(),
        hex(digest).into(),
        created_at.as_unix_micros().into(),
        expires_at.as_unix_micros().into(),
    ];
    let added = DB::execute(tx, ADD, cells).await.map(drop);
    added.map_err(|error| taken(error, StoreErrorKind::AlreadyExists, "the invitation is there already"))?;
    for project in projects {
        let cells = vec![(**invitation_id).into(), of(tenant), (**project).into()];
        if !is_exact(project) || run::<DB>(tx, ADD_PROJECT, cells).await? == 0 {
            return Err(OrganisationError::not_found("there is no such project"));
        }
    }
    Ok(())
}

pub(super) async fn find<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    digest: &[u8; 32],
) -> Result<Option<Invitation>, StoreError> {
    let found = own.read(FIND, vec![of(tenant), hex(digest).into()]).await?;
    let Some(cells) = found.into_iter().next() else { return Ok(None) };
    let mut invitation = read(cells, *digest)?;
    let cells = vec![of(tenant), (*invitation.invitation_id).into()];
    invitation.projects = projects(own.read(FIND_PROJECTS, cells).await?)?;
    Ok(Some(invitation))
}

fn read(cells: Vec<crate::driver::Cell>, digest: [u8; 32]) -> Result<Invitation, StoreError> {
    let mut row = Row::new(cells);
    let (id, email, role) = (row.text()?, row.text()?, row.parsed(Role::parse)?);
    let mut invitation = Invitation::new(id, email, role, digest, row.moment()?, row.moment()?);
    invitation.accepted_at = row.optional_moment()?;
    Ok(invitation)
}

fn projects(rows: Vec<Vec<crate::driver::Cell>>) -> Result<Vec<Box<str>>, StoreError> {
    rows.into_iter().map(|cells| Ok(Row::new(cells).text()?.into())).collect()
}

pub(super) async fn accept<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    digest: &[u8; 32],
    person: &Person,
    profile: &Profile,
    now: Timestamp,
    seats: Option<u64>,
) -> Result<Joined, OrganisationError> {
    check(person)?;
    let (mut tx, _turn) = begin(own, tenant).await?;
    let found = fetch::<DB>(&mut tx, FIND, vec![of(tenant), hex(digest).into()]).await?;
    let invitation = found.into_iter().next().map(|cells| read(cells, *digest)).transpose()?;
    let invitation = usable(invitation, person, now)?;
    let has_password = match enter::<DB>(&mut tx, person).await? {
        Entry::There { has_password } => has_password,
        Entry::SomebodyElse => return Ok(Joined::SomebodyElse),
        Entry::Raced => return Ok(Joined::Raced),
    };
    if let (false, Some(hash)) = (has_password, &person.password_hash) {
        let cells = vec![hash.as_str().into(), (*person.person_id).into()];
        run::<DB>(&mut tx, SET_FIRST_PASSWORD, cells).await?;
    }
    let email = person.email.as_str();
    if count::<DB>(&mut tx, IS_MEMBER, vec![of(tenant), email.into()]).await? > 0 {
        return Err(conflict("they are a member already"));
    }
    admit(count::<DB>(&mut tx, MEMBERS, vec![of(tenant)]).await?, seats)?;
    add_membership::<DB>(&mut tx, tenant, person, invitation.role).await?;
    settle::<DB>(&mut tx, tenant, &invitation, person, profile, now).await?;
    commit(tx).await?;
    Ok(Joined::Yes)
}

fn usable(
    invitation: Option<Invitation>,
    person: &Person,
    now: Timestamp,
) -> Result<Invitation, OrganisationError> {
    let of_theirs = invitation.filter(|invitation| invitation.email == person.email);
    let invitation = of_theirs.ok_or_else(|| OrganisationError::not_found("there is no such invitation"))?;
    if invitation.accepted_at.is_some() {
        return Err(OrganisationError::new(OrganisationErrorKind::Used, "the invitation was accepted"));
    }
    if invitation.expires_at <= now {
        return Err(OrganisationError::new(OrganisationErrorKind::Expired, "the invitation has expired"));
    }
    Ok(invitation)
}

/// Puts a new member where they were invited to, and uses the invitation up. A project that is gone meanwhile is left out.
async fn settle<DB: TenantDatabase>(
    tx: &mut DB::Connection,
    tenant: &TenantContext,
    invitation: &Invitation,
    person: &Person,
    profile: &Profile,
    now: Timestamp,
) -> Result<(), OrganisationError> {
    let person_id = &*person.person_id;
    let Profile { first_name, last_name, username } = profile.clone();
    let cells = vec![of(tenant), person_id.into(), first_name.into(), last_name.into(), username.into()];
    run::<DB>(tx, ADD_PROFILE, cells).await?;
    let cells = vec![of(tenant), (*invitation.invitation_id).into()];
    for project in projects(fetch::<DB>(tx, FIND_PROJECTS, cells).await?)? {
        enter_project::<DB>(tx, tenant, person_id, invitation.role, &project).await?;
    }
    let cells = vec![now.as_unix_micros().into(), of(tenant), (*invitation.invitation_id).into()];
    if run::<DB>(tx, ACCEPTED, cells).await? == 1 { Ok(()) } else { Err(corrupt().into()) }
}

fn conflict(detail: &'static str) -> OrganisationError {
    OrganisationError::new(OrganisationErrorKind::Conflict, detail)
}

pub(super) async fn seats_taken<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantId,
    now: i64,
) -> Result<Seats, StoreError> {
    let members = count::<DB>(connection, MEMBERS, vec![tenant.as_str().into()]).await?;
    let pending = count::<DB>(connection, PENDING, vec![tenant.as_str().into(), now.into()]).await?;
    Ok(Seats { members, pending })
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[FIND, FIND_PROJECTS, IS_MEMBER, IS_PENDING, MEMBERS, PENDING]).await;
    }
}
