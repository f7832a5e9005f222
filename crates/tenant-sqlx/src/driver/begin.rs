//! Beginning a transaction so that it is known of, whatever happens to who asked for it.

use sqlx::{Database, Pool, SqlStr, Transaction, pool::PoolConnection};

/// Begins a transaction, with a statement of its own where one is given.
///
/// sqlx takes note of a transaction when the server has said that it began. Dropped before, as a request that times out
/// is, the connection goes back to its pool with a transaction open that nobody knows of: the next one's acknowledged
/// writes would be part of it, and lost with it. So that moment belongs to a task, which nobody drops.
pub(crate) async fn begin<DB: Database>(
    pool: &Pool<DB>,
    statement: Option<SqlStr>,
) -> sqlx::Result<Transaction<'static, DB>> {
    begin_on(pool.acquire().await?, statement).await
}

/// As [`begin`], on a connection that is there.
pub(crate) async fn begin_on<DB: Database>(
    connection: PoolConnection<DB>,
    statement: Option<SqlStr>,
) -> sqlx::Result<Transaction<'static, DB>> {
    let begun = tokio::spawn(Transaction::begin(connection, statement));
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
