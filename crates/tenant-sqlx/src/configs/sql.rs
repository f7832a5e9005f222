//! The statements on the framework's own tables, with `?` for each value.

macro_rules! columns {
    () => {
        "id, name, status, plan, quota_requests_per_minute, quota_tokens_per_minute, allowed_models, \
         allowed_tools, allowed_methods, allowed_paths, hosts, features, branding, limits, metadata, database_key, \
         revision, created_at, updated_at"
    };
}

pub(super) const FETCH: &str = concat!("SELECT ", columns!(), " FROM tenants WHERE id = ?");

pub(super) const LIST: &str =
    concat!("SELECT ", columns!(), " FROM tenants ORDER BY position LIMIT ? OFFSET ?");

pub(super) const COUNT: &str = "SELECT count(*) FROM tenants";

pub(super) const CREATE: &str = concat!(
    "INSERT INTO tenants (",
    columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

/// The revision is compared and set in one statement, whatever was read before it.
pub(super) const UPDATE: &str = "UPDATE tenants SET name = ?, status = ?, plan = ?, quota_requests_per_minute = ?, \
     quota_tokens_per_minute = ?, allowed_models = ?, allowed_tools = ?, allowed_methods = ?, allowed_paths = ?, \
     hosts = ?, features = ?, branding = ?, limits = ?, metadata = ?, database_key = ?, revision = ?, \
     updated_at = ? WHERE id = ? AND revision = ? AND status <> 'deleted'";

pub(super) const TAKE_HOST: &str = "INSERT INTO tenant_hosts (host, tenant_id) VALUES (?, ?)";

pub(super) const FREE_HOSTS: &str = "DELETE FROM tenant_hosts WHERE tenant_id = ?";

pub(super) const TENANT_OF_HOST: &str = "SELECT tenant_id FROM tenant_hosts WHERE host = ?";
