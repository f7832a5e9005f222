//! Real databases: what all of them promise is one suite that each of them runs, beside what is said of one alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::duplicate_mod,
    reason = "a test may, and the suite is there once for each database"
)]

#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod faults;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
