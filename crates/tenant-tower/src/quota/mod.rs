//! What a request costs, and whether the tenant's limits admit it.

mod fields;
mod layer;
mod stage;

pub use layer::QuotaLayer;
pub(crate) use {fields::Fields, stage::QuotaStage};
