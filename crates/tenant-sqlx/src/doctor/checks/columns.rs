//! The tenant column.

use super::{Code, Diagnosis, Patient, mend};
use crate::{
    catalog::Problem,
    ddl::{self, postgres::column::is_setting},
};

pub(super) fn required(patient: Patient<'_>) -> Vec<Diagnosis> {
    let nullable = patient.owned().filter(|owned| {
        let column = owned.relation.column(owned.tenant);
        owned.relation.parent.is_none() && column.is_some_and(|column| column.is_nullable)
    });
    let diagnosis = |owned: crate::model::Owned<'_>| {
        Diagnosis::new(Code::NullableTenant, &owned.relation.name)
            .fix(mend::required(patient, owned))
            .advice("rows without a tenant have to be given one first")
    };
    nullable.map(diagnosis).collect()
}

pub(super) fn comparison(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.model.judged.iter().filter_map(|finding| {
        let code = match finding.problem {
            Problem::Collation => Code::TenantCollation,
            Problem::Affinity => Code::TenantType,
            _ => return None,
        };
        // The column of a partition is that of its table.
        let owned = patient.tenancy.owned_named(&finding.relation);
        let owned = owned.filter(|owned| owned.relation.parent.is_none())?;
        Some(Diagnosis::new(code, &finding.relation).fix(mend::retyped(patient, owned, finding.problem)))
    });
    found.collect()
}

/// The transaction's own tenant is a sound default; any other is a guess.
pub(super) fn defaults(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.owned().filter(|owned| owned.relation.parent.is_none()).filter_map(|owned| {
        let default = owned.relation.column(owned.tenant)?.default.as_deref()?;
        let is_sound = default.eq_ignore_ascii_case("null") || is_setting(patient.draft, default);
        let fix = || ddl::mend::defaulted(patient.draft, owned);
        (!is_sound).then(|| Diagnosis::new(Code::TenantDefault, &owned.relation.name).fix(fix()))
    });
    found.collect()
}
