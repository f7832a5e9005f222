//! What a session begins with, and what the server is.

use tenant_sql::Dialect;

use super::{Code, Diagnosis, Patient};
use crate::model::Setting;

pub(super) fn at_login(patient: Patient<'_>) -> Vec<Diagnosis> {
    let reset = |setting: &Setting| {
        let name: Vec<String> = setting.name.split('.').map(|part| patient.quoted(part)).collect();
        format!("ALTER {} RESET {}", setting.target, name.join("."))
    };
    let found = patient.model.settings.iter().filter_map(|setting| {
        let is_off = ["off", "false", "no", "0"].contains(&setting.value.to_ascii_lowercase().as_str());
        let code = match setting.name.as_str() {
            name if name == patient.draft.ddl.setting => Code::SettingAtLogin,
            "row_security" if is_off => Code::RowSecurityOff,
            _ => return None,
        };
        let object = format!("{}: {}", setting.target, setting.name);
        Some(Diagnosis::new(code, object).fix([reset(setting)]))
    });
    found.collect()
}

/// Where a login sets it, that is told already.
pub(super) fn session(patient: Patient<'_>) -> Vec<Diagnosis> {
    let at_login = patient.model.settings.iter().any(|setting| setting.name == patient.draft.ddl.setting);
    let is_left = patient.model.comes_with_tenant && !at_login;
    let found = is_left.then(|| {
        Diagnosis::new(Code::SessionWithTenant, &patient.draft.ddl.setting).advice(
            "somebody sets the tenant for the session instead of the transaction: use SET LOCAL or \
             set_config(…, true), and close the pooler's connections",
        )
    });
    found.into_iter().collect()
}

pub(super) fn version(patient: Patient<'_>) -> Vec<Diagnosis> {
    let (floor, name) = match (patient.model.dialect, patient.model.is_mariadb) {
        (Dialect::Postgres, _) => (140_000, "PostgreSQL 14"),
        (Dialect::MySql, true) => (100_600, "MariaDB 10.6"),
        (Dialect::MySql, false) => (80_000, "MySQL 8"),
        (Dialect::Sqlite, _) => (3_039_000, "SQLite 3.39"),
    };
    let is_old = patient.model.version < floor;
    let found = is_old
        .then(|| Diagnosis::new(Code::OldVersion, name).advice("update to this version or a later one"));
    found.into_iter().collect()
}

pub(super) fn publications(patient: Patient<'_>) -> Vec<Diagnosis> {
    let found = patient.model.publications.iter().flat_map(|publication| {
        let name = patient.quoted(&publication.name);
        let owned = publication.tables.iter().filter(|table| patient.tenancy.owned_named(table).is_some());
        let drop = |table: &String| format!("ALTER PUBLICATION {name} DROP TABLE {}", patient.quoted(table));
        let tables: Vec<String> = owned.map(drop).collect();
        let fix = if publication.has_all_tables { vec![format!("DROP PUBLICATION {name}")] } else { tables };
        let found = Diagnosis::new(Code::Published, &publication.name).fix(fix.clone());
        (!fix.is_empty()).then(|| found.advice("or accept it, where whoever subscribes may see all tenants"))
    });
    found.collect()
}
