//! What proves who is calling, in the database of the tenants' configs.

mod keys;
mod people;
mod revocations;
mod row;
mod sessions;

use std::fmt;

use sqlx::Transaction;
use tenant_core::{StoreError, StoreErrorKind};

pub use self::{keys::DbApiKeys, people::DbPeople, revocations::DbRevocations, sessions::DbSessions};
use crate::{
    TenantDb,
    db::Turn,
    driver::{Cell, Sql, TenantDatabase},
    own::{again, fetch, taken},
};

/// Statements on the framework's own tables, which belong to no tenant's session.
struct Own<DB: TenantDatabase>(TenantDb<DB>);

impl<DB: TenantDatabase> Own<DB> {
    fn of(db: &TenantDb<DB>) -> Self {
        Self(db.clone())
    }

    async fn read(&self, sql: Sql, cells: Vec<Cell>) -> Result<Vec<Vec<Cell>>, StoreError> {
        let mut connection = self.0.own_pool().acquire().await.map_err(StoreError::unavailable)?;
        fetch::<DB>(&mut connection, sql, cells).await
    }

    async fn begin(&self) -> Result<(Transaction<'static, DB>, Turn), StoreError> {
        self.0.begin_write().await.map_err(StoreError::unavailable)
    }
}

impl<DB: TenantDatabase> Own<DB> {
    /// One statement that writes, and how many rows it changed.
    async fn write(&self, sql: Sql, cells: Vec<Cell>) -> Result<u64, StoreError> {
        let unavailable = |error| StoreError::unavailable(error);
        again::<DB, _, _>(|| async { self.try_write(sql, cells.clone()).await.map_err(unavailable) }).await
    }

    /// Adds a row, unless one is there with what is unique of it.
    async fn add(&self, sql: Sql, cells: Vec<Cell>, exists: &'static str) -> Result<(), StoreError> {
        let already = |error| taken(error, StoreErrorKind::AlreadyExists, exists);
        again::<DB, _, _>(|| async { self.try_write(sql, cells.clone()).await.map(drop).map_err(already) })
            .await
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

/// Whether a text can be looked for as it is: MySQL pads what it compares, so that one with a blank at its end would be found as
/// the one without.
fn is_exact(text: &str) -> bool {
    !text.ends_with(' ')
}
