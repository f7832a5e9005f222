//! The statements on the framework's own tables.

use crate::driver::{Sql, sql};

macro_rules! columns {
    () => {
        "id, name, status, plan, quota_requests_per_minute, quota_tokens_per_minute, allowed_models, \
         allowed_tools, allowed_methods, allowed_paths, hosts, features, branding, limits, metadata, database_key, \
         placement, settings, trial_ends_at, next_plan, boosts, due_at, \
         revision, created_at, updated_at"
    };
}

pub(super) const FETCH: Sql = sql!("SELECT ", columns!(), ", is_moving FROM tenants WHERE id = ?");

pub(super) const LIST: Sql =
    sql!("SELECT ", columns!(), ", is_moving FROM tenants ORDER BY position LIMIT ? OFFSET ?");

pub(super) const COUNT: Sql = sql!("SELECT count(*) FROM tenants");

pub(super) const DUE: Sql = sql!(
    "SELECT due_at, id FROM tenants WHERE due_at >= ? AND due_at <= ? AND (due_at > ? OR id > ?) \
     ORDER BY due_at, id LIMIT ?"
);

pub(super) const CREATE: Sql = sql!(
    "INSERT INTO tenants (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

/// The revision is compared and set in one statement, whatever was read before it.
pub(super) const UPDATE: Sql = sql!(
    "UPDATE tenants SET name = ?, status = ?, plan = ?, quota_requests_per_minute = ?, \
     quota_tokens_per_minute = ?, allowed_models = ?, allowed_tools = ?, allowed_methods = ?, allowed_paths = ?, \
     hosts = ?, features = ?, branding = ?, limits = ?, metadata = ?, database_key = ?, placement = ?, \
     settings = ?, trial_ends_at = ?, next_plan = ?, boosts = ?, due_at = ?, revision = ?, \
     updated_at = ? WHERE id = ? AND revision = ? AND status <> 'deleted'"
);

/// Whoever gives hosts to a tenant does it alone: two that look for each other's hosts at the same moment would see none.
pub(super) const TAKE_TURN: Sql = sql!("UPDATE tenant_host_turns SET turns = turns + 1");

// The look is part of the write, which sees what others have written since the transaction began, on MySQL too
// (<https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html>).
macro_rules! take_host {
    ($other:literal) => {
        sql!(
            "INSERT INTO tenant_hosts (host, tenant_id) SELECT ?, ? FROM tenant_host_turns WHERE NOT EXISTS \
             (SELECT 1 FROM tenant_hosts AS other WHERE other.",
            $other,
            " = ? AND other.tenant_id <> ?)"
        )
    };
}

/// A host that no wildcard of another tenant covers.
pub(super) const TAKE_HOST: Sql = take_host!("host");

/// A wildcard that covers no host of another tenant.
pub(super) const TAKE_WILDCARD: Sql = take_host!("base");

pub(super) const OTHER_WITH_KEY: Sql =
    sql!("SELECT id FROM tenants WHERE database_key = ? AND id <> ? LIMIT 1");

/// The look is part of the write, as with hosts.
pub(super) const TAKE_KEY: Sql = sql!(
    "UPDATE tenant_host_turns SET turns = turns + 1 WHERE NOT EXISTS \
     (SELECT 1 FROM tenants AS other WHERE other.database_key = ? AND other.id <> ?)"
);

pub(super) const FREE_HOSTS: Sql = sql!("DELETE FROM tenant_hosts WHERE tenant_id = ?");

pub(super) const FREE_CLAIMS: Sql = sql!("DELETE FROM tenant_host_claims WHERE tenant_id = ?");

pub(super) const TENANT_OF_HOST: Sql = sql!("SELECT tenant_id FROM tenant_hosts WHERE host IN (?, ?)");

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::own::explain::{assert_in_order, assert_not_sorted, assert_on_an_index};

    #[tokio::test]
    async fn pages_are_read_on_an_index() {
        assert_in_order(&[FETCH, TENANT_OF_HOST]).await;
        assert_on_an_index(&[DUE]).await;
        // The operator's list is of all tenants; a page in it is counted off.
        assert_not_sorted(&[LIST]).await;
    }
}
