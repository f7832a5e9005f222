//! A database of its own, and stores that fail.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Sqlite};
use tempfile::TempDir;
use tenant_core::{ManualClock, TenantId, UnixTime};
use tenant_sqlx::{TenantDb, danger::Bypass};

pub(crate) fn id(text: &str) -> TenantId {
    TenantId::parse(text).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at(UnixTime::from_secs(1_700_000_000)))
}

/// A database, and the folder that it is in.
pub(crate) async fn database() -> (TenantDb<Sqlite>, TempDir) {
    let folder = TempDir::new().unwrap();
    (open(&folder).await, folder)
}

/// Another instance's.
pub(crate) async fn open(folder: &TempDir) -> TenantDb<Sqlite> {
    let url = format!("sqlite://{}", folder.path().join("tenants.db").display());
    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    db.migrate_tenants().await.unwrap();
    db
}

/// What somebody with the database's password does.
pub(crate) async fn tamper(db: &TenantDb<Sqlite>, statement: &str) {
    let changed = sqlx::query(AssertSqlSafe(statement))
        .execute(&db.unscoped(Bypass::new("test", "tampers")))
        .await
        .unwrap();
    assert!(changed.rows_affected() > 0, "{statement}");
}
