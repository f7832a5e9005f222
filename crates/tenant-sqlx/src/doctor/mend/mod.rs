//! Repairs that only the doctor makes: they touch what was found, and nothing beside it.

mod mysql;
mod postgres;

use tenant_sql::Dialect;

use super::{expression, patient::Patient};
use crate::{
    catalog::Problem,
    ddl::{self, sqlite::DefaultTenant},
    model::{Owned, Relation},
};

/// Nobody but its owner may ask it, whoever was given the right to.
pub(super) fn closed(patient: Patient<'_>, relation: &Relation) -> String {
    let grants = relation.grants.iter().chain(&relation.column_grants);
    let grantees =
        grants.map(|grant| grant.to.as_str()).filter(|to| *to != relation.owner && *to != "PUBLIC");
    let mut roles: Vec<&str> = patient.draft.ddl.role.as_deref().into_iter().chain(grantees).collect();
    roles.sort_unstable();
    roles.dedup();
    let roles: String = roles.into_iter().map(|role| format!(", {}", patient.quoted(role))).collect();
    format!("REVOKE ALL ON {} FROM PUBLIC{roles}", patient.quoted(&relation.name))
}

/// A view reads with the rights of who reads it. All else that it was made with stays: how it is worked out, and what is
/// asked of rows that are written through it.
pub(super) fn invoked(patient: Patient<'_>, view: &Relation) -> Option<String> {
    const AS_OWNER: &str = " SQL SECURITY DEFINER VIEW ";
    if !patient.is_mysql() {
        return Some(ddl::postgres::policies::invoked(patient.draft, view));
    }
    let made = view.statement.as_deref()?.strip_prefix("CREATE ").filter(|text| text.contains(AS_OWNER))?;
    Some(format!("CREATE OR REPLACE {}", made.replacen(AS_OWNER, " SQL SECURITY INVOKER VIEW ", 1)))
}

/// Every row has a tenant.
pub(super) fn required(patient: Patient<'_>, owned: Owned<'_>) -> Vec<String> {
    match patient.model.dialect {
        Dialect::Postgres => ddl::postgres::column::required(patient.draft, owned),
        Dialect::MySql => mysql::required(patient, owned).into_iter().collect(),
        Dialect::Sqlite => ddl::sqlite::rebuilt(patient.draft, &[owned], DefaultTenant::Kept),
    }
}

/// The tenant column is of the right type, or compares byte by byte.
pub(super) fn retyped(patient: Patient<'_>, owned: Owned<'_>, problem: Problem) -> Vec<String> {
    match patient.model.dialect {
        Dialect::Postgres => postgres::retyped(patient, owned, problem),
        Dialect::MySql => mysql::retyped(patient, owned, problem).into_iter().collect(),
        Dialect::Sqlite => ddl::sqlite::rebuilt(patient.draft, &[owned], DefaultTenant::Kept),
    }
}
