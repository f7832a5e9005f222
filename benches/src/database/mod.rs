//! A row read by its key: `db.scoped` against plain sqlx with the tenant in the statement.
//!
//! Both read the same row by the same index, through a pool that is opened in the same way.

pub mod mysql;
pub mod postgres;
pub mod sqlite;

use std::time::Duration;

use tenant::{TenantContext, TenantId};
use tokio::runtime::{Builder, Runtime};

use crate::{
    BoxError,
    tenants::{self, Limits},
};

/// How many rows each of the two tenants has.
pub const ROWS: i64 = 1_000;

/// What is read of a clock before and after: time, or this process' processor time.
pub type Reading = fn() -> Duration;

fn timed(
    now: Reading,
    runtime: &Runtime,
    turns: u64,
    read: impl AsyncFn(i64) -> sqlx::Result<String>,
) -> Duration {
    runtime.block_on(async {
        let start = now();
        for id in (1..=ROWS).cycle().take(usize::try_from(turns).unwrap_or(usize::MAX)) {
            let text = read(id).await;
            assert!(text.is_ok_and(|text| text.starts_with("acme")));
        }
        now().saturating_sub(start)
    })
}

fn acme() -> Result<TenantContext, BoxError> {
    let configs = tenant::InMemoryConfigManager::with([tenants::config("acme", Limits::Requests)?])?;
    let acme = TenantId::parse("acme")?;
    Ok(TenantContext::peek(&configs, &acme).ok_or("acme is not in memory")??)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
