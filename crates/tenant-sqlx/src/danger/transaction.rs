use std::{fmt, marker::PhantomData};

use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{Describe, Execute, Executor, SqlStr, Transaction};

use crate::{TenantDb, db::Turn, driver::TenantDatabase, scoped::Step};

/// A transaction on the rows of all tenants; made by [`Unscoped::begin`](super::Unscoped::begin).
///
/// Dropped before [`commit`](Self::commit), it is rolled back.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct UnscopedTransaction<'a, DB: TenantDatabase> {
    inner: Transaction<'static, DB>,
    _turn: Turn,
    db: PhantomData<&'a TenantDb<DB>>,
}

impl<DB: TenantDatabase> UnscopedTransaction<'_, DB> {
    pub(super) const fn new(inner: Transaction<'static, DB>, turn: Turn) -> Self {
        Self { inner, _turn: turn, db: PhantomData }
    }

    /// Keeps what was done.
    ///
    /// # Errors
    /// The database failed.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.inner.rollback().await
    }
}

impl<DB: TenantDatabase> fmt::Debug for UnscopedTransaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnscopedTransaction").finish_non_exhaustive()
    }
}

impl<'t, DB> Executor<'t> for &'t mut UnscopedTransaction<'_, DB>
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step<DB>>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        (&mut *self.inner).fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        (&mut *self.inner).fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        't: 'e,
    {
        (&mut *self.inner).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        't: 'e,
    {
        (&mut *self.inner).describe(sql)
    }
}
