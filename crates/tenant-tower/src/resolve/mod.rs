//! From a request's head to a tenant's context.

mod layer;
mod stage;

pub use layer::ResolveLayer;
pub(crate) use stage::ResolveStage;
