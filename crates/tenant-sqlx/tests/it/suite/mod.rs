//! What holds on every database. `super::database` says which one this is.

mod allocations;
mod arguments;
mod audit;
mod bypass;
mod claims;
mod concurrency;
mod configs;
mod credentials;
pub(crate) mod fleet;
pub(crate) mod hammer;
mod jobs;
mod kill;
mod lifecycle;
mod mfa;
mod migrations;
pub(crate) mod moving;
mod organisations;
pub(crate) mod places;
mod refusals;
mod scoped;
mod stock;
pub(crate) mod support;
mod suspension;
mod transaction;
mod usage;
mod ways;
mod webhooks;
