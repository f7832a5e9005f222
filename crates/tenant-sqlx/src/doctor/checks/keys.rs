//! Keys that link or confuse tenants, and indexes that make one wait for the others.

use super::{Code, Diagnosis, Patient};
use crate::{ddl::mend, model::Owned};

pub(super) fn unique(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.owned().flat_map(|owned| {
        owned.open_keys().map(move |key| {
            let is_written = !patient.is_mysql() || key.plain_columns().is_some();
            let fix = if is_written { mend::key(patient.draft, owned, key) } else { Vec::new() };
            let advice = match (fix.is_empty(), key.is_exclusion) {
                (false, _) => "what upserts on the old key has to name the new one",
                (true, true) => "say what excludes what within each tenant",
                (true, false) if !is_written => {
                    "it is made of parts of values, or of expressions: make one of the tenant and the same by hand, \
                     then drop this one"
                }
                (true, false) => {
                    "a table that is no tenant's refers to it: give that table the tenant column first"
                }
            };
            Diagnosis::new(Code::KeyWithoutTenant, format!("{}: {}", owned.relation.name, key.name))
                .fix(fix)
                .advice(advice)
        })
    });
    found.collect()
}

/// One finding for each reference, by the worst that it does.
pub(super) fn links(patient: Patient<'_>) -> Vec<Diagnosis> {
    let owned = patient.owned().filter(|owned| !owned.relation.is_partition);
    let found = owned.flat_map(|owned| {
        owned.open_links(patient.tenancy).map(move |(key, parent)| {
            let code = if key.cascades() { Code::CascadePastTenant } else { Code::LinkWithoutTenant };
            Diagnosis::new(code, format!("{}: {}", owned.relation.name, key.name)).fix(mend::link(
                patient.draft,
                owned,
                parent,
                key,
            ))
        })
    });
    found.collect()
}

pub(super) fn indexes(patient: Patient<'_>) -> Vec<Diagnosis> {
    let owned = patient.owned().filter(|owned| owned.relation.parent.is_none() && owned.has_tenant_column());
    owned.flat_map(|owned| missing(patient, owned)).collect()
}

fn missing(patient: Patient<'_>, owned: Owned<'_>) -> Vec<Diagnosis> {
    let (draft, name) = (patient.draft, &owned.relation.name);
    let has_lead =
        owned.relation.indexes.iter().any(|index| index.leads_with(owned.tenant) && !index.is_partial);
    let lead = (!has_lead)
        .then(|| Diagnosis::new(Code::NoTenantIndex, name).fix([mend::index(draft, owned, &[owned.tenant])]));
    let bare = draft.bare_links(owned).into_iter().map(|columns| {
        Diagnosis::new(Code::LinkWithoutIndex, format!("{name}: {}", columns.join(", ")))
            .fix([mend::index(draft, owned, &columns)])
    });
    let loose = draft.loose_indexes(owned).into_iter().map(|index| {
        Diagnosis::new(Code::IndexWithoutTenant, format!("{name}: {}", index.name))
            .fix(mend::twin(draft, owned, index))
            .advice("the old index may go when nothing else needs it")
    });
    lead.into_iter().chain(bare).chain(loose).collect()
}

pub(super) fn validity(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.owned().flat_map(|owned| {
        let (relation, table) = (owned.relation, patient.quoted(&owned.relation.name));
        let object = move |name: &str| format!("{}: {name}", relation.name);
        let constraints = relation.unvalidated.iter().map(move |name| {
            let validate = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {}", patient.quoted(name));
            Diagnosis::new(Code::NotValidated, object(name)).fix([validate])
        });
        let indexes = relation.indexes.iter().filter(|index| !index.is_valid);
        let indexes = indexes.map(move |index| {
            let rebuild = format!("REINDEX INDEX CONCURRENTLY {}", patient.quoted(&index.name));
            Diagnosis::new(Code::InvalidIndex, object(&index.name)).fix([rebuild])
        });
        constraints.chain(indexes)
    });
    found.collect()
}
