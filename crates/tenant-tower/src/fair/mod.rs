//! Slots in front of the inner service, shared out fairly between tenants.

mod body;
mod future;
mod gate;
mod layer;
mod queue;
mod service;
mod settings;

pub use self::{body::FairBody, future::FairFuture, layer::FairLayer, service::FairService};
