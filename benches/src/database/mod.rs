//! A row read by its key: `db.scoped` against plain sqlx with the tenant in the statement.
//!
//! Both read the same row by the same index, through a pool that is opened in the same way.

pub mod mysql;
pub mod placement;
pub mod postgres;
pub mod row_security;
pub mod sqlite;

use std::{ops::Deref, time::Duration};

use tenant::{TenantContext, TenantId};
use tokio::runtime::{Builder, Runtime};

use crate::{
    BoxError, Contestant,
    tenants::{self, Limits},
};

/// How many rows each of the two tenants has.
pub const ROWS: i64 = 1_000;

/// From here on only globex has notes, as many again.
pub const GLOBEX_ALONE: i64 = 2 * ROWS;

/// What is read of a clock before and after: time, or this process' processor time.
pub type Reading = fn() -> Duration;

/// Reads a note by its number, again and again. What `read` holds, a private server for instance, ends with it.
fn reader(
    name: &'static str,
    now: Reading,
    runtime: impl Deref<Target = Runtime> + 'static,
    read: impl AsyncFn(i64) -> sqlx::Result<String> + 'static,
) -> Contestant {
    Contestant::timed(name, move |turns| {
        runtime.block_on(async {
            let start = now();
            for id in (1..=ROWS).cycle().take(usize::try_from(turns).unwrap_or(usize::MAX)) {
                let text = read(id).await;
                assert!(text.is_ok_and(|text| text.starts_with("acme")));
            }
            now().saturating_sub(start)
        })
    })
}

/// The notes of two tenants, with tenants and texts of the type `text`; and what their planner wants to know of them.
fn notes(text: &str, analyze: &str) -> [String; 3] {
    let note = |tenant: &'static str| move |id| format!("('{tenant}', {id}, '{tenant} has note {id}')");
    let both = ["acme", "globex"].into_iter().flat_map(|tenant| (1..=ROWS).map(note(tenant)));
    let more = (1..=ROWS).map(|id| GLOBEX_ALONE + id).map(note("globex"));
    let notes: Vec<String> = both.chain(more).collect();
    [
        format!(
            "CREATE TABLE notes (tenant_id {text} NOT NULL, id BIGINT NOT NULL, text {text} NOT NULL, \
             PRIMARY KEY (tenant_id, id))"
        ),
        format!("INSERT INTO notes (tenant_id, id, text) VALUES {}", notes.join(", ")),
        analyze.to_owned(),
    ]
}

pub(crate) fn acme() -> Result<TenantContext, BoxError> {
    let configs = tenant::InMemoryConfigManager::with([tenants::config("acme", Limits::Requests)?])?;
    let acme = TenantId::parse("acme")?;
    Ok(TenantContext::peek(&configs, &acme).ok_or("acme is not in memory")??)
}

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
