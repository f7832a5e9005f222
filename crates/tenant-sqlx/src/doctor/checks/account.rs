//! The account that tenants' statements run as.

use super::{Code, Diagnosis, Patient};

pub(super) fn attributes(patient: Patient<'_>) -> Vec<Diagnosis> {
    let (account, role) = (&patient.model.account, patient.role());
    let attributes = [
        (account.is_superuser, Code::Superuser, "NOSUPERUSER"),
        (account.bypasses_policies && !account.is_superuser, Code::BypassRls, "NOBYPASSRLS"),
        (account.creates_roles && !account.is_superuser, Code::CreatesRoles, "NOCREATEROLE"),
        (account.replicates && !account.is_superuser, Code::Replicates, "NOREPLICATION"),
        (account.creates_databases && !account.is_superuser, Code::CreatesDatabases, "NOCREATEDB"),
    ];
    let held = attributes.into_iter().filter(|(is_held, ..)| *is_held && patient.is_postgres());
    let diagnosis = |(_, code, word)| {
        Diagnosis::new(code, &account.name)
            .fix([format!("ALTER ROLE {role} {word}")])
            .advice("or serve with another role")
    };
    held.map(diagnosis).collect()
}

/// Roles of the server that reach past tables and policies
/// (<https://www.postgresql.org/docs/current/predefined-roles.html>).
const ALL_DATA: [&str; 5] = [
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
];
const STATISTICS: [&str; 5] =
    ["pg_monitor", "pg_read_all_stats", "pg_read_all_settings", "pg_stat_scan_tables", "pg_signal_backend"];

pub(super) fn memberships(patient: Patient<'_>) -> Vec<Diagnosis> {
    let account = &patient.model.account;
    let found = account.memberships.iter().filter_map(|member| {
        let code = if member.is_superuser || member.bypasses_policies {
            Code::BecomesSuperuser
        } else if ALL_DATA.contains(&member.role.as_str()) {
            Code::ReadsAllData
        } else if STATISTICS.contains(&member.role.as_str()) {
            Code::ReadsStatistics
        } else {
            return None;
        };
        let object = format!("{} -> {}", account.name, member.role);
        let revoke = format!("REVOKE {} FROM {}", patient.quoted(&member.through), patient.role());
        Some(Diagnosis::new(code, object).fix([revoke]))
    });
    found.collect()
}

pub(super) fn owner(patient: Patient<'_>) -> Vec<Diagnosis> {
    if !patient.wants_policies() || patient.model.account.is_superuser {
        return Vec::new();
    }
    let own = patient.owned().filter(|owned| owned.relation.is_own);
    let diagnosis = |name: &str| {
        Diagnosis::new(Code::OwnsTable, name)
            .fix([format!("ALTER TABLE {} OWNER TO CURRENT_USER", patient.quoted(name))])
            .advice("run it as the role that migrations run as; grant the application SELECT, INSERT, UPDATE and DELETE")
    };
    own.map(|owned| diagnosis(&owned.relation.name)).collect()
}
