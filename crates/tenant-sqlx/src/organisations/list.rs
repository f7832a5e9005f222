//! Who belongs to an organisation, page by page.

use std::{collections::HashMap, iter};

use tenant_core::{
    StoreError, TenantContext, Timestamp,
    auth::Role,
    organisations::{Member, MemberFilter, MemberStatus, Profile},
};

use super::of;
use crate::{
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, fetch, is_exact, row::Row},
};

macro_rules! person {
    () => {
        "SELECT m.person_id, p.email, m.role, 'active', f.first_name, f.last_name, f.username "
    };
}
macro_rules! told {
    () => {
        "JOIN tenant_people p ON p.person_id = m.person_id LEFT JOIN tenant_member_profiles f \
         ON f.tenant_id = m.tenant_id AND f.person_id = m.person_id "
    };
}
macro_rules! invited {
    () => {
        "SELECT i.invitation_id, i.email, i.role, 'invited', NULL, NULL, NULL FROM tenant_invitations i "
    };
}
// A page and the one behind it are 51.
macro_rules! ids {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
         ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}

// Each is read along an index from where the page begins, and no further than its end: a page of a tenant with a hundred thousand
// members costs what one of a small tenant does. What is not looked for is an empty text.
const MEMBERS: Sql = sql!(
    person!(),
    "FROM tenant_memberships m ",
    told!(),
    "WHERE m.tenant_id = ? AND m.person_id > ? ORDER BY m.person_id LIMIT ?"
);
const MEMBERS_OF_ROLE: Sql = sql!(
    person!(),
    "FROM tenant_memberships m ",
    told!(),
    "WHERE m.tenant_id = ? AND m.role = ? AND m.person_id > ? ORDER BY m.person_id LIMIT ?"
);
const MEMBERS_OF_PROJECT: Sql = sql!(
    person!(),
    "FROM tenant_project_members t JOIN tenant_memberships m ON m.tenant_id = t.tenant_id AND m.person_id = t.person_id ",
    told!(),
    "WHERE t.tenant_id = ? AND t.project_id = ? AND t.person_id > ? AND (? = '' OR m.role = ?) \
     ORDER BY t.person_id LIMIT ?"
);
const INVITED: Sql = sql!(
    invited!(),
    "WHERE i.tenant_id = ? AND i.invitation_id > ? AND i.accepted_at IS NULL AND i.expires_at > ? \
     AND (? = '' OR i.role = ?) ORDER BY i.invitation_id LIMIT ?"
);
const INVITED_TO_PROJECT: Sql = sql!(
    invited!(),
    "JOIN tenant_invitation_projects t ON t.tenant_id = i.tenant_id AND t.invitation_id = i.invitation_id \
     WHERE t.tenant_id = ? AND t.project_id = ? AND t.invitation_id > ? AND i.accepted_at IS NULL AND i.expires_at > ? \
     AND (? = '' OR i.role = ?) ORDER BY t.invitation_id LIMIT ?"
);
const MEMBER: Sql =
    sql!(person!(), "FROM tenant_memberships m ", told!(), "WHERE m.tenant_id = ? AND m.person_id = ?");
const INVITEE: Sql = sql!(
    invited!(),
    "WHERE i.tenant_id = ? AND i.invitation_id = ? AND i.accepted_at IS NULL AND i.expires_at > ?"
);
const PROJECTS_OF_MEMBERS: Sql = sql!(
    "SELECT person_id, project_id FROM tenant_project_members WHERE tenant_id = ? AND person_id IN ",
    ids!()
);
const PROJECTS_OF_INVITED: Sql = sql!(
    "SELECT invitation_id, project_id FROM tenant_invitation_projects WHERE tenant_id = ? AND invitation_id IN ",
    ids!()
);

/// How many are asked for by their ids at once.
const ASKED: usize = 51;

/// What a page is looked for by, as texts.
struct Wanted<'a> {
    role: &'a str,
    project: &'a str,
    after: &'a str,
    now: i64,
    limit: u32,
}

pub(super) async fn members<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    filter: &MemberFilter,
    after: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let MemberFilter { role, status, project_id } = filter;
    let (role, project) = (role.map_or("", Role::as_str), project_id.as_deref().unwrap_or(""));
    // An empty id is no project's, and is not what nothing looks for.
    if project_id.is_some() && (project.is_empty() || !is_exact(project)) {
        return Ok(Vec::new());
    }
    let wanted = Wanted { role, project, after, now: now.as_unix_micros(), limit };
    // One moment: who accepts meanwhile is on the page once, as the one or as the other.
    let mut tx = own.begin_read().await?;
    let active = match status {
        None | Some(MemberStatus::Active) => active::<DB>(&mut tx, tenant, &wanted).await?,
        Some(MemberStatus::Invited) => Vec::new(),
    };
    let invited = match status {
        None | Some(MemberStatus::Invited) => invited::<DB>(&mut tx, tenant, &wanted).await?,
        Some(MemberStatus::Active) => Vec::new(),
    };
    let page = joined(active, invited, limit);
    with_projects::<DB>(&mut tx, tenant, page).await
}

async fn active<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantContext,
    wanted: &Wanted<'_>,
) -> Result<Vec<Member>, StoreError> {
    let Wanted { role, project, after, now: _, limit } = *wanted;
    let limit = Cell::from(i64::from(limit));
    let (sql, cells) = match (role, project) {
        ("", "") => (MEMBERS, vec![of(tenant), after.into(), limit]),
        (role, "") => (MEMBERS_OF_ROLE, vec![of(tenant), role.into(), after.into(), limit]),
        (role, project) => {
            let cells = vec![of(tenant), project.into(), after.into(), role.into(), role.into(), limit];
            (MEMBERS_OF_PROJECT, cells)
        }
    };
    fetch::<DB>(connection, sql, cells).await?.into_iter().map(read).collect()
}

async fn invited<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantContext,
    wanted: &Wanted<'_>,
) -> Result<Vec<Member>, StoreError> {
    let Wanted { role, project, after, now, limit } = *wanted;
    let rest = [after.into(), now.into(), role.into(), role.into(), i64::from(limit).into()];
    let (sql, mut cells) = match project {
        "" => (INVITED, vec![of(tenant)]),
        project => (INVITED_TO_PROJECT, vec![of(tenant), project.into()]),
    };
    cells.extend(rest);
    fetch::<DB>(connection, sql, cells).await?.into_iter().map(read).collect()
}

/// Two pages in the order of ids, as one.
fn joined(active: Vec<Member>, invited: Vec<Member>, limit: u32) -> Vec<Member> {
    let (mut active, mut invited) = (active.into_iter().peekable(), invited.into_iter().peekable());
    let next = || match (active.peek(), invited.peek()) {
        (Some(one), Some(other)) if other.id < one.id => invited.next(),
        (Some(_), _) => active.next(),
        (None, _) => invited.next(),
    };
    iter::from_fn(next).take(limit as usize).collect()
}

pub(super) async fn member<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    id: &str,
    now: Timestamp,
) -> Result<Option<Member>, StoreError> {
    let mut tx = own.begin_read().await?;
    let mut found = fetch::<DB>(&mut tx, MEMBER, vec![of(tenant), id.into()]).await?;
    if found.is_empty() {
        let cells = vec![of(tenant), id.into(), now.as_unix_micros().into()];
        found = fetch::<DB>(&mut tx, INVITEE, cells).await?;
    }
    let found = found.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(with_projects::<DB>(&mut tx, tenant, found).await?.pop())
}

/// By their ids: between those of a few owners may lie all others.
async fn with_projects<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    tenant: &TenantContext,
    mut members: Vec<Member>,
) -> Result<Vec<Member>, StoreError> {
    let mut projects: HashMap<String, Vec<Box<str>>> = HashMap::new();
    for (status, sql) in
        [(MemberStatus::Active, PROJECTS_OF_MEMBERS), (MemberStatus::Invited, PROJECTS_OF_INVITED)]
    {
        let ids: Vec<&str> =
            members.iter().filter(|member| member.status == status).map(|member| &*member.id).collect();
        for some in ids.chunks(ASKED) {
            let asked = some.iter().cycle().take(ASKED).map(|id| Cell::from(*id));
            let cells = iter::once(of(tenant)).chain(asked).collect();
            for cells in fetch::<DB>(connection, sql, cells).await? {
                let mut row = Row::new(cells);
                projects.entry(row.text()?).or_default().push(row.text()?.into());
            }
        }
    }
    for member in &mut members {
        member.projects = projects.remove(&*member.id).unwrap_or_default();
        member.projects.sort_unstable();
    }
    Ok(members)
}

fn read(cells: Vec<Cell>) -> Result<Member, StoreError> {
    let mut row = Row::new(cells);
    let (id, email, role) = (row.text()?, row.text()?, row.parsed(Role::parse)?);
    let mut member = Member::new(id, email, role, row.parsed(MemberStatus::parse)?);
    let (first_name, last_name, username) =
        (row.optional_text()?, row.optional_text()?, row.optional_text()?);
    member.profile = Profile { first_name, last_name, username };
    Ok(member)
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[
            MEMBERS,
            MEMBERS_OF_ROLE,
            MEMBERS_OF_PROJECT,
            INVITED,
            INVITED_TO_PROJECT,
            MEMBER,
            INVITEE,
            PROJECTS_OF_MEMBERS,
            PROJECTS_OF_INVITED,
        ])
        .await;
    }
}
