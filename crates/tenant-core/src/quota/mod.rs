//! Counting what a tenant uses, and deciding whether it may use more.

mod decision;
mod limits;
mod manager;
mod memory;
mod reservation;
mod usage;
mod window;

pub use decision::{Decision, Denial, LimitState};
pub use limits::{Cost, Limit, Limits};
pub use manager::QuotaManager;
pub use memory::InMemoryQuotaManager;
pub use reservation::Reservation;
pub use usage::{LimitUsage, Usage};
