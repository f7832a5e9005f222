//! What goes around the framework's protection, or weakens it. Each name here wants a reason.

#[cfg(feature = "domains")]
pub use tenant_auth::danger::Loopback;
#[cfg(feature = "_database")]
pub use tenant_sqlx::danger::{Bypass, Unscoped, UnscopedTransaction};
pub use tenant_tower::danger::QueryResolver;
