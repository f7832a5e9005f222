//! The edge as callers and inner services see it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod address_limit;
mod allocations;
#[cfg(feature = "axum")]
mod axum;
mod bodies;
mod callers;
mod chains;
mod cors;
#[cfg(feature = "fair")]
mod fair;
mod fields;
mod forwarded;
mod grpc;
mod hooks;
mod hosts;
mod isolation;
mod key_limit;
mod limits;
mod order;
mod parsing;
mod paths;
mod permits;
mod policies;
mod readiness;
mod rejections;
mod settings;
#[cfg(feature = "streams")]
mod streams;
mod support;
#[cfg(feature = "tls")]
mod tls;
mod waiting;
