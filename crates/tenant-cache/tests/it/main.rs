//! Behaviour of the key edge, by subject.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod counters;
mod expiry;
mod fairness;
mod growth;
mod hammer;
mod isolation;
mod keys;
mod loading;
mod model;
mod refusals;
mod remote;
mod support;
