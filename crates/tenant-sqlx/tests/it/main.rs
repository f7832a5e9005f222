//! Real databases in files of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may"
)]

mod arguments;
mod bypass;
mod catalog;
mod concurrency;
mod configs;
mod connection;
mod kill;
mod migrations;
mod refusals;
mod scoped;
mod support;
mod suspension;
mod transaction;
mod ways;
