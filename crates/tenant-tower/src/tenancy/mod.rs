//! The whole way: resolve, enter, policy, quota.

mod builder;
mod layer;

pub use builder::{Given, Missing, TenantLayerBuilder};
pub use layer::TenantLayer;
