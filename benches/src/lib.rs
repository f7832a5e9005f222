//! What tenancy costs, measured against peers in the same run.
//!
//! Each module holds the contestants of one comparison: ours and those we are held against, doing the same work. The
//! benches under `benches/` time them with criterion; the programs under `src/bin/` let them take turns, so that a
//! machine that is busy with something else is so for all of them, and hold the outcome against the bars.

mod bar;
pub mod config_cache;
mod contestant;
pub mod credentials;
pub mod database;
pub mod layers;
pub mod load;
pub mod pages;
pub mod quota;
mod race;
pub mod rewrite;
pub mod seed;
pub mod shared_quota;
pub mod tenants;
pub mod usage;

pub use bar::Bar;
pub use contestant::{Contestant, find};
pub use race::{Race, Spread};

/// Any error, for set-up code.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A comparison: its name, and who takes part.
pub type Comparison = (&'static str, fn() -> Result<Vec<Contestant>, BoxError>);

/// All comparisons of this crate but those of whole servers.
pub const COMPARISONS: [Comparison; 22] = [
    ("layers", layers::contestants),
    ("layers_in_axum", layers::contestants_in_axum),
    ("config_cache", config_cache::contestants),
    ("credentials", credentials::contestants),
    ("rejections, keys", credentials::rejections),
    ("rejections, rows", || database::sqlite::strangers(load::processor_time)),
    ("quota", quota::contestants),
    ("quota, a million keys", quota::contestants_with_a_million_keys),
    ("rewrite", rewrite::contestants),
    ("shared_quota", shared_quota::contestants),
    ("shared_quota, latencies", shared_quota::latencies),
    ("sqlite", || database::sqlite::contestants(load::elapsed)),
    ("postgres", || database::postgres::contestants(load::elapsed)),
    ("mariadb", || database::mysql::contestants(load::elapsed)),
    ("placement", database::placement::contestants),
    ("row-level security", || database::row_security::contestants(load::elapsed)),
    ("sqlite, processor time", || database::sqlite::contestants(load::processor_time)),
    ("postgres, processor time", || database::postgres::contestants(load::processor_time)),
    ("mariadb, processor time", || database::mysql::contestants(load::processor_time)),
    ("usage on SQLite", usage::sqlite),
    ("usage on PostgreSQL", usage::postgres),
    ("usage on MariaDB", usage::mariadb),
];
