//! PostgreSQL: a column can't change while anything depends on it
//! (<https://www.postgresql.org/docs/current/sql-altertable.html>).

use super::{
    super::acts::lacking,
    Owned, Patient, Problem, Relation, ddl,
    expression::{comparison, narrowed},
};
use crate::model::{Column, Policy};

/// What depends on the column makes way and comes back, in one transaction: its default, and the policies that name it.
pub(super) fn retyped(patient: Patient<'_>, owned: Owned<'_>, problem: Problem) -> Vec<String> {
    let column = owned.relation.column(owned.tenant);
    let (old, default) =
        column.map_or(("", None), |column| (column.of_type.as_str(), column.default.as_deref()));
    let of_type = of_type(patient, old, problem);
    let (table, name) = (patient.quoted(&owned.relation.name), patient.quoted(owned.tenant));
    let alter = |what: &str| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
    let value = ddl::postgres::policies::value(patient.draft, of_type);
    let condition = format!("{name} = (SELECT {value})");
    let isolation = isolation(patient, owned, &condition);
    let policies = dependent(patient, owned);
    let again = |(on, policy): &(&Relation, &Policy)| {
        let changes = old != of_type && is_family(patient, owned, on);
        made(patient, on, policy, |said| match comparison(said, owned.tenant) {
            Some(_) if changes => narrowed(said, owned.tenant, &condition),
            _ => said.to_owned(),
        })
    };
    let mut statements = vec!["BEGIN".to_owned()];
    statements.extend(isolation.first().cloned());
    statements.extend(policies.iter().map(|(on, policy)| dropped(patient, on, policy)));
    statements.extend(default.map(|_| alter("DROP DEFAULT")));
    statements.push(alter(&typed(column, &name, of_type)));
    let default = default.map(|default| converted(patient, default, old, of_type));
    statements.extend(default.map(|default| alter(&format!("SET DEFAULT {default}"))));
    statements.extend(policies.iter().map(again).chain(isolation));
    statements.push("COMMIT".to_owned());
    statements
}

/// Where a policy is missing, what mends that may have been run before this: it makes way as well.
fn isolation(patient: Patient<'_>, owned: Owned<'_>, condition: &str) -> Vec<String> {
    let lacks = patient.wants_policies() && !lacking(owned.relation, &patient.model.account.name).is_empty();
    let isolated = || ddl::postgres::policies::isolated(patient.draft, owned.relation, condition);
    if lacks { isolated().to_vec() } else { Vec::new() }
}

/// A collation of its own that tells bytes apart stays.
fn typed(column: Option<&Column>, name: &str, of_type: &str) -> String {
    let is_same = column.is_some_and(|column| column.of_type == of_type);
    let collation = column.and_then(|column| column.collation.as_deref()).unwrap_or("\"default\"");
    let collation =
        if is_same || of_type == "text" { format!(" COLLATE {collation}") } else { String::new() };
    let using = if is_same { String::new() } else { format!(" USING {name}::text::{of_type}") };
    format!("TYPE {of_type}{collation}{using}")
}

/// A text that compares as it should not stays the text it is.
fn of_type<'a>(patient: Patient<'_>, old: &'a str, problem: Problem) -> &'a str {
    let is_text = old == "text" || old.starts_with("character varying");
    if is_text && problem == Problem::Collation { old } else { ddl::postgres::column::type_of(patient.draft) }
}

fn converted(patient: Patient<'_>, default: &str, old: &str, of_type: &str) -> String {
    if old == of_type {
        default.to_owned()
    } else if ddl::postgres::column::is_setting(patient.draft, default) {
        ddl::postgres::policies::value(patient.draft, of_type)
    } else {
        format!("(({default})::text)::{of_type}")
    }
}

fn is_family(patient: Patient<'_>, owned: Owned<'_>, relation: &Relation) -> bool {
    patient.draft.family(owned.relation).iter().any(|member| member.name == relation.name)
}

/// The policies that name the column, on the table, on its parts, and on tables whose policies look at it. One that
/// comes along for nothing comes back the same.
fn dependent<'a>(patient: Patient<'a>, owned: Owned<'a>) -> Vec<(&'a Relation, &'a Policy)> {
    let family = patient.draft.family(owned.relation);
    let is_member = |relation: &Relation| family.iter().any(|member| member.name == relation.name);
    let names = |policy: &Policy, name: &str| {
        [&policy.using, &policy.check].into_iter().flatten().any(|text| text.contains(name))
    };
    let all =
        patient.model.relations.iter().flat_map(|on| on.policies.iter().map(move |policy| (on, policy)));
    all.filter(|(on, policy)| {
        names(policy, owned.tenant) && (is_member(on) || names(policy, &owned.relation.name))
    })
    .collect()
}

fn dropped(patient: Patient<'_>, on: &Relation, policy: &Policy) -> String {
    format!("DROP POLICY IF EXISTS {} ON {}", patient.quoted(&policy.name), patient.quoted(&on.name))
}

fn made(patient: Patient<'_>, on: &Relation, policy: &Policy, said: impl Fn(&str) -> String) -> String {
    let kind = if policy.is_permissive { "PERMISSIVE" } else { "RESTRICTIVE" };
    let command = match policy.command.as_str() {
        "r" => "SELECT",
        "a" => "INSERT",
        "w" => "UPDATE",
        "d" => "DELETE",
        _ => "ALL",
    };
    let role = |role: &String| if role == "PUBLIC" { role.clone() } else { patient.quoted(role) };
    let roles: Vec<String> = policy.roles.iter().map(role).collect();
    let clause = |word: &str, text: &Option<String>| {
        text.as_deref().map(|text| format!("\n    {word} ({})", said(text))).unwrap_or_default()
    };
    format!(
        "CREATE POLICY {} ON {} AS {kind} FOR {command} TO {}{}{}",
        patient.quoted(&policy.name),
        patient.quoted(&on.name),
        roles.join(", "),
        clause("USING", &policy.using),
        clause("WITH CHECK", &policy.check)
    )
}
