//! The statements on the framework's own tables.

use crate::driver::{Sql, sql};

macro_rules! columns {
    () => {
        "id, name, status, plan, quota_requests_per_minute, quota_tokens_per_minute, allowed_models, \
         allowed_tools, allowed_methods, allowed_paths, hosts, features, branding, limits, metadata, database_key, \
         placement, \
         revision, created_at, updated_at"
    };
}

pub(super) const FETCH: Sql = sql!("SELECT ", columns!(), ", is_moving FROM tenants WHERE id = ?");

pub(super) const LIST: Sql =
    sql!("SELECT ", columns!(), ", is_moving FROM tenants ORDER BY position LIMIT ? OFFSET ?");

pub(super) const COUNT: Sql = sql!("SELECT count(*) FROM tenants");

pub(super) const CREATE: Sql = sql!(
    "INSERT INTO tenants (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

/// The revision is compared and set in one statement, whatever was read before it.
pub(super) const UPDATE: Sql = sql!(
    "UPDATE tenants SET name = ?, status = ?, plan = ?, quota_requests_per_minute = ?, \
     quota_tokens_per_minute = ?, allowed_models = ?, allowed_tools = ?, allowed_methods = ?, allowed_paths = ?, \
     hosts = ?, features = ?, branding = ?, limits = ?, metadata = ?, database_key = ?, placement = ?, revision = ?, \
     updated_at = ? WHERE id = ? AND revision = ? AND status <> 'deleted'"
);

pub(super) const TAKE_HOST: Sql = sql!("INSERT INTO tenant_hosts (host, tenant_id) VALUES (?, ?)");

pub(super) const FREE_HOSTS: Sql = sql!("DELETE FROM tenant_hosts WHERE tenant_id = ?");

pub(super) const TENANT_OF_HOST: Sql = sql!("SELECT tenant_id FROM tenant_hosts WHERE host = ?");
