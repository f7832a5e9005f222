//! The checks, one function each: from what there is to what is wrong with it.

mod account;
mod catalog;
mod columns;
mod derived;
mod effects;
mod grants;
mod keys;
mod mysql;
mod policies;
mod relations;
mod settings;
mod sqlite;

use super::{
    Code, Diagnosis, acts, expression, mend,
    patient::{Patient, grantee},
};

type Check = fn(Patient<'_>) -> Vec<Diagnosis>;

pub(super) const ALL: &[Check] = &[
    account::attributes,
    account::memberships,
    account::owner,
    policies::switches,
    policies::commands,
    policies::conditions,
    derived::switches,
    derived::conditions,
    relations::views,
    relations::materialized,
    relations::foreign,
    relations::partitions,
    relations::rules_and_triggers,
    relations::routines,
    keys::unique,
    keys::links,
    keys::indexes,
    keys::validity,
    columns::required,
    columns::comparison,
    columns::defaults,
    catalog::unknown,
    catalog::missing,
    catalog::columns_and_keys,
    effects::judged,
    grants::beyond_rows,
    grants::shared,
    grants::public,
    grants::creation,
    grants::sequences,
    settings::at_login,
    settings::session,
    settings::version,
    settings::publications,
    mysql::account,
    mysql::definers,
    mysql::events,
    mysql::engines,
    sqlite::links,
];
