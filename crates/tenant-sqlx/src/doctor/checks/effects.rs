//! What the reader of catalogs finds, as far as no other check tells it more closely.

use super::{Code, Diagnosis, Patient};
use crate::catalog::{Finding, Problem};

pub(super) fn judged(patient: Patient<'_>) -> Vec<Diagnosis> {
    patient.model.judged.iter().filter_map(|finding| diagnosis(patient, finding)).collect()
}

fn diagnosis(patient: Patient<'_>, finding: &Finding) -> Option<Diagnosis> {
    let name = &finding.relation;
    let found = |code, advice| Some(Diagnosis::new(code, name).advice(advice));
    match finding.problem {
        Problem::Cascade
            if !has_direct_cascade(patient, name) && !is_contained(patient, name, &mut Vec::new()) =>
        {
            found(
                Code::CascadeEffect,
                "look at the triggers of the tables that hang on it, and tie each reference to the tenant",
            )
        }
        Problem::Function => {
            found(Code::UntrustedFunction, "declare the table as trusted if it stays within the row")
        }
        Problem::Name => found(Code::OddName, "rename it"),
        Problem::Family => {
            found(Code::FamilyNotShared, "list its children as shared, or the table as hidden")
        }
        Problem::Privileges => found(
            Code::HiddenTriggers,
            "examine the database with an account that has the privilege TRIGGER for all of it",
        ),
        Problem::Conflict => {
            found(Code::ConflictClause, "take the conflict clause out of the table's definition")
        }
        Problem::View if !patient.is_postgres() && shows(patient, name) => {
            found(Code::UndeclaredView, "declare it if it shows each row with its tenant, or drop it")
        }
        Problem::Cascade
        | Problem::View
        | Problem::Collation
        | Problem::Affinity
        | Problem::Virtual
        | Problem::Trigger
        | Problem::ForeignKey
        | Problem::UniqueKey => None,
    }
}

fn has_direct_cascade(patient: Patient<'_>, parent: &str) -> bool {
    patient.tenancy.references(parent).iter().any(|(child, key)| {
        let owned = patient.tenancy.owned_named(&child.name).zip(patient.tenancy.owned_named(parent));
        key.cascades() && owned.is_some_and(|(child, parent)| !key.ties(child.tenant, parent.tenant))
    })
}

/// Whether what hangs on a table, and what hangs on that, belongs to the tenant of the row it hangs on: by a reference
/// that says so, or because the reference is all that says whose it is.
fn is_contained<'a>(patient: Patient<'a>, name: &'a str, seen: &mut Vec<&'a str>) -> bool {
    if seen.contains(&name) {
        return true;
    }
    seen.push(name);
    let derived = patient.tenancy.derived();
    let mut links = patient.tenancy.references(name).iter().filter(|(_, key)| key.cascades());
    links.all(|(child, key)| {
        let owned = patient.tenancy.owned_named(&child.name).zip(patient.tenancy.owned_named(name));
        let stays = owned.is_some_and(|(child, parent)| key.ties(child.tenant, parent.tenant))
            || derived.iter().any(|found| found.relation.name == child.name && found.key.name == key.name);
        let acts = !child.triggers.is_empty() || !child.rules.is_empty();
        stays && !acts && is_contained(patient, &child.name, seen)
    })
}

/// Whether it is a view of tenants' tables that the catalog says nothing of.
fn shows(patient: Patient<'_>, name: &str) -> bool {
    patient.tenancy.relation(name).is_some_and(|relation| {
        patient.tenancy.shows_tenants(relation) && patient.tenancy.declared(relation).is_none()
    })
}
