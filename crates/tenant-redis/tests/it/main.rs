//! Against real servers of Redis, each private to these tests. A test that has none fails.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod cache;
mod changes;
mod cluster;
mod denied;
mod events;
mod neighbours;
mod outage;
mod permits;
mod quota;
mod residue;
mod sessions;
mod support;
