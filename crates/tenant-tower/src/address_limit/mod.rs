//! How many requests an address has, before anything else is looked at.

mod bucket;
mod counts;
mod layer;
mod service;

pub use self::{layer::AddressLimitLayer, service::AddressLimitService};
