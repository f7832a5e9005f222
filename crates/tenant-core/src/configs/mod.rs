//! Where tenants' configs come from.

mod brought;
mod cached;
mod change;
mod due;
mod flight;
mod manager;
mod memory;
mod shard;
mod store;

pub use cached::{CacheStats, CachedConfigs};
pub use change::{ConfigAnnouncer, ConfigChange, ConfigListener, ConfigVersion};
pub use due::{Due, DueTenants};
pub use manager::{ConfigManager, Lookup};
pub use memory::InMemoryConfigManager;
pub use store::{ConfigStore, ConfigStoreExt, Page, TenantList};
