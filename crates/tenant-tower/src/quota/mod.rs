//! What a request costs, and whether the tenant's limits admit it.

mod costs;
mod fields;
mod layer;
mod meter;
mod stage;

pub(crate) use self::{
    costs::{Charge, Costs, MoreCosts},
    fields::Fields,
    stage::QuotaStage,
};
pub use self::{layer::QuotaLayer, meter::Meter};
