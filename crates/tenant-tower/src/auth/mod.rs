//! Who is calling: credentials out of a head, the principal they prove, and what it takes.

mod cookie;
mod desk;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod intent;
mod key_limit;
mod layer;
mod require;
mod resolver;
mod service;
mod shown;

#[cfg(feature = "axum")]
pub use self::extract::{Require, Requirement};
pub use self::{
    cookie::{InvalidCookie, SESSION_COOKIE, cleared_session_cookie, read_session_cookie, session_cookie},
    future::AuthFuture,
    intent::check_same_origin,
    key_limit::KeyLimitLayer,
    layer::AuthLayer,
    require::RequireLayer,
    resolver::PrincipalResolver,
    service::AuthService,
};

/// Left in the extensions of a request that shows no credential, to tell that from a layer that was forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anonymous;
