//! Row-level security: whether it is there, whether it holds, and what it says.

use super::{
    Code, Diagnosis, Patient,
    acts::{Act, lacking, walled},
    expression::{Comparison, comparison, narrowed},
};
use crate::{
    ddl::postgres::policies::{condition, forced, isolated},
    model::{Owned, Policy, Relation},
};

pub(super) fn switches(patient: Patient<'_>) -> Vec<Diagnosis> {
    let owned = patient.owned().filter(|owned| patient.wants_policies() && owned.relation.parent.is_none());
    let found = owned.filter_map(|owned| {
        let relation = owned.relation;
        let code = match (relation.has_policies_on, relation.forces_policies) {
            (true, true) => return None,
            (true, false) => Code::NotForced,
            (false, _) => Code::PoliciesOff,
        };
        Some(Diagnosis::new(code, &relation.name).fix(forced(patient.draft, relation)))
    });
    found.collect()
}

pub(super) fn commands(patient: Patient<'_>) -> Vec<Diagnosis> {
    // Of a partition nobody needs to see anything but through its table.
    let is_walled = |owned: &Owned<'_>| {
        patient.wants_policies() && owned.relation.parent.is_none() && patient.is_in_reach(owned.relation)
    };
    let found = patient.owned().filter(is_walled).filter_map(|owned| {
        let missing = lacking(owned.relation, &patient.model.account.name);
        let name = &owned.relation.name;
        let found = match missing.len() {
            0 => return None,
            4 => Diagnosis::new(Code::NoPolicy, name),
            _ => Diagnosis::new(Code::CommandWithoutPolicy, format!("{name}: {}", missing.join(", "))),
        };
        let condition = condition(patient.draft, owned);
        Some(found.fix(isolated(patient.draft, owned.relation, &condition)))
    });
    found.collect()
}

pub(super) fn conditions(patient: Patient<'_>) -> Vec<Diagnosis> {
    // Whatever they say, they say nothing to a superuser.
    let is_bound = patient.wants_policies() && !patient.model.account.is_superuser;
    let owned = patient.owned().filter(|_| is_bound);
    let found = owned.flat_map(|owned| {
        let policies = owned.relation.policies.iter().filter(|policy| !policy.holds_for.is_empty());
        policies.flat_map(move |policy| faults(patient, owned, policy))
    });
    found.collect()
}

fn faults(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> Vec<Diagnosis> {
    let object = format!("{}: {}", owned.relation.name, policy.name);
    let (shows, writes) = walled(owned, |wall| wall.leaks_to(&patient.model.account.name, policy));
    let clauses = [&policy.using, &policy.check].into_iter().flatten();
    let narrow = clauses.filter_map(|text| comparison(text, owned.tenant));
    let mut codes: Vec<Code> = narrow.flat_map(|found| details(patient, owned, &found)).collect();
    codes.extend(shows.then_some(Code::WideningPolicy));
    codes.extend(writes.then_some(Code::WideningCheck));
    codes.extend((!writes && is_silent(patient, owned, policy)).then_some(Code::NoCheck));
    codes.sort_unstable();
    codes.dedup();
    let fix = mended(patient, owned, policy);
    codes.into_iter().map(|code| Diagnosis::new(code, &object).fix([fix.clone()])).collect()
}

/// Whether it says of rows that are written what it says of those that are there, and no other policy says more.
fn is_silent(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> bool {
    policy.is_permissive
        && matches!(policy.command.as_str(), "*" | "w")
        && policy.using.is_some()
        && policy.check.is_none()
        && !walled(owned, |wall| wall.is_kept_back(&patient.model.account.name, Act::Leave))
}

/// What is wrong with a comparison that narrows.
fn details(patient: Patient<'_>, owned: Owned<'_>, found: &Comparison) -> Vec<Code> {
    // PostgreSQL itself writes casts between texts, which read the same bytes: the index on the column serves.
    let is_text = owned.relation.column(owned.tenant).is_some_and(|column| column.is_text);
    let is_bytes = |of_type: &String| matches!(of_type.as_str(), "text" | "character varying");
    let converts = !found.converts_column.iter().all(|of_type| is_text && is_bytes(of_type));
    let faults = [
        (found.setting != patient.draft.ddl.setting, Code::OtherSetting),
        (!found.may_be_missing, Code::MissingIsError),
        (!found.empty_is_nobody, Code::EmptyIsTenant),
        (converts, Code::ConvertsColumn),
    ];
    faults.into_iter().filter(|(is_so, _)| *is_so).map(|(_, code)| code).collect()
}

/// The same policy, saying what it should; one that others make needless is dropped.
fn mended(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> String {
    let (name, table) = (patient.quoted(&policy.name), patient.quoted(&owned.relation.name));
    if let Some(revoke) = revoked(patient, policy) {
        return revoke;
    }
    if owned.relation.policies.iter().any(|other| makes_needless(patient, owned, other, policy)) {
        return format!("DROP POLICY IF EXISTS {name} ON {table}");
    }
    let wanted = condition(patient.draft, owned);
    altered(patient, owned.relation, policy, |text| narrowed(text, owned.tenant, &wanted))
}

/// The same policy with other conditions; one that says nothing of new rows says the same of them.
pub(super) fn altered(
    patient: Patient<'_>,
    relation: &Relation,
    policy: &Policy,
    said: impl Fn(&str) -> String,
) -> String {
    let (name, table) = (patient.quoted(&policy.name), patient.quoted(&relation.name));
    let using = policy.using.as_deref().map(&said);
    let is_copied = matches!(policy.command.as_str(), "*" | "w");
    let check = policy.check.as_deref().map(&said).or_else(|| using.clone().filter(|_| is_copied));
    let using = using.map(|using| format!(" USING ({using})")).unwrap_or_default();
    let check = check.map(|check| format!(" WITH CHECK ({check})")).unwrap_or_default();
    format!("ALTER POLICY {name} ON {table}{using}{check}")
}

/// Whether whoever a permissive policy is for has all that it should let through by another one.
fn makes_needless(patient: Patient<'_>, owned: Owned<'_>, other: &Policy, policy: &Policy) -> bool {
    let is_sound = |text: &str| {
        comparison(text, owned.tenant).is_some_and(|found| details(patient, owned, &found).is_empty())
    };
    let has = |role: &String| other.roles.contains(role) || other.roles.iter().any(|name| name == "PUBLIC");
    other.name != policy.name
        && (other.is_permissive, policy.is_permissive) == (true, true)
        && (other.command == "*" || other.command == policy.command)
        && policy.roles.iter().all(has)
        && other.using.as_deref().is_some_and(is_sound)
        && other.check.as_deref().is_none_or(is_sound)
}

/// Where a policy for another role holds for the account, the membership is wrong, and not the policy.
pub(super) fn revoked(patient: Patient<'_>, policy: &Policy) -> Option<String> {
    let account = &patient.model.account;
    let is_own = policy.roles.iter().any(|role| *role == account.name || role == "PUBLIC");
    let mut memberships = account.memberships.iter().filter(|_| !is_own);
    let found = memberships.find(|membership| policy.roles.contains(&membership.role))?;
    Some(format!("REVOKE {} FROM {}", patient.quoted(&found.through), patient.role()))
}
