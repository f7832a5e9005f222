//! A statement in a transaction of its own, which knows its tenant.

use futures_util::{Stream, TryStreamExt};
use sqlx::Executor;
use tenant_core::TenantContext;

use crate::{TenantDb, driver::TenantDatabase, scoped::Step, statement::ScopedStatement};

/// All that the statement answers. What it has written is kept once the stream has come to its end.
pub(crate) fn in_transaction<DB>(
    db: TenantDb<DB>,
    tenant: TenantContext,
    statement: ScopedStatement<DB>,
) -> impl Stream<Item = Step<DB>> + Send
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    async_stream::try_stream! {
        let is_kept = db.must_keep(&statement);
        let (mut transaction, _turn) = db.begin_for(&tenant).await?;
        {
            let mut steps = (&mut *transaction).fetch_many(statement);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
        }
        // Dropped, the transaction of a read is rolled back behind the caller's back: a round trip that nobody waits for.
        if is_kept {
            transaction.commit().await?;
        }
    }
}

/// The first row that the statement answers with.
pub(crate) async fn first_in_transaction<DB>(
    db: TenantDb<DB>,
    tenant: TenantContext,
    statement: ScopedStatement<DB>,
) -> Result<Option<DB::Row>, sqlx::Error>
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let is_kept = db.must_keep(&statement);
    let (mut transaction, _turn) = db.begin_for(&tenant).await?;
    let row = (&mut *transaction).fetch_optional(statement).await?;
    if is_kept {
        transaction.commit().await?;
    }
    Ok(row)
}
