//! One tenant's place, ready to run a statement.

use futures_util::{Stream, TryStreamExt};
use sqlx::{Executor, Pool, SqlStr, pool::PoolConnection};
use tenant_core::{PlaceName, Placement, TenantContext, TenantId};
use tenant_sql::{Refusal, TenantValue};

use super::{Lease, Places};
use crate::{
    TenantDb,
    db::Turn,
    driver::{self, TenantDatabase},
    error::refused,
    moving::Hold,
    rls::Setting,
    scoped::Step,
    statement::{ScopedStatement, lasting},
};

/// Where a statement runs, and in which transaction.
pub(crate) struct Home<DB: TenantDatabase> {
    pub(crate) pool: Pool<DB>,
    /// To a replica, for a read that may lag behind.
    pub(crate) copy: Option<PoolConnection<DB>>,
    /// What begins a transaction there, where statements don't run by themselves.
    pub(crate) begin: Option<SqlStr>,
    pub(crate) lease: Option<Lease<DB>>,
    /// What keeps the tenant there until it has written.
    pub(crate) hold: Option<Hold>,
    /// Among those who write to the tables of all.
    pub(crate) turn: Turn,
}

impl<DB: TenantDatabase> Home<DB> {
    pub(crate) async fn connect(&mut self) -> Result<PoolConnection<DB>, sqlx::Error> {
        match self.copy.take() {
            Some(connection) => Ok(connection),
            None => self.pool.acquire().await,
        }
    }
}

/// What a transaction is told at its beginning.
#[derive(Default)]
pub(crate) struct Preamble {
    is_wanted: bool,
    settings: String,
}

impl Preamble {
    /// Nothing beyond that it begins.
    pub(crate) const fn plain() -> Self {
        Self { is_wanted: true, settings: String::new() }
    }

    /// For whom it is: policies read it.
    pub(crate) fn tell(&mut self, setting: &Setting, tenant: &TenantValue<'_>) {
        self.add(&setting.statement(tenant));
    }

    /// One statement more, in the same message: none comes between. All of them end with the transaction, whichever
    /// connection of a pooler it runs on.
    pub(crate) fn add(&mut self, statement: &str) {
        self.is_wanted = true;
        self.settings.push_str(statement);
        self.settings.push_str("; ");
    }

    /// What comes before `BEGIN` in the same message is part of the transaction, and leaves none behind where it fails. One
    /// that began and failed would stay open in the connection, and sqlx knows nothing of it
    /// (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT>).
    fn into_sql(self) -> Option<SqlStr> {
        self.is_wanted.then(|| lasting(self.settings + "BEGIN"))
    }
}

/// What a placement amounts to: nothing of it changes as long as the config does not.
#[derive(Debug)]
pub(crate) struct Address<DB: TenantDatabase> {
    door: Door<DB>,
    begin: Option<SqlStr>,
}

#[derive(Debug)]
enum Door<DB: TenantDatabase> {
    /// The tables of all; a read that may lag behind goes to a copy of them.
    Shared,
    Open(Pool<DB>),
    /// It has to be entered each time, for it may be closed meanwhile.
    Database(PlaceName),
}

impl<DB: TenantDatabase> Address<DB> {
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.door, Door::Shared)
    }

    /// A place that is always open. `shared` is where the tables of all are.
    pub(crate) fn open(&self, shared: &Pool<DB>) -> Option<Home<DB>> {
        let pool = match &self.door {
            Door::Shared => shared.clone(),
            Door::Open(pool) => pool.clone(),
            Door::Database(_) => return None,
        };
        let begin = self.begin.clone();
        Some(Home { pool, copy: None, begin, lease: None, hold: None, turn: Turn::free() })
    }
}

impl<DB: TenantDatabase> Places<DB> {
    /// Finds a place. `shared` is where the tables of all are.
    pub(crate) fn find(
        &self,
        shared: &Pool<DB>,
        placement: &Placement,
        mut preamble: Preamble,
    ) -> Result<Address<DB>, sqlx::Error> {
        self.admit(placement)?;
        let door = match placement {
            Placement::Shared => Door::Shared,
            Placement::Shard(name) => Door::Open(self.shards.get(name).cloned().ok_or_else(unknown)?),
            Placement::Schema(name) => {
                // Nothing else is in the path: a table that is missing here is missing. Without quotes `default` is the usual path.
                preamble.add(&format!("SET LOCAL search_path = \"{name}\""));
                Door::Open(shared.clone())
            }
            Placement::Database(name) => Door::Database(name.clone()),
        };
        Ok(Address { door, begin: preamble.into_sql() })
    }

    /// Enters a place; a read of this tenant may lag behind.
    pub(crate) async fn enter(
        &self,
        shared: &Pool<DB>,
        address: &Address<DB>,
        copies_for: Option<&TenantId>,
    ) -> Result<Home<DB>, sqlx::Error> {
        let (mut copy, mut lease) = (None, None);
        let pool = match &address.door {
            Door::Shared => {
                if let Some((copies, tenant)) = self.replicas.as_ref().zip(copies_for) {
                    copy = copies.for_read(tenant).await;
                }
                shared.clone()
            }
            Door::Open(pool) => pool.clone(),
            Door::Database(name) => {
                let databases = self.databases.as_ref().ok_or_else(unknown)?;
                lease.insert(databases.lease(name).await?).pool().clone()
            }
        };
        Ok(Home { pool, copy, begin: address.begin.clone(), lease, hold: None, turn: Turn::free() })
    }
}

pub(super) fn unknown() -> sqlx::Error {
    refused(Refusal::unsupported(
        "placement of this tenant",
        "tell the builder of the database where such tenants live: `shard`, `schemas` or `databases`",
    ))
}

pub(super) fn of_many() -> sqlx::Error {
    refused(Refusal::unsupported("placement of this tenant", "many live there: give it a place of its own"))
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
        let _writing = db.writing(&tenant, is_kept);
        let mut home = db.home(&tenant, is_kept, db.may_lag(&statement)).await?;
        let statement = if home.hold.is_some() { statement.held() } else { statement };
        let mut connection = home.connect().await?;
        let Some(begin) = home.begin.take() else {
            let mut steps = (&mut *connection).fetch_many(statement);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
            return;
        };
        let mut transaction = driver::begin_on(connection, Some(begin)).await?;
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
    let _writing = db.writing(&tenant, is_kept);
    let mut home = db.home(&tenant, is_kept, db.may_lag(&statement)).await?;
    let statement = if home.hold.is_some() { statement.held() } else { statement };
    let mut connection = home.connect().await?;
    let Some(begin) = home.begin.take() else { return (&mut *connection).fetch_optional(statement).await };
    let mut transaction = driver::begin_on(connection, Some(begin)).await?;
    let row = (&mut *transaction).fetch_optional(statement).await?;
    if is_kept {
        transaction.commit().await?;
    }
    Ok(row)
}
