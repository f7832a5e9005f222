//! A row read by its key from a SQLite file: `db.scoped` against plain sqlx with the tenant in the statement.
//!
//! Both use the same pool and read the same row by the same index.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    Sqlite, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tempfile::TempDir;
use tenant::{TenantContext, TenantDb, TenantId};
use tokio::runtime::{Builder, Runtime};

use crate::{
    BoxError, Contestant,
    tenants::{self, Limits},
};

/// How many rows each of the two tenants has.
pub const ROWS: i64 = 1_000;

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = ? AND id = ?";
const SCOPED: &str = "SELECT text FROM notes WHERE id = ?";

/// Who takes part.
///
/// # Errors
/// The file can't be written.
pub fn contestants() -> Result<Vec<Contestant>, BoxError> {
    let directory = tempfile::tempdir()?;
    prepare(directory.path())?;
    let (plain, scoped) = (Plain::open(directory.path())?, Scoped::open(directory)?);
    Ok(vec![
        Contestant::timed("scoped", move |turns| scoped.read(turns)),
        Contestant::timed("explicit predicate", move |turns| plain.read(turns)),
    ])
}

struct Plain {
    pool: SqlitePool,
    runtime: Runtime,
}

impl Plain {
    fn open(directory: &Path) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let pool = runtime.block_on(pool(directory))?;
        Ok(Self { pool, runtime })
    }

    fn read(&self, turns: u64) -> Duration {
        timed(&self.runtime, turns, async |id| plain(&self.pool, "acme", id).await)
    }
}

struct Scoped {
    db: TenantDb<Sqlite>,
    tenant: TenantContext,
    runtime: Runtime,
    _directory: TempDir,
}

impl Scoped {
    fn open(directory: TempDir) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let db = runtime.block_on(async {
            let pool = pool(directory.path()).await?;
            TenantDb::builder(pool).build().await
        })?;
        let configs = tenant::InMemoryConfigManager::with([tenants::config("acme", Limits::Requests)?])?;
        let acme = TenantId::parse("acme")?;
        let tenant = TenantContext::peek(&configs, &acme).ok_or("acme is not in memory")??;
        Ok(Self { db, tenant, runtime, _directory: directory })
    }

    fn read(&self, turns: u64) -> Duration {
        timed(&self.runtime, turns, async |id| scoped(&self.db, &self.tenant, id).await)
    }
}

fn timed(runtime: &Runtime, turns: u64, read: impl AsyncFn(i64) -> sqlx::Result<String>) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        for id in (1..=ROWS).cycle().take(usize::try_from(turns).unwrap_or(usize::MAX)) {
            let text = read(id).await;
            assert!(text.is_ok_and(|text| text.starts_with("acme")));
        }
        start.elapsed()
    })
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
        pool.close().await;
        Ok(())
    })
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
