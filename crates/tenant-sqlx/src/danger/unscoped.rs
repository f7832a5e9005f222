use std::{fmt, future};

use futures_util::{FutureExt, future::BoxFuture, stream::BoxStream};
use sqlx::{Describe, Execute, Executor, SqlStr};
use tenant_core::hooks::BypassEvent;

use super::{Bypass, UnscopedTransaction};
use crate::{
    TenantDb,
    driver::TenantDatabase,
    scoped::{Step, failed},
};

/// Runs statements as they stand, on the rows of all tenants; made by
/// [`TenantDb::unscoped`](crate::TenantDb::unscoped).
pub struct Unscoped<'a, DB: TenantDatabase> {
    db: &'a TenantDb<DB>,
    bypass: Bypass,
}

impl<'a, DB: TenantDatabase> Unscoped<'a, DB> {
    pub(crate) fn new(db: &'a TenantDb<DB>, bypass: Bypass) -> Self {
        db.hooks().on_bypass(&BypassEvent::new(bypass.actor(), bypass.reason()));
        Self { db, bypass }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// The bypass says nothing, or the database failed.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// async fn repair(db: &tenant_sqlx::TenantDb<sqlx::Sqlite>) -> sqlx::Result<()> {
    ///     use tenant_sqlx::danger::Bypass;
    ///
    ///     let mut tx = db.unscoped(Bypass::new("ops:ann", "ticket 7: remove duplicates")).begin().await?;
    ///     sqlx::query("DELETE FROM users WHERE email = ''").execute(&mut tx).await?;
    ///     tx.commit().await
    /// }
    /// ```
    pub async fn begin(&self) -> Result<UnscopedTransaction<'a, DB>, sqlx::Error> {
        self.bypass.check()?;
        let (inner, turn) = self.db.begin_on(self.db.unscoped_pool()).await?;
        Ok(UnscopedTransaction::new(inner, turn))
    }
}

impl<DB: TenantDatabase> fmt::Debug for Unscoped<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unscoped").field(&self.bypass).finish()
    }
}

impl<'p, DB> Executor<'p> for &'_ Unscoped<'_, DB>
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step<DB>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match self.bypass.check() {
            Ok(()) => self.db.unscoped_pool().fetch_many(query),
            Err(error) => failed(error),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match self.bypass.check() {
            Ok(()) => self.db.unscoped_pool().fetch_optional(query),
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        'p: 'e,
    {
        match self.bypass.check() {
            Ok(()) => self.db.unscoped_pool().prepare_with(sql, parameters),
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        'p: 'e,
    {
        match self.bypass.check() {
            Ok(()) => self.db.unscoped_pool().describe(sql),
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }
}
