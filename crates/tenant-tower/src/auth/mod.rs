//! Who is calling: credentials out of a head, the principal they prove, and what it takes.

mod desk;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod intent;
mod layer;
mod require;
mod resolver;
mod service;
mod shown;

#[cfg(feature = "axum")]
pub use self::extract::{Require, Requirement};
pub use self::{
    future::AuthFuture,
    intent::check_same_origin,
    layer::AuthLayer,
    require::{RequireFuture, RequireLayer, RequireService},
    resolver::PrincipalResolver,
    service::AuthService,
};

/// Left in the extensions of a request that shows no credential, to tell that from a layer that was forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anonymous;
