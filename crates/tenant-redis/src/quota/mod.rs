//! Limits that instances share.

mod answer;
mod batch;
mod decide;
mod handle;
mod held;
mod lane;
mod manager;
mod plan;
mod ranges;
mod scripts;
mod stand_in;
mod standing;
mod turns;
mod worker;

pub use manager::{RedisQuotaManager, RedisQuotaManagerBuilder};

#[cfg(test)]
mod tests;
