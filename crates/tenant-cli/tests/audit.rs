//! The command over an audit log.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use serde_json::{Value, json};
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_control::AuditLog;
use tenant_sqlx::{DbAudit, TenantDb, danger::Bypass};

const KEY: &[u8] = b"a key of thirty-two bytes or more";

fn url(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("tenants.db").display())
}

async fn open(dir: &Path) -> TenantDb<Sqlite> {
    TenantDb::<Sqlite>::connect(&url(dir)).await.unwrap()
}

/// Five events, sealed with the key.
async fn town() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("key"), KEY).unwrap();
    let db = open(dir.path()).await;
    db.migrate_tenants().await.unwrap();
    let log = AuditLog::builder(Arc::new(DbAudit::new(&db))).key(KEY).unwrap().start();
    for _ in 0..5 {
        log.record(log.event("ada", "user.created", "user")).await.unwrap();
    }
    drop(log);
    db.close().await;
    dir
}

fn verify(dir: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
    command.args(["audit", "verify", "--database-url", &url(dir)]);
    command.args(more).output().unwrap()
}

#[tokio::test]
async fn a_removed_row_and_a_changed_one_are_found_and_the_exit_code_says_so() {
    let dir = town().await;
    let key = dir.path().join("key").display().to_string();
    let with_key = |more: &[&str]| verify(dir.path(), &[&["--key-file", &*key], more].concat());
    let whole = with_key(&[]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    assert!(
        String::from_utf8_lossy(&whole.stdout).starts_with("the audit log is whole: 5 entries\nlast: 5 ")
    );
    assert_eq!(verify(dir.path(), &[]).status.code(), Some(1), "sealed with a key");

    let db = open(dir.path()).await;
    for statement in [
        "DELETE FROM tenant_audit WHERE number = 2",
        "UPDATE tenant_audit SET actor = 'eve' WHERE number = 4",
    ] {
        sqlx::query(statement).execute(&db.unscoped(Bypass::new("test", "tampers"))).await.unwrap();
    }
    db.close().await;
    let damaged = with_key(&["--json"]);
    assert_eq!(damaged.status.code(), Some(1), "{damaged:?}");
    let report: Value = serde_json::from_slice(&damaged.stdout).unwrap();
    let expected = json!([
        { "kind": "missing", "first": 2, "last": 2 },
        { "kind": "changed", "first": 4, "last": 4 },
    ]);
    assert_eq!((&report["is_whole"], &report["damage"]), (&json!(false), &expected));
    let text = String::from_utf8_lossy(&with_key(&[]).stdout).into_owned();
    assert!(text.contains("entry 2 is missing\nentry 4 is not the one that was sealed\n"), "{text}");
}

#[tokio::test]
async fn what_can_not_be_read_is_no_log_that_is_whole() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).await.close().await;
    for more in [&[][..], &["--key-file", "/nowhere/at/all"]] {
        let output = verify(dir.path(), more);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{output:?}");
    }
    fs::write(dir.path().join("short"), b"short").unwrap();
    let short = dir.path().join("short").display().to_string();
    let output = verify(dir.path(), &["--key-file", &short]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("fewer than 32 bytes"), "{output:?}");
}
