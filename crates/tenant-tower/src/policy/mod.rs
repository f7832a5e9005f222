//! Whether a tenant may ask for what a request asks for.

mod handle;
mod layer;
mod stage;

pub use handle::Policies;
pub use layer::PolicyLayer;
pub(crate) use stage::PolicyStage;
