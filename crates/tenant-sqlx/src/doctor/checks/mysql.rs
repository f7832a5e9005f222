//! MySQL and MariaDB: there are no policies, so that rights and definers are all there is.

use super::{Code, Diagnosis, Patient};
use crate::model::{Relation, Right, Routine};

/// What an application's account may have in its own database.
const USES: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE", "SHOW VIEW"];

pub(super) fn account(patient: Patient<'_>) -> Vec<Diagnosis> {
    let account = &patient.model.account;
    let rights = account.rights.iter().filter(|_| patient.is_mysql());
    let found = rights.filter_map(|right| {
        let Right { to, privilege, on } = right;
        let name = if *to == account.grantee { &account.name } else { to };
        let object = format!("{name}: {privilege} on {on}");
        Some(Diagnosis::new(code(right)?, object).fix(revoked(patient, right)))
    });
    let hidden = account.hidden_roles.iter().map(|role| {
        Diagnosis::new(Code::HiddenRights, format!("{}: {role}", account.name))
            .advice("examine the database with an account that may read the server's own tables")
    });
    found.chain(hidden).collect()
}

fn code(right: &Right) -> Option<Code> {
    // A right to columns names them behind it.
    let word = right.privilege.split(" (").next().unwrap_or_default();
    match word {
        "GRANT OPTION" | "ADMIN OPTION" => Some(Code::MayGrant),
        "USAGE" => None,
        "PROXY" => Some(Code::GlobalRights),
        _ if right.on == "*.*" => Some(Code::GlobalRights),
        _ if right.to == "PUBLIC" => Some(Code::PublicRights),
        word if USES.contains(&word) => None,
        _ => Some(Code::SchemaRights),
    }
}

/// What is granted as a whole is taken as a whole, and what the application needs of it is given back.
fn revoked(patient: Patient<'_>, right: &Right) -> Vec<String> {
    let Right { to, privilege, on } = right;
    let revoke = |what: &str| format!("REVOKE {what} FROM {to}");
    match privilege.as_str() {
        "ADMIN OPTION" if patient.model.is_mariadb => vec![revoke(&format!("ADMIN OPTION FOR {on}"))],
        "ADMIN OPTION" => vec![revoke(on), format!("GRANT {on} TO {to}")],
        "ALL PRIVILEGES" if on != "*.*" && to != "PUBLIC" => {
            let back = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {on} TO {to}");
            vec![revoke(&format!("ALL PRIVILEGES ON {on}")), back]
        }
        _ => vec![revoke(&format!("{privilege} ON {on}"))],
    }
}

pub(super) fn definers(patient: Patient<'_>) -> Vec<Diagnosis> {
    let routines = patient.model.routines.iter();
    let routines = routines.filter(|routine| patient.is_mysql() && routine.runs_as_definer);
    let diagnosis = |routine: &Routine| {
        let alter = format!("ALTER {} {} SQL SECURITY INVOKER", routine.kind, patient.quoted(&routine.name));
        Diagnosis::new(Code::DefinerRoutine, &routine.name).fix([alter])
    };
    routines.map(diagnosis).collect()
}

pub(super) fn events(patient: Patient<'_>) -> Vec<Diagnosis> {
    let diagnosis = |name: &String| {
        Diagnosis::new(Code::Event, name)
            .fix([format!("DROP EVENT {}", patient.quoted(name))])
            .advice("or accept it, if it stays within each tenant")
    };
    patient.model.events.iter().map(|event| diagnosis(&event.name)).collect()
}

pub(super) fn engines(patient: Patient<'_>) -> Vec<Diagnosis> {
    let is_weak =
        |relation: &Relation| !["InnoDB", "ROCKSDB", "ndbcluster", ""].contains(&relation.engine.as_str());
    let found = patient.owned().filter(|owned| is_weak(owned.relation)).map(|owned| {
        let alter = format!("ALTER TABLE {} ENGINE = InnoDB", patient.quoted(&owned.relation.name));
        Diagnosis::new(Code::Engine, &owned.relation.name).fix([alter])
    });
    found.collect()
}
