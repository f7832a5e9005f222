//! MySQL and MariaDB: there are no policies, so that rights and definers are all there is.

use super::{Code, Diagnosis, Patient};
use crate::{
    ddl::mysql::invoked,
    model::{Kind, Relation},
};

/// What an application's account may have in its own database.
const USES: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "USAGE", "EXECUTE", "SHOW VIEW"];

pub(super) fn account(patient: Patient<'_>) -> Vec<Diagnosis> {
    let account = &patient.model.account;
    let found = account.privileges.iter().filter(|_| patient.is_mysql()).filter_map(|found| {
        let (scope, privilege) = found.split_once(": ")?;
        let is_global = scope == "*.*";
        let code = match privilege {
            "GRANT OPTION" => Code::MayGrant,
            "USAGE" => return None,
            _ if is_global => Code::GlobalRights,
            _ if USES.contains(&privilege) => return None,
            _ => Code::SchemaRights,
        };
        let revoke = format!("REVOKE {privilege} ON {scope} FROM {}", account.name);
        Some(Diagnosis::new(code, format!("{}: {privilege} on {scope}", account.name)).fix([revoke]))
    });
    found.collect()
}

pub(super) fn definers(patient: Patient<'_>) -> Vec<Diagnosis> {
    if !patient.is_mysql() {
        return Vec::new();
    }
    let views = patient.model.relations.iter().filter(|relation| {
        relation.kind == Kind::View && !relation.reads_as_invoker && patient.tenancy.shows_tenants(relation)
    });
    let views =
        views.map(|view| Diagnosis::new(Code::ViewAsOwner, &view.name).fix([invoked(patient.draft, view)]));
    let routines = patient.model.routines.iter().filter(|routine| routine.runs_as_definer);
    let routines = routines.map(|routine| {
        let alter = format!("ALTER {} {} SQL SECURITY INVOKER", routine.kind, patient.quoted(&routine.name));
        Diagnosis::new(Code::DefinerRoutine, &routine.name).fix([alter])
    });
    views.chain(routines).collect()
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
