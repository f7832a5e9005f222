//! Counting what a tenant uses, and deciding whether it may use more.
//!
//! | noun | what it is |
//! |---|---|
//! | [`Limit`], [`Limits`] | what a tenant's config and plan amount to |
//! | [`Cost`] | what a piece of work uses of a dimension |
//! | [`QuotaManager`] | who counts: decides over all limits in one step |
//! | [`Decision`] | what was decided, limit by limit |
//! | [`Reservation`] | a charge that is settled, or refunded when it is dropped |
//! | [`Permit`] | the right to be at work, given back when it is dropped |
//!
//! # How rates are counted
//! Of a limit of `L` per window `W`:
//!
//! | algorithm | at most, in any stretch of length `W` | a denied cost of 1 is admitted after | state |
//! |---|---|---|---|
//! | fixed | `2 L`; `L` between two borders | the next border | 24 bytes |
//! | sliding, `k` sub-windows | `L` | `W` to `W + W / k` after what fills it | 8 bytes per sub-window |
//! | token bucket, burst `b` | `b + L` | `W / L` | 40 bytes |
//!
//! # Clocks that step
//! Windows are aligned to UTC, so that the clock that counts is civil time, which may step. A step forward is time
//! that has passed. After a step back by up to a window's length counts stay where they were until the clock has caught
//! up: it buys no second budget. After a longer one (the clock had been wrong) counts go along to the time that it now
//! shows, so that nobody waits for a far future.

mod cost;
mod counter;
mod decision;
mod limit;
mod limits;
mod manager;
mod memory;
mod permit;
mod ready;
mod reservation;
mod state;
mod usage;

pub use cost::Cost;
pub use decision::{Decision, Denial};
pub use limit::Limit;
pub use limits::Limits;
pub use manager::QuotaManager;
pub use memory::InMemoryQuotaManager;
pub use permit::{Permit, PermitLease};
pub use ready::{GcraQuotaManager, SlidingWindowQuotaManager};
pub use reservation::Reservation;
pub use state::LimitState;
pub use usage::{LimitUsage, Usage};
