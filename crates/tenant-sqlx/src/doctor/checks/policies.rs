//! Row-level security: whether it is there, whether it holds, and what it says.

use super::{
    Code, Diagnosis, Patient,
    expression::{Comparison, comparison},
};
use crate::{
    ddl::postgres::policies::{condition, forced, isolated, through_parent},
    model::{Owned, Policy},
};

/// The commands that a policy can be for.
const COMMANDS: [(&str, &str); 4] = [("r", "SELECT"), ("a", "INSERT"), ("w", "UPDATE"), ("d", "DELETE")];

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

/// Policies of the role that let rows through; those that are restrictive only keep more of them back.
fn permissive<'a>(owned: Owned<'a>) -> impl Iterator<Item = &'a Policy> {
    owned.relation.policies.iter().filter(|policy| policy.applies && policy.is_permissive)
}

fn covers(policy: &Policy, command: &str) -> bool {
    policy.command == "*" || policy.command == command
}

pub(super) fn commands(patient: Patient<'_>) -> Vec<Diagnosis> {
    // Of a partition nobody needs to see anything but through its table.
    let walled = |owned: &Owned<'_>| {
        patient.wants_policies() && owned.relation.parent.is_none() && patient.is_in_reach(owned.relation)
    };
    let found = patient.owned().filter(walled).filter_map(|owned| {
        let lacks = |command: &str| !permissive(owned).any(|policy| covers(policy, command));
        let missing: Vec<&str> =
            COMMANDS.into_iter().filter(|(letter, _)| lacks(letter)).map(|it| it.1).collect();
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
        let policies = owned.relation.policies.iter().filter(|policy| policy.applies);
        policies.flat_map(move |policy| faults(patient, owned, policy))
    });
    found.collect()
}

/// Whether a restrictive policy keeps back what this one lets through. It has to hold for the account itself: one that
/// holds for another role would not if the account became a third.
fn is_kept_back(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> bool {
    let account = &patient.model.account.name;
    let is_narrow =
        |text: &Option<String>| text.as_deref().is_none_or(|text| comparison(text, owned.tenant).is_some());
    owned.relation.policies.iter().any(|other| {
        !other.is_permissive
            && (other.command == "*" || other.command == policy.command)
            && other.roles.iter().any(|role| role == "PUBLIC" || role == account)
            && (other.using.is_some() || other.check.is_some())
            && is_narrow(&other.using)
            && is_narrow(&other.check)
    })
}

fn faults(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> Vec<Diagnosis> {
    let object = format!("{}: {}", owned.relation.name, policy.name);
    let read = policy.using.as_deref().map(|using| comparison(using, owned.tenant));
    let written = policy.check.as_deref().map(|check| comparison(check, owned.tenant));
    let mut codes = Vec::new();
    let is_open = policy.is_permissive && !is_kept_back(patient, owned, policy);
    match &read {
        Some(None) if !is_open => {}
        Some(None) => codes.push(Code::WideningPolicy),
        Some(Some(found)) => codes.extend(details(patient, owned, found)),
        None => {}
    }
    match &written {
        Some(None) if !is_open => {}
        Some(None) => codes.push(Code::WideningCheck),
        Some(Some(found)) => codes.extend(details(patient, owned, found)),
        None if is_open && matches!(policy.command.as_str(), "*" | "w") => codes.push(Code::NoCheck),
        None => {}
    }
    codes.sort_unstable();
    codes.dedup();
    let fix = mended(patient, owned, policy);
    codes.into_iter().map(|code| Diagnosis::new(code, &object).fix([fix.clone()])).collect()
}

/// What is wrong with a comparison that narrows.
fn details(patient: Patient<'_>, owned: Owned<'_>, found: &Comparison) -> Vec<Code> {
    let column = owned.relation.column(owned.tenant);
    let of_type = column.map_or("", |column| column.of_type.as_str());
    // PostgreSQL itself writes a cast there, which costs nothing.
    let is_varying = of_type.starts_with("character varying");
    let faults = [
        (found.setting != patient.draft.ddl.setting, Code::OtherSetting),
        (!found.may_be_missing, Code::MissingIsError),
        (!found.empty_is_nobody, Code::EmptyIsTenant),
        (found.converts_column && !is_varying, Code::ConvertsColumn),
    ];
    faults.into_iter().filter(|(is_so, _)| *is_so).map(|(_, code)| code).collect()
}

/// The same policy, saying what it should; one that others make needless is dropped.
fn mended(patient: Patient<'_>, owned: Owned<'_>, policy: &Policy) -> String {
    let (name, table) = (patient.quoted(&policy.name), patient.quoted(&owned.relation.name));
    let is_sound = |other: &&Policy| {
        let narrows = |text: &Option<String>| text.as_deref().and_then(|text| comparison(text, owned.tenant));
        other.name != policy.name && covers(other, &policy.command) && narrows(&other.using).is_some()
    };
    if let Some(membership) = foreign_role(patient, policy) {
        return format!("REVOKE {} FROM {}", patient.quoted(membership), patient.role());
    }
    if permissive(owned).any(|other| is_sound(&other)) {
        return format!("DROP POLICY IF EXISTS {name} ON {table}");
    }
    let condition = condition(patient.draft, owned);
    let using = format!(" USING ({condition})");
    let check = format!(" WITH CHECK ({condition})");
    let clauses = match policy.command.as_str() {
        "a" => check,
        "r" | "d" => using,
        _ => using + &check,
    };
    format!("ALTER POLICY {name} ON {table}{clauses}")
}

/// What makes a policy for another role hold for the account: the membership is wrong then, not the policy.
fn foreign_role<'a>(patient: Patient<'a>, policy: &Policy) -> Option<&'a str> {
    let account = &patient.model.account;
    let is_own = policy.roles.iter().any(|role| *role == account.name || role == "PUBLIC");
    let mut memberships = account.memberships.iter().filter(|_| !is_own);
    let found = memberships.find(|membership| policy.roles.contains(&membership.role))?;
    Some(&found.through)
}

/// Tables that reach the tenant through a reference alone: the application may read them, and no policy narrows it.
pub(super) fn derived(patient: Patient<'_>) -> Vec<Diagnosis> {
    if !patient.wants_policies() {
        return Vec::new();
    }
    let open = patient.tenancy.derived().into_iter().filter(|derived| {
        let relation = derived.relation;
        patient.is_in_reach(relation) && !(relation.has_policies_on && relation.forces_policies)
    });
    let diagnosis = |derived| {
        let condition = through_parent(patient.draft, derived);
        Diagnosis::new(Code::DerivedWithoutPolicy, &derived.relation.name)
            .fix(forced(patient.draft, derived.relation))
            .fix(isolated(patient.draft, derived.relation, &condition))
    };
    open.map(diagnosis).collect()
}
