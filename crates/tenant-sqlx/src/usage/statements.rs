//! What is said to the database about usage.

use crate::driver::{Sql, sql};

macro_rules! record {
    () => {
        "tenant_id, time, record_id, record_key, project, kind, measure, quantity, metadata"
    };
}
macro_rules! day {
    () => {
        "measure, project, kind, day, records, amount_high, amount_low, first_at, last_at, last_level, peak"
    };
}
macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}
macro_rules! key {
    () => {
        "(tenant_id = ? AND record_key = ?)"
    };
}
macro_rules! of_day {
    () => {
        "tenant_id = ? AND measure = ? AND project = ? AND kind = ? AND day = ?"
    };
}

/// How many records [`ADD_MANY`] adds.
pub(super) const MANY: usize = 10;
/// How many [`KNOWN`] asks for.
pub(super) const ASKED: usize = 8;

pub(super) const ADD: Sql = sql!("INSERT INTO tenant_usage (", record!(), ") VALUES ", row!());
#[rustfmt::skip]
pub(super) const ADD_MANY: Sql = sql!(
    "INSERT INTO tenant_usage (", record!(), ") VALUES ",
    row!(), ", ", row!(), ", ", row!(), ", ", row!(), ", ", row!(), ", ",
    row!(), ", ", row!(), ", ", row!(), ", ", row!(), ", ", row!(),
);
pub(super) const FIND: Sql = sql!("SELECT ", record!(), " FROM tenant_usage WHERE ", key!());
#[rustfmt::skip]
pub(super) const KNOWN: Sql = sql!(
    "SELECT ", record!(), " FROM tenant_usage WHERE ",
    key!(), " OR ", key!(), " OR ", key!(), " OR ", key!(), " OR ",
    key!(), " OR ", key!(), " OR ", key!(), " OR ", key!(),
);

// MySQL reckons with what it has just set: the higher part comes first.
pub(super) const COUNT: Sql = sql!(
    "UPDATE tenant_usage_days SET records = records + ?, \
     amount_high = amount_high + ? + CASE WHEN amount_low + ? >= 1000000000000000000 THEN 1 ELSE 0 END, \
     amount_low = amount_low + ? - CASE WHEN amount_low + ? >= 1000000000000000000 THEN 1000000000000000000 ELSE 0 END \
     WHERE ",
    of_day!()
);
pub(super) const ADD_DAY: Sql = sql!(
    "INSERT INTO tenant_usage_days (records, amount_high, amount_low, tenant_id, measure, project, kind, day) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
);

/// Written, not only read, so that whoever comes next waits on every database.
pub(super) const HOLD: Sql = sql!(
    "UPDATE tenant_usage_days SET records = records + 0, amount_high = amount_high + 1 WHERE ",
    of_day!()
);
pub(super) const HELD: Sql = sql!("SELECT ", day!(), " FROM tenant_usage_days WHERE ", of_day!());
pub(super) const SET_LEVEL: Sql = sql!(
    "UPDATE tenant_usage_days SET records = ?, amount_high = ?, amount_low = ?, first_at = ?, last_at = ?, \
     last_level = ?, peak = ? WHERE ",
    of_day!()
);
pub(super) const ADD_CHANGE: Sql = sql!(
    "INSERT INTO tenant_usage_levels (tenant_id, project, kind, time, place, quantity) VALUES (?, ?, ?, ?, ?, ?)"
);
pub(super) const CHANGE_BEFORE: Sql = sql!(
    "SELECT quantity FROM tenant_usage_levels WHERE tenant_id = ? AND project = ? AND kind = ? \
     AND time >= ? AND time <= ? ORDER BY time DESC, place DESC LIMIT 1"
);
pub(super) const CHANGE_AFTER: Sql = sql!(
    "SELECT time FROM tenant_usage_levels WHERE tenant_id = ? AND project = ? AND kind = ? \
     AND time > ? AND time < ? ORDER BY time, place LIMIT 1"
);

pub(super) const DAYS: Sql = sql!(
    "SELECT ",
    day!(),
    " FROM tenant_usage_days WHERE tenant_id = ? AND day >= ? AND day < ? AND records > 0 \
     AND (measure, project, kind, day) > (?, ?, ?, ?) ORDER BY measure, project, kind, day LIMIT ?"
);
pub(super) const LEVELS_BEFORE: Sql = sql!(
    "SELECT d.measure, d.project, d.kind, d.last_level FROM tenant_usage_days d \
     WHERE d.tenant_id = ? AND d.measure = 'level' AND d.records > 0 AND d.day < ? \
     AND NOT EXISTS (SELECT 1 FROM tenant_usage_days l WHERE l.tenant_id = d.tenant_id AND l.measure = d.measure \
     AND l.project = d.project AND l.kind = d.kind AND l.records > 0 AND l.day > d.day AND l.day < ?) \
     AND (d.measure, d.project, d.kind) > (?, ?, ?) ORDER BY d.measure, d.project, d.kind LIMIT ?"
);
/// An amount is added up in three parts, so that no sum of days goes beyond an integer. MySQL divides and adds in decimals, and
/// PostgreSQL adds in them: each says in its own way that they are integers, which to SQLite is all the same.
macro_rules! summed {
    ($integer:literal) => {
        concat!(
            "CAST(SUM(amount_high) AS ",
            $integer,
            "), CAST(SUM((amount_low - amount_low % 1000000000) / 1000000000) AS ",
            $integer,
            "), CAST(SUM(amount_low % 1000000000) AS ",
            $integer,
            ")"
        )
    };
}
macro_rules! sums {
    ($integer:literal) => {
        sql!(
            "SELECT measure, project, kind, CAST(SUM(records) AS ",
            $integer,
            "), ",
            summed!($integer),
            " FROM tenant_usage_days WHERE tenant_id = ? AND measure = 'sum' AND day >= ? AND day < ? AND records > 0 \
             AND (project, kind) > (?, ?) GROUP BY measure, project, kind ORDER BY measure, project, kind LIMIT ?"
        )
    };
}
pub(super) const SUMS: Sql = Sql { marks: sums!("SIGNED").marks, numbers: sums!("BIGINT").numbers };
macro_rules! by_project {
    ($integer:literal) => {
        sql!(
            "SELECT measure, project, kind, ",
            summed!($integer),
            ", MIN(first_at), MAX(peak) FROM tenant_usage_days \
             WHERE tenant_id = ? AND measure IN ('level', 'sum') AND project >= ? AND project <= ? \
             AND day >= ? AND day < ? AND records > 0 GROUP BY measure, project, kind"
        )
    };
}
pub(super) const BY_PROJECT: Sql =
    Sql { marks: by_project!("SIGNED").marks, numbers: by_project!("BIGINT").numbers };
pub(super) const CARRIED_BY_PROJECT: Sql = sql!(
    "SELECT d.measure, d.project, d.kind, d.last_level FROM tenant_usage_days d \
     WHERE d.tenant_id = ? AND d.measure = 'level' AND d.project >= ? AND d.project <= ? AND d.records > 0 AND d.day < ? \
     AND NOT EXISTS (SELECT 1 FROM tenant_usage_days l WHERE l.tenant_id = d.tenant_id AND l.measure = d.measure \
     AND l.project = d.project AND l.kind = d.kind AND l.records > 0 AND l.day > d.day AND l.day < ?)"
);

pub(super) const RECORDS: Sql = sql!(
    "SELECT ",
    record!(),
    " FROM tenant_usage WHERE tenant_id = ? AND time >= ? AND time < ? \
     AND (time > ? OR (time = ? AND record_id > ?)) ORDER BY time, record_id LIMIT ?"
);

pub(super) const NEXT_TENANT: Sql =
    sql!("SELECT tenant_id FROM tenant_usage WHERE tenant_id > ? ORDER BY tenant_id LIMIT 1");
pub(super) const RECORDS_BEFORE: Sql = sql!(
    "SELECT tenant_id, time, record_id FROM tenant_usage WHERE tenant_id = ? AND time < ? ORDER BY time, record_id LIMIT ?"
);
pub(super) const FORGET: Sql =
    sql!("DELETE FROM tenant_usage WHERE tenant_id = ? AND time = ? AND record_id = ?");
pub(super) const CHANGES_BEFORE: Sql = sql!(
    "SELECT tenant_id, project, kind, time, place FROM tenant_usage_levels WHERE tenant_id = ? AND time < ? LIMIT ?"
);
pub(super) const CHANGES_OF: Sql =
    sql!("SELECT tenant_id, project, kind, time, place FROM tenant_usage_levels WHERE tenant_id = ? LIMIT ?");
pub(super) const FORGET_CHANGE: Sql = sql!(
    "DELETE FROM tenant_usage_levels WHERE tenant_id = ? AND project = ? AND kind = ? AND time = ? AND place = ?"
);
pub(super) const DAYS_OF: Sql =
    sql!("SELECT tenant_id, measure, project, kind, day FROM tenant_usage_days WHERE tenant_id = ? LIMIT ?");
pub(super) const FORGET_DAY: Sql = sql!("DELETE FROM tenant_usage_days WHERE ", of_day!());

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::assert_in_order;

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[
            KNOWN,
            HELD,
            CHANGE_BEFORE,
            CHANGE_AFTER,
            DAYS,
            LEVELS_BEFORE,
            BY_PROJECT,
            SUMS,
            CARRIED_BY_PROJECT,
            RECORDS,
            RECORDS_BEFORE,
            CHANGES_BEFORE,
            CHANGES_OF,
            DAYS_OF,
        ])
        .await;
    }
}
