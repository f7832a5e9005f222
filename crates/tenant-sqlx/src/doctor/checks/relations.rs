//! What shows or changes tenants' rows outside of the statement that names their table.

use super::{Code, Diagnosis, Patient, mend};
use crate::{
    ddl::postgres::policies::forced,
    model::{Kind, Relation},
};

pub(super) fn views(patient: Patient<'_>) -> Vec<Diagnosis> {
    let views = patient.tenancy.views_as_owner();
    let views = views.filter(|view| !patient.is_postgres() || patient.is_in_reach(view));
    let diagnosis = |view: &Relation| {
        let found = Diagnosis::new(Code::ViewAsOwner, &view.name).fix(mend::invoked(patient, view));
        match (patient.is_postgres(), found.fix.is_empty()) {
            (true, _) => {
                found.advice("before PostgreSQL 15 no view can read as who asks, and none is granted")
            }
            (false, true) => {
                found.advice("examine the database with an account that is shown what views are made of")
            }
            (false, false) => found,
        }
    };
    views.map(diagnosis).collect()
}

pub(super) fn materialized(patient: Patient<'_>) -> Vec<Diagnosis> {
    let views = patient.tenancy.stored_views().filter(|view| patient.is_in_reach(view));
    let diagnosis = |view: &Relation| {
        Diagnosis::new(Code::MaterializedView, &view.name).fix([mend::closed(patient, view)])
    };
    views.map(diagnosis).collect()
}

pub(super) fn foreign(patient: Patient<'_>) -> Vec<Diagnosis> {
    let tables = patient.model.relations.iter().filter(|relation| relation.kind == Kind::Foreign);
    let tables = tables.filter(|relation| !patient.is_postgres() || patient.is_in_reach(relation));
    let diagnosis = |table: &Relation| {
        let found = Diagnosis::new(Code::ForeignTable, &table.name);
        let found = found.advice("keep it out of the application's reach, or accept it");
        if patient.is_postgres() { found.fix([mend::closed(patient, table)]) } else { found }
    };
    tables.map(diagnosis).collect()
}

/// Partitions, and children by inheritance: what is asked of the table is narrowed by its policies, what is asked of a
/// part of it by that part's own.
pub(super) fn partitions(patient: Patient<'_>) -> Vec<Diagnosis> {
    let parts = patient.owned().filter(|owned| patient.is_postgres() && owned.relation.parent.is_some());
    let found = parts.flat_map(|owned| {
        let part = owned.relation;
        let is_walled = part.has_policies_on && part.forces_policies;
        let is_open = patient.wants_policies() && !is_walled && patient.is_in_reach(part);
        let open = is_open.then(|| {
            let fix = forced(patient.draft, part);
            Diagnosis::new(Code::PartitionInReach, &part.name).fix([mend::closed(patient, part)]).fix(fix)
        });
        let default = part.is_default_partition.then(|| {
            let parent = patient.quoted(part.parent.as_deref().unwrap_or_default());
            let detach = format!("ALTER TABLE {parent} DETACH PARTITION {}", patient.quoted(&part.name));
            Diagnosis::new(Code::DefaultPartition, &part.name)
                .fix([detach, mend::closed(patient, part)])
                .advice("its rows then have no place: move them first")
        });
        open.into_iter().chain(default)
    });
    found.collect()
}

pub(super) fn rules_and_triggers(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.owned().flat_map(|owned| {
        let table = patient.quoted(&owned.relation.name);
        let object = move |name: &str| format!("{}: {name}", owned.relation.name);
        let on = if patient.is_postgres() { format!(" ON {table}") } else { String::new() };
        let rule = {
            let on = on.clone();
            move |name: &String| {
                Diagnosis::new(Code::Rule, object(name))
                    .fix([format!("DROP RULE {}{on}", patient.quoted(name))])
            }
        };
        let trigger = move |name: &str| {
            Diagnosis::new(Code::Trigger, object(name))
                .fix([format!("DROP TRIGGER {}{on}", patient.quoted(name))])
                .advice("or, if it stays within the tenant, declare the table as trusted and accept this")
        };
        let triggers = owned.relation.triggers.iter().map(move |found| trigger(&found.name));
        owned.relation.rules.iter().map(rule).chain(triggers)
    });
    found.collect()
}

pub(super) fn routines(patient: Patient<'_>) -> Vec<Diagnosis> {
    let routines =
        patient.model.routines.iter().filter(|routine| patient.is_postgres() && routine.is_executable);
    let found = routines.flat_map(|routine| {
        let alter = format!("ALTER {} {}", routine.kind, routine.name);
        let faults = [
            (routine.runs_as_definer, Code::DefinerRoutine, "SECURITY INVOKER"),
            (
                routine.runs_as_definer && !routine.fixes_search_path,
                Code::DefinerSearchPath,
                "SET search_path = pg_catalog, pg_temp",
            ),
            (routine.is_leakproof, Code::Leakproof, "NOT LEAKPROOF"),
        ];
        let faults = faults.into_iter().filter(|(is_so, ..)| *is_so);
        faults
            .map(move |(_, code, word)| Diagnosis::new(code, &routine.name).fix([format!("{alter} {word}")]))
    });
    found.collect()
}
