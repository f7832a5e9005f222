//! One tenant's place, ready to run a statement.

use futures_util::{Stream, TryStreamExt};
use sqlx::{Executor, Pool, SqlStr};
use tenant_core::{Placement, TenantContext};
use tenant_sql::{Refusal, TenantValue};

use super::{Lease, Places};
use crate::{
    TenantDb,
    driver::TenantDatabase,
    error::refused,
    moving::Hold,
    rls::Setting,
    scoped::Step,
    statement::{ScopedStatement, trusted},
};

/// Where a statement runs, and in which transaction.
pub(crate) struct Home<DB: TenantDatabase> {
    pub(crate) pool: Pool<DB>,
    /// What begins a transaction there, where statements don't run by themselves.
    pub(crate) begin: Option<SqlStr>,
    pub(crate) lease: Option<Lease<DB>>,
    /// What keeps the tenant there until it has written.
    pub(crate) hold: Option<Hold>,
}

/// What a transaction is told at its beginning.
#[derive(Default)]
pub(crate) struct Preamble {
    text: String,
}

impl Preamble {
    /// Nothing beyond that it begins.
    pub(crate) fn plain() -> Self {
        Self { text: "BEGIN".to_owned() }
    }

    /// For whom it is: policies read it.
    pub(crate) fn tell(&mut self, setting: &Setting, tenant: &TenantValue<'_>) {
        self.add(&setting.statement(tenant));
    }

    /// One statement more, in the same message: none comes between. All of them end with the transaction, whichever
    /// connection of a pooler it runs on.
    pub(crate) fn add(&mut self, statement: &str) {
        if self.text.is_empty() {
            self.text.push_str("BEGIN");
        }
        self.text.push_str("; ");
        self.text.push_str(statement);
    }

    fn into_sql(self) -> Option<SqlStr> {
        (!self.text.is_empty()).then(|| trusted(self.text))
    }
}

impl<DB: TenantDatabase> Places<DB> {
    /// A tenant's place. `shared` is where the tables of all are.
    pub(crate) async fn home(
        &self,
        shared: &Pool<DB>,
        placement: &Placement,
        mut preamble: Preamble,
    ) -> Result<Home<DB>, sqlx::Error> {
        let (pool, lease) = match placement {
            Placement::Shared => (shared.clone(), None),
            Placement::Shard(name) => (self.shards.get(name).cloned().ok_or_else(unknown)?, None),
            Placement::Schema(name) if self.has_schemas => {
                // A name of this form needs no quotes. Nothing else is in the path: a table that is missing here is missing.
                preamble.add(&format!("SET LOCAL search_path = {name}"));
                (shared.clone(), None)
            }
            Placement::Database(name) => {
                let databases = self.databases.as_ref().ok_or_else(unknown)?;
                let lease = databases.lease(name).await?;
                (lease.pool().clone(), Some(lease))
            }
            Placement::Schema(_) => return Err(unknown()),
        };
        Ok(Home { pool, begin: preamble.into_sql(), lease, hold: None })
    }
}

pub(super) fn unknown() -> sqlx::Error {
    refused(Refusal::unsupported(
        "placement of this tenant",
        "tell the builder of the database where such tenants live: `shard`, `schemas` or `databases`",
    ))
}

/// All that a statement answers, wherever its tenant lives. In a transaction, what it has written is kept once the stream
/// has come to its end.
pub(crate) fn run_at_home<DB>(
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
        let Home { pool, begin, lease: _lease, hold: _hold } = db.home(&tenant, is_kept).await?;
        let Some(begin) = begin else {
            let mut steps = pool.fetch_many(statement);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
            return;
        };
        let mut transaction = crate::driver::begin(&pool, Some(begin)).await?;
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

/// The first row that a statement answers with.
pub(crate) async fn first_at_home<DB>(
    db: TenantDb<DB>,
    tenant: TenantContext,
    statement: ScopedStatement<DB>,
) -> Result<Option<DB::Row>, sqlx::Error>
where
    DB: TenantDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let is_kept = db.must_keep(&statement);
    let Home { pool, begin, lease: _lease, hold: _hold } = db.home(&tenant, is_kept).await?;
    let Some(begin) = begin else { return pool.fetch_optional(statement).await };
    let mut transaction = crate::driver::begin(&pool, Some(begin)).await?;
    let row = (&mut *transaction).fetch_optional(statement).await?;
    if is_kept {
        transaction.commit().await?;
    }
    Ok(row)
}
