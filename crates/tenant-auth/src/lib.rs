//! Proves who is calling.
//!
//! A caller shows a [credential](tenant_core::auth::Credential); an
//! [`Authenticator`](tenant_core::auth::Authenticator) of this crate looks at it and answers with a
//! [`Principal`](tenant_core::auth::Principal), or with nothing but that it is not valid.
