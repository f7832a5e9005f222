//! Running statements of the framework's own, so that what went wrong is a store's error.

#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "sqlite"))]
pub(crate) mod explain;
pub(crate) mod row;

use std::{error::Error, fmt, iter};

use sqlx::{Transaction, error::DatabaseError, pool::PoolConnection};
use tenant_core::{StoreError, StoreErrorKind};

use crate::{
    TenantDb,
    db::Turn,
    driver::{Cell, Sql, TenantDatabase},
};

/// Tries a transaction once more where others got in its way: each takes its hosts in its own order, and of two that
/// wait for each other the database ends one.
pub(crate) async fn again<DB, T, F, E>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    DB: TenantDatabase,
    E: Error + 'static,
    F: Future<Output = Result<T, E>>,
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

fn is_collision<DB: TenantDatabase>(error: &(dyn Error + 'static)) -> bool {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.find_map(|error| error.downcast_ref()).is_some_and(DB::is_collision)
}

/// Who comes second learns it from the database: a look before the write would be a moment too early.
pub(crate) fn taken(error: sqlx::Error, kind: StoreErrorKind, detail: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::new(kind, detail),
        _ => failed(error),
    }
}

/// PostgreSQL's `character_not_in_repertoire`, which it answers a text with a NUL
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const NO_CHARACTER: &str = "22021";

/// A value that no column can hold is no outage: whoever tried again would try for ever.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() == Some(NO_CHARACTER) {
        true => StoreError::new(StoreErrorKind::Invalid, "a text has a NUL"),
        false => StoreError::unavailable(error),
    }
}

pub(crate) async fn run<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<u64, StoreError> {
    DB::execute(connection, sql, cells).await.map_err(failed)
}

pub(crate) async fn fetch<DB: TenantDatabase>(
    connection: &mut DB::Connection,
    sql: Sql,
    cells: Vec<Cell>,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    DB::fetch(connection, sql, cells).await.map_err(failed)
}

/// How many are removed in one transaction: nobody waits for long behind them.
const REMOVED_AT_ONCE: u32 = 200;

/// Statements on the framework's own tables, which belong to no tenant's session.
pub(crate) struct Own<DB: TenantDatabase>(TenantDb<DB>);

impl<DB: TenantDatabase> Own<DB> {
    pub(crate) fn of(db: &TenantDb<DB>) -> Self {
        Self(db.clone())
    }

    pub(crate) async fn read(&self, sql: Sql, cells: Vec<Cell>) -> Result<Vec<Vec<Cell>>, StoreError> {
        fetch::<DB>(&mut *self.acquire().await?, sql, cells).await
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<DB>, StoreError> {
        self.0.own_pool().acquire().await.map_err(StoreError::unavailable)
    }

    /// All that it reads is of one moment.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, DB>, StoreError> {
        DB::begin_read(self.0.own_pool()).await.map_err(StoreError::unavailable)
    }

    pub(crate) async fn begin(&self) -> Result<(Transaction<'static, DB>, Turn), StoreError> {
        self.0.begin_write().await.map_err(StoreError::unavailable)
    }
}

impl<DB: TenantDatabase> Own<DB> {
    /// One statement that writes, and how many rows it changed.
    pub(crate) async fn write(&self, sql: Sql, cells: Vec<Cell>) -> Result<u64, StoreError> {
        again::<DB, _, _, _>(|| async { self.try_write(sql, cells.clone()).await.map_err(failed) }).await
    }

    /// Adds a row, unless one is there with what is unique of it.
    pub(crate) async fn add(
        &self,
        sql: Sql,
        cells: Vec<Cell>,
        exists: &'static str,
    ) -> Result<(), StoreError> {
        let already = |error| taken(error, StoreErrorKind::AlreadyExists, exists);
        again::<DB, _, _, _>(|| async { self.try_write(sql, cells.clone()).await.map(drop).map_err(already) })
            .await
    }

    /// Removes the rows that a statement finds, at most so many, and says how many there were. What it finds is what the other one
    /// takes; the last of its own values is how many are looked for.
    pub(crate) async fn remove(
        &self,
        find: (Sql, &[Cell]),
        remove: Sql,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let (mut all, mut left) = (0, limit);
        while left > 0 {
            let some = left.min(REMOVED_AT_ONCE);
            let found = again::<DB, _, _, _>(|| self.remove_some(find, remove, some)).await?;
            all += u64::from(found);
            left -= some;
            if found < some {
                break;
            }
        }
        Ok(all)
    }

    async fn remove_some(
        &self,
        (find, with): (Sql, &[Cell]),
        remove: Sql,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let (mut tx, _turn) = self.begin().await?;
        let mut cells = with.to_vec();
        cells.push(i64::from(limit).into());
        let mut found = 0;
        for row in fetch::<DB>(&mut tx, find, cells).await? {
            run::<DB>(&mut tx, remove, row).await?;
            found += 1;
        }
        tx.commit().await.map_err(StoreError::unavailable)?;
        Ok(found)
    }

    async fn try_write(&self, sql: Sql, cells: Vec<Cell>) -> Result<u64, sqlx::Error> {
        let (mut tx, _turn) = self.0.begin_write().await?;
        let changed = DB::execute(&mut tx, sql, cells).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

impl<DB: TenantDatabase> fmt::Debug for Own<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What no text of PostgreSQL has.
pub(crate) const NUL: char = '\0';

/// Whether a text can be looked for as it is: MySQL pads what it compares, so that one with a blank at its end would be found as
/// the one without.
pub(crate) fn is_exact(text: &str) -> bool {
    !text.ends_with(' ') && !text.contains(NUL)
}
