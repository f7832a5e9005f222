//! A transaction of one tenant.

use std::{fmt, future};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{Connection, Describe, Execute, Executor, SqlStr, Transaction};
use tenant_core::{TenantContext, UnixTime};

use crate::{
    TenantDb,
    db::Turn,
    driver::{Cell, Sql, TenantDatabase},
    error::{Moved, RolledBack, inactive},
    moving::Hold,
    scoped::{Step, failed, no_describe, no_prepare},
    standing::{Standing, State},
    statement::ScopedStatement,
};

/// A transaction of one tenant; made by [`TenantDb::begin`].
///
/// `&mut ScopedTransaction` is an [`sqlx::Executor`] that scopes as [`Scoped`](crate::Scoped) does. It ends with
/// [`commit`](Self::commit) or [`rollback`](Self::rollback); dropped before, it is rolled back. Once the tenant is
/// suspended neither another statement nor the commit goes through.
///
/// # Example
/// ```
/// # #[cfg(feature = "sqlite")]
/// async fn rename(
///     db: &tenant_sqlx::TenantDb<sqlx::Sqlite>,
///     tenant: &tenant_core::TenantContext,
/// ) -> sqlx::Result<()> {
///     let mut tx = db.begin(tenant).await?;
///     sqlx::query("UPDATE users SET name = ? WHERE id = ?").bind("Ann").bind(7).execute(&mut tx).await?;
///     tx.commit().await
/// }
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
pub struct ScopedTransaction<'c, DB: TenantDatabase> {
    db: TenantDb<DB>,
    tenant: TenantContext,
    inner: Transaction<'c, DB>,
    /// Given up after the transaction has ended; a savepoint has its transaction's.
    turn: Option<Turn>,
    standing: Standing<'c>,
    /// A statement has failed, and nothing is kept.
    is_aborted: bool,
}

impl<'c, DB: TenantDatabase> ScopedTransaction<'c, DB> {
    pub(crate) fn new(
        db: TenantDb<DB>,
        tenant: TenantContext,
        inner: Transaction<'c, DB>,
        turn: Turn,
    ) -> Self {
        let standing = Standing::Own(State::default());
        Self { db, tenant, inner, turn: Some(turn), standing, is_aborted: false }
    }

    /// The tenant that statements run for.
    #[must_use]
    pub const fn tenant(&self) -> &TenantContext {
        &self.tenant
    }

    pub(crate) fn clock_now(&self) -> UnixTime {
        self.db.clock().unix()
    }

    /// Begins a transaction within this one: a savepoint.
    ///
    /// # Errors
    /// The tenant is no longer active, or the database failed: then all of this transaction is rolled back, as it is
    /// when the future is dropped, and whatever is asked of it next is an error ([`RolledBack`]).
    pub async fn begin(&mut self) -> Result<ScopedTransaction<'_, DB>, sqlx::Error> {
        self.check()?;
        self.standing.is_rolled_back = true;
        let inner = self.inner.begin().await?;
        self.standing.is_rolled_back = false;
        let (db, tenant) = (self.db.clone(), self.tenant.clone());
        Ok(ScopedTransaction {
            db,
            tenant,
            inner,
            turn: None,
            standing: Standing::Around(&mut self.standing),
            is_aborted: false,
        })
    }

    /// Keeps what was done.
    ///
    /// # Errors
    /// The tenant is no longer active: everything is rolled back, unless it was already. Or the database failed. On
    /// PostgreSQL also: a statement in it has failed, even if nobody minded ([`RolledBack`](crate::RolledBack)); one that may
    /// fail wants a savepoint. Or the tenant was moved since it began ([`Moved`](crate::Moved)).
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        // The server would roll back, and call it a success (<https://www.postgresql.org/docs/current/sql-commit.html>).
        let is_kept = self.check().and_then(|()| match self.is_aborted {
            true => Err(RolledBack.into()),
            false => Ok(()),
        });
        let is_kept = match is_kept {
            Ok(()) if self.may_have_moved() => stay(&self.db, &self.tenant).await,
            Ok(()) => Ok(None),
            Err(reason) => Err(reason),
        };
        match is_kept {
            Ok(_hold) => {
                let _writing = self.db.writing(&self.tenant, self.turn.is_some());
                self.inner.commit().await
            }
            Err(reason) => {
                self.rollback().await?;
                Err(reason)
            }
        }
    }

    /// One that began before the tenant was known to move knows no better than that it began there.
    fn may_have_moved(&self) -> bool {
        let is_held = self.turn.as_ref().is_none_or(Turn::is_holding);
        !is_held && !self.tenant.record().is_settled()
    }

    fn check(&self) -> Result<(), sqlx::Error> {
        self.tenant.ensure_active().map_err(inactive)?;
        Ok(self.standing.check()?)
    }

    pub(crate) fn scoped<'q, E: Execute<'q, DB>>(
        &self,
        query: E,
    ) -> Result<ScopedStatement<DB>, sqlx::Error> {
        self.check()?;
        self.db.scope(&self.tenant, query)
    }

    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.standing
    }

    /// Waits for those of this tenant who create in the same dimension.
    pub(crate) async fn take_turn(&mut self, dimension: &str) -> Result<(), sqlx::Error> {
        let cells = vec![self.tenant.id().as_str().into(), dimension.into()];
        self.run_own(DB::LOCK_STOCK, cells).await.map(drop)
    }

    /// Runs a statement of the framework's own in it, and says how many rows it changed.
    pub(crate) async fn run_own(&mut self, sql: Sql, cells: Vec<Cell>) -> Result<u64, sqlx::Error> {
        self.check()?;
        let changed = match self.db.is_pooled() {
            true => DB::execute_once(&mut self.inner, sql, cells),
            false => DB::execute(&mut self.inner, sql, cells),
        };
        let changed = self.standing.waits::<DB, _>(changed).await;
        self.is_aborted |= aborts::<DB, _>(&changed);
        changed
    }

    /// Runs a query of the framework's own in it.
    pub(crate) async fn fetch_own(
        &mut self,
        sql: Sql,
        cells: Vec<Cell>,
    ) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        self.check()?;
        self.standing.has_read = true;
        let rows = match self.db.is_pooled() {
            true => DB::fetch_once(&mut self.inner, sql, cells),
            false => DB::fetch(&mut self.inner, sql, cells),
        };
        let rows = self.standing.waits::<DB, _>(rows).await;
        self.is_aborted |= aborts::<DB, _>(&rows);
        rows
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        if self.standing.is_out_of_step() {
            // Dropped, it is rolled back when its connection is closed, if not before.
            return Ok(());
        }
        self.inner.rollback().await
    }
}

/// Keeps a tenant where a transaction of it began, until that has ended.
async fn stay<DB: TenantDatabase>(
    db: &TenantDb<DB>,
    tenant: &TenantContext,
) -> Result<Option<Hold>, sqlx::Error> {
    let (place, hold) = db.whereabouts(tenant, true).await?;
    match *place == tenant.config().placement {
        true => Ok(hold),
        false => Err(Moved.into()),
    }
}

/// Whether the server undoes the whole transaction for this answer.
fn aborts<DB: TenantDatabase, T>(answer: &Result<T, sqlx::Error>) -> bool {
    DB::ABORTS && matches!(answer, Err(sqlx::Error::Database(_)))
}

impl<DB> ScopedTransaction<'_, DB>
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// The first row of a statement.
    pub(crate) fn one(
        &mut self,
        statement: ScopedStatement<DB>,
    ) -> BoxFuture<'_, Result<Option<DB::Row>, sqlx::Error>> {
        let ScopedTransaction { inner, standing, is_aborted, .. } = self;
        let row = (&mut **inner).fetch_optional(statement);
        match (DB::ABORTS, DB::KEEPS_STEP) {
            (true, _) => row.inspect(|row| *is_aborted |= aborts::<DB, _>(row)).boxed(),
            (false, true) => row,
            (false, false) => standing.waits::<DB, _>(row).boxed(),
        }
    }
}

impl<DB: TenantDatabase> fmt::Debug for ScopedTransaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedTransaction")
            .field("tenant", self.tenant.id())
            .field("is_savepoint", &self.turn.is_none())
            .finish_non_exhaustive()
    }
}

impl<'t, DB> Executor<'t> for &'t mut ScopedTransaction<'_, DB>
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
        let statement = self.scoped(query);
        self.standing.has_read |= statement.is_ok();
        match statement {
            Ok(statement) if DB::ABORTS => {
                let ScopedTransaction { inner, is_aborted, .. } = self;
                let steps = (&mut **inner).fetch_many(statement);
                steps.inspect(|step| *is_aborted |= aborts::<DB, _>(step)).boxed()
            }
            Ok(statement) if DB::KEEPS_STEP => (&mut *self.inner).fetch_many(statement),
            Ok(statement) => {
                let ScopedTransaction { inner, standing, .. } = self;
                let steps = async move {
                    standing.asks::<DB>();
                    (&mut **inner).fetch_many(statement).inspect(|step| standing.hears::<DB, _>(step))
                };
                steps.flatten_stream().boxed()
            }
            Err(error) => failed(error),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        match self.scoped(query) {
            Ok(statement) => {
                self.standing.has_read = true;
                self.one(statement)
            }
            Err(error) => future::ready(Err(error)).boxed(),
        }
    }

    fn prepare_with<'e>(
        self,
        _: SqlStr,
        _: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
    where
        't: 'e,
    {
        future::ready(Err(no_prepare())).boxed()
    }

    fn describe<'e>(self, _: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        't: 'e,
    {
        future::ready(Err(no_describe())).boxed()
    }
}
