//! Members of an organisation on their way out, and what is left of them on the way in: an address to write to.

use std::collections::BTreeMap;

use tenant_core::auth::Role;

use super::{LifecycleError, LifecycleErrorKind};
use crate::{
    archive::{Archive, Scalar, parse_line},
    moving::{Column, Table},
};

/// Somebody who is to be invited to a tenant that was imported. They have no password there, and are no member until they accept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitee {
    /// Their address.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// The projects whose team they will be in.
    pub projects: Vec<Box<str>>,
}

/// So many at most are held in memory.
const MOST_PEOPLE: usize = 100_000;

/// The file of the tenant's config.
pub(super) const CONFIG: &str = "tenants";
/// The files of members, and of the teams they are in.
pub(super) const PEOPLE: &str = "tenant_people";
pub(super) const TEAMS: &str = "tenant_project_members";

/// Whose rows are written and read as they are: neither secrets nor people are in them.
pub(super) fn is_kept(table: &str) -> bool {
    // What was told of usage goes with it: where it was not, all of it would be told, and billed, once more.
    const KEPT: [&str; 5] = [
        "tenant_projects",
        "tenant_usage",
        "tenant_usage_days",
        "tenant_usage_levels",
        "tenant_usage_exports",
    ];
    KEPT.contains(&table)
}

/// What a clone has of the framework's: what the source used is the source's to pay, and so are the keys it was told under.
pub(super) fn is_cloned(table: &str) -> bool {
    table == "tenant_projects"
}

/// What is written down of members: no password, no session, no key.
pub(super) fn members(id: &str) -> (Table, String) {
    let columns = ["person_id", "email", "role", "first_name", "last_name", "username"];
    let sql = format!(
        "SELECT m.person_id, p.email, m.role, f.first_name, f.last_name, f.username FROM tenant_memberships m \
         JOIN tenant_people p ON p.person_id = m.person_id LEFT JOIN tenant_member_profiles f \
         ON f.tenant_id = m.tenant_id AND f.person_id = m.person_id WHERE m.tenant_id = {id} ORDER BY m.person_id"
    );
    (made_up(PEOPLE, &columns), sql)
}

pub(super) fn teams(id: &str) -> (Table, String) {
    let sql = format!(
        "SELECT project_id, person_id, role FROM tenant_project_members WHERE tenant_id = {id} \
         ORDER BY project_id, person_id"
    );
    (made_up(TEAMS, &["project_id", "person_id", "role"]), sql)
}

/// A file that is no table as it stands.
fn made_up(name: &str, columns: &[&str]) -> Table {
    let column =
        |name: &&str| Column { name: (*name).to_owned(), kind: "text".to_owned(), is_counted: false };
    Table { name: name.to_owned(), columns: columns.iter().map(column).collect(), ..Table::default() }
}

/// Who is to be invited, as an archive has it.
pub(super) async fn invitees(archive: &mut Archive) -> Result<Vec<Invitee>, LifecycleError> {
    let mut people: BTreeMap<String, Invitee> = BTreeMap::new();
    if archive.has(PEOPLE) {
        let mut lines = archive.lines(PEOPLE).await?;
        while let Some(line) = lines.next().await? {
            let row = row(PEOPLE, &line)?;
            let text = |name| text(PEOPLE, &row, name);
            let role = Role::parse(text("role")?).ok_or_else(|| misfit(PEOPLE))?;
            let invitee = Invitee { email: text("email")?.to_owned(), role, projects: Vec::new() };
            if people.len() >= MOST_PEOPLE || people.insert(text("person_id")?.to_owned(), invitee).is_some()
            {
                return Err(misfit(PEOPLE));
            }
        }
    }
    if archive.has(TEAMS) {
        let mut lines = archive.lines(TEAMS).await?;
        while let Some(line) = lines.next().await? {
            let row = row(TEAMS, &line)?;
            let person = people.get_mut(text(TEAMS, &row, "person_id")?).ok_or_else(|| misfit(TEAMS))?;
            person.projects.push(text(TEAMS, &row, "project_id")?.into());
            if person.projects.len() > MOST_PEOPLE {
                return Err(misfit(TEAMS));
            }
        }
    }
    Ok(people.into_values().collect())
}

fn row(table: &str, line: &[u8]) -> Result<Vec<(String, Scalar)>, LifecycleError> {
    parse_line(line).map_err(|_| misfit(table))
}

fn text<'r>(table: &str, row: &'r [(String, Scalar)], name: &str) -> Result<&'r str, LifecycleError> {
    match row.iter().find(|(column, _)| column == name) {
        Some((_, Scalar::Text(text))) => Ok(text),
        _ => Err(misfit(table)),
    }
}

pub(super) fn misfit(table: &str) -> LifecycleError {
    LifecycleErrorKind::Misfit { table: table.to_owned() }.into()
}
