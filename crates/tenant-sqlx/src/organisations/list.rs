//! Who belongs to an organisation, page by page.

use std::collections::HashMap;

use tenant_core::{
    StoreError, TenantContext, Timestamp,
    auth::Role,
    organisations::{Member, MemberFilter, MemberStatus, Profile},
};

use super::of;
use crate::{
    driver::{Cell, Sql, TenantDatabase, sql},
    own::{Own, is_exact, row::Row},
};

// What is not looked for is an empty text. Each branch names the tenant by itself.
macro_rules! members {
    () => {
        "SELECT id, email, role, status, first_name, last_name, username FROM ( \
         SELECT m.person_id AS id, p.email AS email, m.role AS role, 'active' AS status, \
         f.first_name AS first_name, f.last_name AS last_name, f.username AS username \
         FROM tenant_memberships m JOIN tenant_people p ON p.person_id = m.person_id \
         LEFT JOIN tenant_member_profiles f ON f.tenant_id = m.tenant_id AND f.person_id = m.person_id \
         WHERE m.tenant_id = ? UNION ALL \
         SELECT i.invitation_id, i.email, i.role, 'invited', NULL, NULL, NULL FROM tenant_invitations i \
         WHERE i.tenant_id = ? AND i.accepted_at IS NULL AND i.expires_at > ?) u "
    };
}

const LIST: Sql = sql!(
    members!(),
    "WHERE id > ? AND (? = '' OR role = ?) AND (? = '' OR status = ?) AND (? = '' OR id IN ( \
     SELECT person_id FROM tenant_project_members WHERE tenant_id = ? AND project_id = ? UNION ALL \
     SELECT invitation_id FROM tenant_invitation_projects WHERE tenant_id = ? AND project_id = ?)) \
     ORDER BY id LIMIT ?"
);
const SHOW: Sql = sql!(members!(), "WHERE id = ?");
/// Of a page, which holds all that lies between its ends.
const PROJECTS: Sql = sql!(
    "SELECT person_id, project_id FROM tenant_project_members \
     WHERE tenant_id = ? AND person_id >= ? AND person_id <= ? UNION ALL \
     SELECT invitation_id, project_id FROM tenant_invitation_projects \
     WHERE tenant_id = ? AND invitation_id >= ? AND invitation_id <= ?"
);

pub(super) async fn members<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    filter: &MemberFilter,
    after: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let MemberFilter { role, status, project_id } = filter;
    let (role, status) = (role.map_or("", Role::as_str), status.map_or("", MemberStatus::as_str));
    let project = project_id.as_deref().unwrap_or("");
    // An empty id is no project's, and is not what nothing looks for.
    if project_id.is_some() && (project.is_empty() || !is_exact(project)) {
        return Ok(Vec::new());
    }
    let mut cells = vec![of(tenant), of(tenant), now.as_unix_micros().into(), after.into()];
    cells.extend([role, role, status, status, project].map(Cell::from));
    cells.extend([of(tenant), project.into(), of(tenant), project.into(), i64::from(limit).into()]);
    with_projects(own, tenant, own.read(LIST, cells).await?).await
}

pub(super) async fn member<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    id: &str,
    now: Timestamp,
) -> Result<Option<Member>, StoreError> {
    let cells = vec![of(tenant), of(tenant), now.as_unix_micros().into(), id.into()];
    Ok(with_projects(own, tenant, own.read(SHOW, cells).await?).await?.pop())
}

async fn with_projects<DB: TenantDatabase>(
    own: &Own<DB>,
    tenant: &TenantContext,
    rows: Vec<Vec<Cell>>,
) -> Result<Vec<Member>, StoreError> {
    let mut members = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return Ok(members) };
    let ends = [of(tenant), (*first.id).into(), (*last.id).into()];
    let cells = [ends.clone(), ends].concat();
    let mut projects: HashMap<String, Vec<Box<str>>> = HashMap::new();
    for cells in own.read(PROJECTS, cells).await? {
        let mut row = Row::new(cells);
        projects.entry(row.text()?).or_default().push(row.text()?.into());
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
    use crate::own::explain::assert_on_an_index;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_on_an_index(&[LIST, SHOW, PROJECTS]).await;
    }
}
