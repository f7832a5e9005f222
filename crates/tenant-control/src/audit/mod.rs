//! The audit log: written in batches, sealed in a chain, verified.

mod chain;
mod hooks;
mod log;
mod sparing;
mod verify;
mod writer;

pub use self::{
    chain::InvalidAuditKey,
    hooks::AuditHooks,
    log::{AuditBuilder, AuditLog, AuditPage},
    verify::{AuditDamage, AuditReport, verify as verify_audit},
};
