//! From a SQLite file.

use std::{path::Path, rc::Rc, time::Duration};

use sqlx::{
    Sqlite, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tempfile::TempDir;
use tenant::{TenantContext, TenantDb};
use tokio::runtime::Runtime;

use super::{ROWS, Reading, acme, runtime, timed};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = ? AND id = ?";
const SCOPED: &str = "SELECT text FROM notes WHERE id = ?";

/// Who takes part.
///
/// # Errors
/// The file can't be written.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    let directory = Rc::new(tempfile::tempdir()?);
    prepare(directory.path())?;
    let (plain, scoped) = (Plain::open(Rc::clone(&directory))?, Scoped::open(directory)?);
    Ok(vec![
        Contestant::timed("scoped", move |turns| scoped.read(now, turns)),
        Contestant::timed("explicit predicate", move |turns| plain.read(now, turns)),
    ])
}

/// The file is there until the last contestant is gone.
struct Plain {
    pool: SqlitePool,
    runtime: Runtime,
    _directory: Rc<TempDir>,
}

impl Plain {
    fn open(directory: Rc<TempDir>) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let pool = runtime.block_on(pool(directory.path()))?;
        Ok(Self { pool, runtime, _directory: directory })
    }

    fn read(&self, now: Reading, turns: u64) -> Duration {
        timed(now, &self.runtime, turns, async |id| plain(&self.pool, "acme", id).await)
    }
}

struct Scoped {
    db: TenantDb<Sqlite>,
    tenant: TenantContext,
    runtime: Runtime,
    _directory: Rc<TempDir>,
}

impl Scoped {
    fn open(directory: Rc<TempDir>) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let db = runtime.block_on(async {
            let pool = pool(directory.path()).await?;
            TenantDb::builder(pool).build().await
        })?;
        Ok(Self { db, tenant: acme()?, runtime, _directory: directory })
    }

    fn read(&self, now: Reading, turns: u64) -> Duration {
        timed(now, &self.runtime, turns, async |id| scoped(&self.db, &self.tenant, id).await)
    }
}

/// Reads a note with the tenant in the statement.
///
/// # Errors
/// There is none, or the database failed.
pub async fn plain(pool: &SqlitePool, tenant: &str, id: i64) -> sqlx::Result<String> {
    sqlx::query_scalar(PLAIN).bind(tenant).bind(id).fetch_one(pool).await
}

/// Reads a note of the tenant.
///
/// # Errors
/// There is none, or the database failed.
pub async fn scoped(db: &TenantDb<Sqlite>, tenant: &TenantContext, id: i64) -> sqlx::Result<String> {
    sqlx::query_scalar(SCOPED).bind(id).fetch_one(&db.scoped(tenant)).await
}

/// Opens the file as [`TenantDb::connect`] does.
///
/// # Errors
/// It can't be opened.
pub async fn pool(directory: &Path) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(directory.join("notes.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().test_before_acquire(false).max_connections(8);
    pool.connect_with(options).await
}

/// Writes the notes of two tenants.
///
/// # Errors
/// The file can't be written.
pub fn prepare(directory: &Path) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let pool = pool(directory).await?;
        let mut transaction = pool.begin().await?;
        sqlx::query(
            "CREATE TABLE notes (
                tenant_id TEXT NOT NULL COLLATE BINARY, id INTEGER NOT NULL, text TEXT NOT NULL,
                PRIMARY KEY (tenant_id, id)
            )",
        )
        .execute(&mut *transaction)
        .await?;
        for tenant in ["acme", "globex"] {
            for id in 1..=ROWS {
                sqlx::query("INSERT INTO notes (tenant_id, id, text) VALUES (?, ?, ?)")
                    .bind(tenant)
                    .bind(id)
                    .bind(format!("{tenant}'s note {id}"))
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        // So that both are planned by what is there.
        sqlx::query("ANALYZE").execute(&pool).await?;
        pool.close().await;
        Ok(())
    })
}
