//! The audit log: who did what, and in whose log that stands.
//!
//! The log is one chain over all tenants: each entry seals the one before it, so that a removed or changed one shows. Tenants see
//! their own events and nothing of the chain, whose numbers would tell how busy others are.

mod entry;
mod event;
mod store;

pub use self::{
    entry::{AuditEnds, AuditEntry, ChainLink, Digest},
    event::{AuditEvent, AuditOutcome, UnknownOutcome},
    store::{AuditFilter, AuditStore, Seal},
};
