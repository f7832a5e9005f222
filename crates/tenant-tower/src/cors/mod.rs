//! Which pages may call a tenant, and read its answers (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

mod answers;
mod asked;
mod desk;
mod future;
mod layer;
mod service;

pub(crate) use self::desk::FromAllowedOrigin;
pub use self::{future::TenantCorsFuture, layer::TenantCorsLayer, service::TenantCorsService};
