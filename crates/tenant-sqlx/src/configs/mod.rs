//! The tenants' configs, in the database they are about.

mod manager;
mod records;
mod row;
mod sql;
mod store;

pub use self::manager::DbConfigManager;
