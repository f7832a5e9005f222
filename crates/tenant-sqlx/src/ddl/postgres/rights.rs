//! Roles and what they may do.

use tenant_sql::TableKind;

use super::{Draft, Phase, Step, unless};
use crate::model::{Kind, Owned, Relation};

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
    grants.extend(
        draft
            .tenancy
            .model
            .sequences
            .iter()
            .filter(|sequence| fills_owned(owned, &sequence.columns))
            .map(|sequence| format!("GRANT USAGE ON SEQUENCE {} TO {role}", draft.quoted(&sequence.name))),
    );
    let closed = draft.tenancy.model.relations.iter().filter(|relation| relation.kind == Kind::Materialized);
    let closed = closed.filter(|relation| draft.tenancy.shows_tenants(relation));
    let note = "The application reads and writes rows, and does nothing else.";
    let revokes =
        closed.map(|view| format!("REVOKE ALL ON {} FROM PUBLIC, {role}", draft.quoted(&view.name)));
    grants.extend(revokes);
    if is_granted(draft, owned) { Vec::new() } else { vec![Step::new(Phase::Contract, note, grants)] }
}

/// Whether the account is the role, and has nothing to be given or taken.
fn is_granted(draft: Draft<'_>, owned: &[Owned<'_>]) -> bool {
    const USES: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    const WRITES: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
    let model = draft.tenancy.model;
    let has = |relation: &Relation, right: &str| relation.grants_of(right).next().is_some();
    let mut tables = owned.iter().map(|owned| owned.relation).filter(|table| table.parent.is_none());
    let is_exact = |table: &Relation| {
        USES.iter().all(|right| has(table, right))
            && !BEYOND.iter().any(|right| has(table, right))
            && table.public.is_empty()
    };
    Some(&model.account.name) == draft.ddl.role.as_ref()
        && tables.all(is_exact)
        && shared(draft).all(|table| has(table, "SELECT") && !WRITES.iter().any(|right| has(table, right)))
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
