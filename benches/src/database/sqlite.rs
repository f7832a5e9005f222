//! From a SQLite file.

use std::{path::Path, rc::Rc};

use sqlx::{
    AssertSqlSafe, Sqlite, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tenant::{TenantContext, TenantDb};

use super::{GLOBEX_ALONE, ROWS, Reading, acme, notes, reader, runtime};
use crate::{BoxError, Contestant};

const PLAIN: &str = "SELECT text FROM notes WHERE tenant_id = ? AND id = ?";
const SCOPED: &str = "SELECT text FROM notes WHERE id = ?";

/// Who takes part.
///
/// # Errors
/// The file can't be written.
pub fn contestants(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    // It is there until the last contestant is gone.
    let directory = Rc::new(tempfile::tempdir()?);
    prepare(directory.path())?;
    let (ours, theirs) = (runtime()?, runtime()?);
    let db = ours.block_on(async { TenantDb::builder(pool(directory.path()).await?).build().await })?;
    let pool = theirs.block_on(pool(directory.path()))?;
    let (tenant, kept) = (acme()?, Rc::clone(&directory));
    Ok(vec![
        reader("scoped", now, Box::new(ours), async move |id| {
            let _kept = &kept;
            scoped(&db, &tenant, id).await
        }),
        reader("explicit predicate", now, Box::new(theirs), async move |id| {
            let _kept = &directory;
            plain(&pool, "acme", id).await
        }),
    ])
}

/// Reads what the tenant does not have: notes of another one, and notes that nobody has. Neither is to take longer.
///
/// # Errors
/// The file can't be written.
pub fn strangers(now: Reading) -> Result<Vec<Contestant>, BoxError> {
    let directory = Rc::new(tempfile::tempdir()?);
    prepare(directory.path())?;
    // One pool for both: what a connection costs by itself must not look like a difference between rows.
    let (runtime, tenant) = (Rc::new(runtime()?), acme()?);
    let db = runtime.block_on(async { TenantDb::builder(pool(directory.path()).await?).build().await })?;
    let contestant = |name, first: i64| {
        let (db, tenant, kept) = (db.clone(), tenant.clone(), Rc::clone(&directory));
        reader(name, now, Rc::clone(&runtime), async move |id| {
            let _kept = &kept;
            match scoped(&db, &tenant, first + id).await {
                Err(sqlx::Error::RowNotFound) => Ok("acme has none".to_owned()),
                other => other,
            }
        })
    };
    Ok(vec![
        contestant("another tenant's row", GLOBEX_ALONE),
        contestant("a row that nobody has", 5 * ROWS),
        contestant("another that nobody has", 9 * ROWS),
    ])
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
        for statement in notes("TEXT COLLATE BINARY", "ANALYZE") {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool).await?;
        }
        pool.close().await;
        Ok(())
    })
}
