//! The pool, seen through one tenant.

use std::{fmt, future};

use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream, Stream},
};
use sqlx::{Database, Describe, Either, Execute, Executor, SqlStr};
use tenant_core::TenantContext;
use tenant_sql::Refusal;

use crate::{TenantDb, driver::TenantDatabase, error::refused, place, statement::ScopedStatement};

/// Runs statements for one tenant, each on any connection of the pool; made by [`TenantDb::scoped`].
///
/// `&Scoped` is an [`sqlx::Executor`], and so is `Scoped` itself, for streams that outlive the expression. A statement that can't be proved to stay within the tenant is refused before
/// the driver sees it, and every statement is once the tenant is suspended. Statements are prepared and cached by the
/// driver as they are without it; preparing one by hand ([`Executor::prepare`]) is refused.
pub struct Scoped<'a, DB: TenantDatabase> {
    db: &'a TenantDb<DB>,
    tenant: &'a TenantContext,
}

impl<'a, DB: TenantDatabase> Scoped<'a, DB> {
    pub(crate) const fn new(db: &'a TenantDb<DB>, tenant: &'a TenantContext) -> Self {
        Self { db, tenant }
    }

    /// The tenant that statements run for.
    #[must_use]
    pub const fn tenant(&self) -> &'a TenantContext {
        self.tenant
    }
}

impl<DB: TenantDatabase> Clone for Scoped<'_, DB> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB: TenantDatabase> Copy for Scoped<'_, DB> {}

impl<DB: TenantDatabase> fmt::Debug for Scoped<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scoped").field(self.tenant.id()).finish()
    }
}

impl<'p, DB> Executor<'p> for Scoped<'_, DB>
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
        match self.db.scope(self.tenant, query) {
            Ok(statement) if self.db.is_elsewhere(self.tenant) => {
                place::run_at_home::<DB>(self.db.clone(), self.tenant.clone(), statement).boxed()
            }
            Ok(statement) if waits(&statement) => in_turn::<DB>(self.db.clone(), statement).boxed(),
            Ok(statement) => self.db.pool().fetch_many(statement),
            Err(error) => failed(error),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match self.db.scope(self.tenant, query) {
            Ok(statement) if self.db.is_elsewhere(self.tenant) => {
                place::first_at_home::<DB>(self.db.clone(), self.tenant.clone(), statement).boxed()
            }
            Ok(statement) if waits(&statement) => {
                let db = self.db.clone();
                async move {
                    let _turn = db.turn().await;
                    db.pool().fetch_optional(statement).await
                }
                .boxed()
            }
            Ok(statement) => self.db.pool().fetch_optional(statement),
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }

    fn prepare_with<'e>(
        self,
        _: SqlStr,
        _: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        'p: 'e,
    {
        future::ready(Err(no_prepare())).boxed()
    }

    fn describe<'e>(self, _: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        'p: 'e,
    {
        future::ready(Err(no_describe())).boxed()
    }
}

impl<'p, DB> Executor<'p> for &'_ Scoped<'_, DB>
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
        (*self).fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        (*self).fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        'p: 'e,
    {
        (*self).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        'p: 'e,
    {
        (*self).describe(sql)
    }
}

const fn waits<DB: TenantDatabase>(statement: &ScopedStatement<DB>) -> bool {
    DB::ONE_WRITER && statement.writes()
}

/// The turn lasts as long as the stream: a write that returns rows is done when they are read.
fn in_turn<DB>(db: TenantDb<DB>, statement: ScopedStatement<DB>) -> impl Stream<Item = Step<DB>> + Send
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    async move {
        let turn = db.turn().await;
        let steps = db.pool().fetch_many(statement);
        steps.map(move |step| {
            let _held = &turn;
            step
        })
    }
    .flatten_stream()
}

pub(crate) type Step<DB> = Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, sqlx::Error>;

pub(crate) fn failed<'e, T: Send + 'e>(error: sqlx::Error) -> BoxStream<'e, Result<T, sqlx::Error>> {
    stream::once(future::ready(Err(error))).boxed()
}

/// A statement prepared from scoped text would be scoped once more when it runs, and its own text tells nothing of
/// the tenant it was prepared for.
pub(crate) fn no_prepare() -> sqlx::Error {
    refused(Refusal::unsupported("prepare", "run the query itself: it is prepared once and cached"))
}

/// Only the checked macros describe statements, at compile time and on a connection of their own.
pub(crate) fn no_describe() -> sqlx::Error {
    refused(Refusal::unsupported("describe", "describe it unscoped with a reason"))
}
