//! The control plane on a database.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod audit;
mod jobs;
mod organisations;
mod plans;
#[cfg(feature = "stripe")]
mod stripe;
mod support;
mod usage;
#[cfg(feature = "webhooks")]
mod webhooks;
