//! Running statements of the framework's own, so that what went wrong is a store's error.

use std::error::Error;

use tenant_core::{StoreError, StoreErrorKind};

use crate::driver::{Cell, Sql, TenantDatabase};

/// Tries a transaction once more where others got in its way: each takes its hosts in its own order, and of two that
/// wait for each other the database ends one.
pub(crate) async fn again<DB, T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StoreError>
where
    DB: TenantDatabase,
    F: Future<Output = Result<T, StoreError>>,
{
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if is_collision::<DB>(&error) => {}
            answer => return answer,
        }
    }
    attempt().await
}

fn is_collision<DB: TenantDatabase>(error: &StoreError) -> bool {
    error.source().and_then(|source| source.downcast_ref()).is_some_and(DB::is_collision)
}

/// Who comes second learns it from the database: a look before the write would be a moment too early.
pub(crate) fn taken(error: sqlx::Error, kind: StoreErrorKind, detail: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::new(kind, detail),
        _ => StoreError::unavailable(error),
    }
}

pub(crate) async fn run<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<u64, StoreError> {
    DB::execute(connection, sql, cells).await.map_err(StoreError::unavailable)
}

pub(crate) async fn fetch<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    DB::fetch(connection, sql, cells).await.map_err(StoreError::unavailable)
}
