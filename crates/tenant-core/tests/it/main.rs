//! Quotas, held against models, clocks that step, threads and configs that change.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

mod boosts;
mod changes;
mod clocks;
mod exactness;
mod models;
mod permits;
mod plans;
mod ready;
mod reclaim;
mod settling;
mod sliding;
mod support;
mod warnings;
