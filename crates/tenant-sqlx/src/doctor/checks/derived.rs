//! Tables that reach the tenant through a reference alone: the application may read them, and what keeps it to its own
//! is a policy that asks for the parent.

use super::{
    Code, Diagnosis, Patient,
    acts::Wall,
    expression::asks,
    policies::{altered, revoked},
};
use crate::{
    ddl::postgres::policies::{forced, isolated, through_parent},
    model::Derived,
};

pub(super) fn switches(patient: Patient<'_>) -> Vec<Diagnosis> {
    let open = reached(patient).into_iter().filter(|derived| !is_walled(derived));
    let diagnosis = |derived: Derived<'_>| {
        let condition = through_parent(patient.draft, derived);
        Diagnosis::new(Code::DerivedWithoutPolicy, &derived.relation.name)
            .fix(forced(patient.draft, derived.relation))
            .fix(isolated(patient.draft, derived.relation, &condition))
    };
    open.map(diagnosis).collect()
}

fn reached(patient: Patient<'_>) -> Vec<Derived<'_>> {
    let mut derived = if patient.wants_policies() { patient.tenancy.derived() } else { Vec::new() };
    derived.retain(|derived| patient.is_in_reach(derived.relation));
    derived
}

fn is_walled(derived: &Derived<'_>) -> bool {
    derived.relation.has_policies_on && derived.relation.forces_policies
}

/// Whether the policies ask for a parent is all that is looked at: how they ask for it is not.
pub(super) fn conditions(patient: Patient<'_>) -> Vec<Diagnosis> {
    let is_bound = !patient.model.account.is_superuser;
    let walled = reached(patient).into_iter().filter(|derived| is_bound && is_walled(derived));
    walled.flat_map(|derived| widening(patient, derived)).collect()
}

fn widening(patient: Patient<'_>, derived: Derived<'_>) -> Vec<Diagnosis> {
    let relation = derived.relation;
    let parents: Vec<&str> = relation.foreign_keys.iter().map(|key| key.parent.as_str()).collect();
    let narrows = |condition: &str| asks(condition, &parents);
    let wall = Wall { relation, narrows: &narrows };
    let wanted = through_parent(patient.draft, derived);
    let said = |text: &str| match text {
        "true" => wanted.clone(),
        text if narrows(text) => text.to_owned(),
        text => format!("({text}) AND {wanted}"),
    };
    let found = relation.policies.iter().flat_map(|policy| {
        let (shows, writes) = wall.leaks_to(&patient.model.account.name, policy);
        let codes = [(shows, Code::WideningPolicy), (writes, Code::WideningCheck)].into_iter();
        let codes = codes.filter(|(is_so, _)| *is_so).map(|(_, code)| code);
        let fix = || revoked(patient, policy).unwrap_or_else(|| altered(patient, relation, policy, said));
        let object = format!("{}: {}", relation.name, policy.name);
        codes.map(|code| Diagnosis::new(code, &object).fix([fix()])).collect::<Vec<_>>()
    });
    found.collect()
}
