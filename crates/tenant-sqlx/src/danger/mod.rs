//! The one way around the scope: a [`Bypass`] names who goes it and why, and is reported to the hooks.
//!
//! What runs through [`TenantDb::unscoped`](crate::TenantDb::unscoped) sees and changes the rows of **all** tenants.
//! It is for migrations, for the operator's reports and for repairs; never for a request of a tenant. The way is open
//! for as long as the value lives that it gives, and for nobody else: there is no flag to forget.

mod bypass;
mod transaction;
mod unscoped;

pub use self::{
    bypass::{Bypass, Unexplained},
    transaction::UnscopedTransaction,
    unscoped::Unscoped,
};
