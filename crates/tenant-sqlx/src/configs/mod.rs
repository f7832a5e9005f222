//! The tenants' configs, in the database they are about.

mod hosts;
mod keys;
mod manager;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
mod row;
mod sql;
mod store;

pub use self::manager::DbConfigManager;
#[cfg(feature = "postgres")]
pub use self::postgres::{PgAnnouncer, PgChangeReader};
