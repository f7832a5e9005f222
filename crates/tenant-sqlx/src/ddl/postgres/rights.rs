//! Roles and what they may do.

use tenant_sql::TableKind;

use super::{Draft, Phase, Step, policies::closed, unless};
use crate::model::{Grant, Owned, Relation, Sequence};

const PUBLIC: &str = "PUBLIC";
const WRITES: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

/// What no tenant's statement needs, and what reaches past the policies: they don't hold for `TRUNCATE`, and a foreign
/// key or a trigger sees all rows.
pub(crate) const BEYOND: [&str; 3] = ["TRUNCATE", "REFERENCES", "TRIGGER"];

pub(super) fn roles(draft: Draft<'_>) -> Step {
    let roles = [&draft.ddl.role, &draft.ddl.system_role].into_iter().flatten();
    let make = |role: &String| {
        let exists = format!("SELECT FROM pg_catalog.pg_roles WHERE rolname = {}", draft.literal(role));
        unless(&exists, &format!("CREATE ROLE {} NOLOGIN", draft.quoted(role)))
    };
    let note =
        "The roles, where they are missing. Grant them, or let them log in, as your own rules have it.";
    let model = draft.tenancy.model;
    let has_policy = |role: &str| {
        let policies = model.relations.iter().flat_map(|relation| &relation.policies);
        policies.flat_map(|policy| &policy.roles).any(|named| named == role)
    };
    let is_known = |role: &&String| model.account.name == **role || has_policy(role);
    Step::new(Phase::Expand, note, roles.filter(|role| !is_known(role)).map(make).collect())
}

/// Who reads and writes what, and no more.
pub(super) fn steps(draft: Draft<'_>, owned: &[Owned<'_>]) -> Vec<Step> {
    let Some(role) = draft.ddl.role.as_deref() else { return Vec::new() };
    let (role, schema) = (draft.quoted(role), draft.quoted(&draft.tenancy.model.schema));
    let mut grants = Vec::new();
    if !draft.tenancy.model.schema.is_empty() {
        grants.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
        grants.push(format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}"));
    }
    // A partition is reached through the table it is a part of: with a right of its own it would be reached past it.
    for owned in owned.iter().filter(|owned| owned.relation.parent.is_none()) {
        grants.extend(for_owned(draft, owned.relation, &role));
    }
    grants.extend(shared(draft).flat_map(|relation| for_shared(draft, relation, &role)));
    let sequences = sequences(draft, owned);
    let usage =
        |sequence: &Sequence| format!("GRANT USAGE ON SEQUENCE {} TO {role}", draft.quoted(&sequence.name));
    grants.extend(sequences.map(usage));
    grants.extend(draft.tenancy.stored_views().map(|view| closed(draft, view)));
    let note = "The application reads and writes rows, and does nothing else.";
    if is_granted(draft, owned) { Vec::new() } else { vec![Step::new(Phase::Contract, note, grants)] }
}

/// Those that fill columns of tenants' tables.
fn sequences<'a>(draft: Draft<'a>, owned: &[Owned<'_>]) -> impl Iterator<Item = &'a Sequence> {
    let sequences = draft.tenancy.model.sequences.iter();
    sequences.filter(|sequence| fills_owned(owned, &sequence.columns))
}

/// Whether the account is the role, and has nothing to be given or taken. What it may do as another role can't be taken
/// from it, and is the doctor's affair.
fn is_granted(draft: Draft<'_>, owned: &[Owned<'_>]) -> bool {
    let mut tables = owned.iter().map(|owned| owned.relation).filter(|table| table.parent.is_none());
    Some(&draft.tenancy.model.account.name) == draft.ddl.role.as_ref()
        && is_at_home(draft)
        && tables.all(|table| is_exact(draft, table))
        && shared(draft).all(|table| is_read(draft, table))
        && draft.tenancy.stored_views().all(|view| is_closed(draft, view))
        && sequences(draft, owned).all(|sequence| sequence.is_usable)
}

/// Whether the role finds what is in the schema, and adds nothing.
fn is_at_home(draft: Draft<'_>) -> bool {
    let model = draft.tenancy.model;
    let mut creates = model.schema_grants.iter().filter(|grant| grant.privilege == "CREATE");
    model.schema.is_empty() || model.account.uses_schema && !creates.any(|grant| is_its(draft, grant))
}

fn is_exact(draft: Draft<'_>, table: &Relation) -> bool {
    let is_public = |grant: &Grant| grant.to == PUBLIC;
    let is_open = !table.public.is_empty() || table.column_grants.iter().any(is_public);
    let mut uses = ["SELECT"].iter().chain(&WRITES);
    let mut beyond = BEYOND.iter();
    !is_open
        && uses.all(|right| may(draft, table, right))
        && !beyond.any(|right| is_given(draft, table, right))
}

fn is_read(draft: Draft<'_>, table: &Relation) -> bool {
    let mut others = WRITES.iter().chain(&BEYOND);
    may(draft, table, "SELECT") && !others.any(|right| is_given(draft, table, right))
}

/// Whether the role may do this to all of it. A superuser may by no right that it would keep as anything else.
fn may(draft: Draft<'_>, relation: &Relation, right: &str) -> bool {
    match draft.tenancy.model.account.is_superuser {
        true => is_given(draft, relation, right),
        false => relation.rights.iter().any(|known| known == right),
    }
}

/// Whether it can be taken from the role or from everybody, for all of it or a column.
fn is_given(draft: Draft<'_>, relation: &Relation, right: &str) -> bool {
    let mut grants = relation.grants.iter().chain(&relation.column_grants);
    grants.any(|grant| grant.privilege == right && is_its(draft, grant)) || is_owners(draft, relation)
}

/// Whether the role owns it and nothing was said of rights yet: it then has all of them.
fn is_owners(draft: Draft<'_>, relation: &Relation) -> bool {
    draft.ddl.role.as_ref() == Some(&relation.owner) && relation.grants.is_empty()
}

/// Whether nobody has a right that could be taken from the role or from everybody. Another account is not shown.
pub(super) fn is_closed(draft: Draft<'_>, view: &Relation) -> bool {
    let account = &draft.tenancy.model.account;
    let is_shown = draft.ddl.role.as_ref().is_none_or(|role| *role == account.name);
    let is_owned = is_owners(draft, view) && !view.rights.is_empty() && !account.is_superuser;
    let mut grants = view.grants.iter().chain(&view.column_grants);
    is_shown && !is_owned && !grants.any(|grant| is_its(draft, grant))
}

fn is_its(draft: Draft<'_>, grant: &Grant) -> bool {
    grant.to == PUBLIC || Some(&grant.to) == draft.ddl.role.as_ref()
}

fn for_owned(draft: Draft<'_>, relation: &Relation, role: &str) -> [String; 3] {
    let table = draft.quoted(&relation.name);
    [
        format!("REVOKE ALL ON {table} FROM PUBLIC"),
        format!("REVOKE {} ON {table} FROM {role}", BEYOND.join(", ")),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}"),
    ]
}

fn shared<'a>(draft: Draft<'a>) -> impl Iterator<Item = &'a Relation> {
    let shared = draft.tenancy.catalog.tables().filter(|table| table.kind() == TableKind::Shared);
    let mut found: Vec<&Relation> = shared.filter_map(|table| draft.tenancy.relation(table.name())).collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found.into_iter()
}

fn for_shared(draft: Draft<'_>, relation: &Relation, role: &str) -> [String; 2] {
    let table = draft.quoted(&relation.name);
    [
        format!(
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {table} FROM PUBLIC, {role}"
        ),
        format!("GRANT SELECT ON {table} TO {role}"),
    ]
}

fn fills_owned(owned: &[Owned<'_>], columns: &[String]) -> bool {
    columns.iter().any(|column| {
        let table = column.split('.').next().unwrap_or_default();
        owned.iter().any(|owned| owned.relation.name == table)
    })
}
