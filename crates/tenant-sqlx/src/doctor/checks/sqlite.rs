//! SQLite: references hold where the connection says so, and for what was written while it did.

use super::{Code, Diagnosis, Patient};

pub(super) fn links(patient: Patient<'_>) -> Vec<Diagnosis> {
    let model = patient.model;
    let off = (!model.enforces_foreign_keys).then(|| {
        Diagnosis::new(Code::ForeignKeysOff, "foreign_keys")
            .fix(["PRAGMA foreign_keys = ON".to_owned()])
            .advice("for each connection: `SqliteConnectOptions::foreign_keys(true)`")
    });
    let broken = model.broken.iter().map(|table| {
        Diagnosis::new(Code::BrokenLinks, table).advice("`PRAGMA foreign_key_check` tells which rows")
    });
    off.into_iter().chain(broken).collect()
}
