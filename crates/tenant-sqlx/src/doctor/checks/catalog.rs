//! The catalog against what there is.

use tenant_sql::{TableKind, Unknown};

use super::{Code, Diagnosis, Patient};
use crate::{catalog::is_framework, ddl::name_of, model::Relation};

pub(super) fn unknown(patient: Patient<'_>) -> Vec<Diagnosis> {
    let catalog = patient.tenancy.catalog;
    let derived = patient.tenancy.derived();
    let is_derived =
        |relation: &Relation| derived.iter().any(|derived| derived.relation.name == relation.name);
    let strangers = patient.model.relations.iter().filter(|relation| {
        relation.is_table()
            && !is_framework(&relation.name)
            && patient.tenancy.declared(relation).is_none()
            && !is_derived(relation)
    });
    let diagnosis = |relation: &Relation| {
        Diagnosis::new(Code::UnknownTable, &relation.name).advice("list it as owned, shared or hidden")
    };
    let is_refused = catalog.unknown() == Unknown::Refuse;
    strangers.filter(|_| is_refused || catalog.tables().next().is_some()).map(diagnosis).collect()
}

pub(super) fn missing(patient: Patient<'_>) -> Vec<Diagnosis> {
    let declared = patient.tenancy.catalog.tables().filter(|table| table.kind() != TableKind::Hidden);
    let missing = declared.filter(|table| patient.tenancy.relation(table.name()).is_none());
    let missing = missing.map(|table| {
        Diagnosis::new(Code::MissingTable, table.name()).advice("create it, or take it out of the catalog")
    });
    let bare = patient.owned().filter(|owned| !owned.has_tenant_column()).map(|owned| {
        Diagnosis::new(Code::MissingTenantColumn, &owned.relation.name)
            .advice("`tenant ddl` prints the steps that bring it there")
    });
    missing.chain(bare).collect()
}

pub(super) fn columns_and_keys(patient: Patient<'_>) -> Vec<Diagnosis> {
    let model = patient.model;
    let tables = patient.tenancy.catalog.tables();
    let found = tables.filter_map(|table| Some((table, patient.tenancy.relation(table.name())?))).flat_map(
        |(table, relation)| {
            let has = |name: &String| relation.columns.iter().any(|column| model.same(&column.name, name));
            let columns = table.column_names().iter().filter(move |name| !has(name)).map(move |name| {
                Diagnosis::new(Code::MissingColumn, format!("{}: {name}", relation.name))
                    .advice("take it out of the catalog")
            });
            let keys = table
                .unique_keys()
                .iter()
                .filter(move |key| relation.is_table() && !has_key(patient, relation, key));
            let keys = keys.map(move |key| {
                Diagnosis::new(Code::MissingKey, format!("{}: {}", relation.name, key.join(", ")))
                    .fix([created(patient, relation, key)])
            });
            columns.chain(keys)
        },
    );
    found.collect()
}

fn created(patient: Patient<'_>, relation: &Relation, key: &[String]) -> String {
    let names = [relation.name.as_str()].into_iter().chain(key.iter().map(String::as_str)).chain(["key"]);
    let name = patient.quoted(&name_of(&names.collect::<Vec<_>>()));
    format!("CREATE UNIQUE INDEX {name} ON {} ({})", patient.quoted(&relation.name), patient.draft.list(key))
}

fn has_key(patient: Patient<'_>, relation: &Relation, key: &[String]) -> bool {
    let same = |left: &str, right: &String| patient.model.same(left, right);
    relation.keys().any(|index| {
        index.columns.len() == key.len()
            && key.iter().all(|name| index.columns.iter().flatten().any(|column| same(column, name)))
    })
}
