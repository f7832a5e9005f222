//! What the account may do beyond reading and writing rows.

use tenant_sql::TableKind;

use super::{Code, Diagnosis, Patient, grantee};
use crate::model::{Grant, Relation};

fn revoked(patient: Patient<'_>, on: &str, grant: &Grant) -> String {
    format!(
        "REVOKE {} ON {on} FROM {}",
        privilege(grant, |name| patient.quoted(name)),
        grantee(patient, grant)
    )
}

fn object(name: &str, grant: &Grant) -> String {
    format!("{name}: {} to {}", privilege(grant, str::to_owned), grant.to)
}

/// With the column it is for, if it is for one.
fn privilege(grant: &Grant, quoted: impl Fn(&str) -> String) -> String {
    let column = grant.column.as_deref().map(|column| format!(" ({})", quoted(column)));
    format!("{}{}", grant.privilege, column.unwrap_or_default())
}

/// A right to a column is one to something of every row.
fn grants(relation: &Relation) -> impl Iterator<Item = &Grant> {
    relation.grants.iter().chain(&relation.column_grants)
}

pub(super) fn beyond_rows(patient: Patient<'_>) -> Vec<Diagnosis> {
    const CODES: [(&str, Code); 3] =
        [("TRUNCATE", Code::MayTruncate), ("REFERENCES", Code::MayReference), ("TRIGGER", Code::MayTrigger)];
    let owned = patient.owned().filter(|_| patient.is_bound_by_grants());
    let found = owned.flat_map(|owned| {
        let name = &owned.relation.name;
        let table = patient.quoted(name);
        CODES.into_iter().flat_map(move |(privilege, code)| {
            let table = table.clone();
            let grants = grants(owned.relation).filter(move |grant| grant.privilege == privilege);
            // Who owns a table may do all of this, and is told so elsewhere.
            let grants = grants.filter(|grant| grant.to != owned.relation.owner);
            grants.map(move |grant| {
                Diagnosis::new(code, object(name, grant)).fix([revoked(patient, &table, grant)])
            })
        })
    });
    found.collect()
}

pub(super) fn shared(patient: Patient<'_>) -> Vec<Diagnosis> {
    const WRITES: [&str; 4] = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"];
    let tables = patient.tenancy.catalog.tables().filter(|table| table.kind() == TableKind::Shared);
    let tables = tables.filter_map(|table| patient.tenancy.relation(table.name()));
    let tables = tables.filter(|relation| patient.is_bound_by_grants() && !relation.is_own);
    let found = tables.flat_map(|relation: &Relation| {
        let table = patient.quoted(&relation.name);
        let writes = grants(relation).filter(|grant| WRITES.contains(&grant.privilege.as_str()));
        writes.map(move |grant| {
            let fix = revoked(patient, &table, grant);
            Diagnosis::new(Code::WritesShared, object(&relation.name, grant)).fix([fix])
        })
    });
    found.collect()
}

pub(super) fn public(patient: Patient<'_>) -> Vec<Diagnosis> {
    let is_open = |relation: &Relation| {
        !relation.public.is_empty() || relation.column_grants.iter().any(|grant| grant.to == "PUBLIC")
    };
    let open = patient.owned().filter(|owned| is_open(owned.relation));
    let diagnosis = |relation: &Relation| {
        let revoke = format!("REVOKE ALL ON {} FROM PUBLIC", patient.quoted(&relation.name));
        Diagnosis::new(Code::PublicRights, &relation.name)
            .fix([revoke])
            .advice("grant the roles what they need")
    };
    open.map(|owned| diagnosis(owned.relation)).collect()
}

/// Who can create can put a table, a function or an operator in front of another one.
pub(super) fn creation(patient: Patient<'_>) -> Vec<Diagnosis> {
    if !patient.is_bound_by_grants() {
        return Vec::new();
    }
    let model = patient.model;
    let found = |kind: &str, name: &str, grant: &Grant| {
        let on = format!("{kind} {}", patient.quoted(name));
        Diagnosis::new(Code::MayCreate, object(name, grant)).fix([revoked(patient, &on, grant)])
    };
    let creates = |grant: &&Grant| grant.privilege == "CREATE";
    let schema =
        model.schema_grants.iter().filter(creates).map(|grant| found("SCHEMA", &model.schema, grant));
    let database = model.database_grants.iter().filter(creates);
    schema.chain(database.map(|grant| found("DATABASE", &model.database, grant))).collect()
}

pub(super) fn sequences(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.model.sequences.iter().flat_map(|sequence| {
        let on = format!("SEQUENCE {}", patient.quoted(&sequence.name));
        let sets = sequence
            .grants
            .iter()
            .filter(|grant| patient.is_bound_by_grants() && grant.privilege == "UPDATE");
        let sets = sets.map(move |grant| {
            Diagnosis::new(Code::MaySetSequence, object(&sequence.name, grant))
                .fix([revoked(patient, &on, grant)])
                .advice("USAGE is enough for fresh keys")
        });
        let shared = (sequence.columns.len() > 1).then(|| {
            let object = format!("{}: {}", sequence.name, sequence.columns.join(", "));
            Diagnosis::new(Code::SharedSequence, object).advice("give each table a sequence of its own")
        });
        sets.chain(shared)
    });
    found.collect()
}
