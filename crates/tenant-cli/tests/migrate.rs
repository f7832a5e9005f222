//! The command over a database and the places beside it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_core::{ConfigStore, PlaceName, Placement, TenantConfig, TenantId};
use tenant_sqlx::{DbConfigManager, TenantDb};

fn url(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("tenants.db").display())
}

/// Three tenants in databases of their own, and a migration.
async fn town() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("migrations")).unwrap();
    step(dir.path(), "1_notes", "CREATE TABLE notes (tenant_id TEXT NOT NULL, text TEXT NOT NULL)");
    let db = TenantDb::<Sqlite>::open(&url(dir.path())).await.unwrap().databases(2).build().await.unwrap();
    db.migrate_tenants().await.unwrap();
    let nothing = sqlx::migrate::Migrator::with_migrations(Vec::new());
    for number in 1..=3 {
        let placement = Placement::Database(PlaceName::parse(&format!("t_{number}")).unwrap());
        db.provision(&placement, &nothing).await.unwrap();
        let id = TenantId::parse(&format!("tenant-{number}")).unwrap();
        let config = TenantConfig::builder(id).placement(placement).build().unwrap();
        DbConfigManager::new(&db).create(config).await.unwrap();
    }
    db.close().await;
    dir
}

fn step(dir: &Path, name: &str, sql: &str) {
    fs::write(dir.join("migrations").join(format!("{name}.sql")), sql).unwrap();
}

fn migrate(dir: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
    command.args(["migrate", "--database-url", &url(dir), "--migrations"]).arg(dir.join("migrations"));
    command.args(more).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn all_places_are_migrated_and_the_exit_code_says_so() {
    let dir = town().await;
    let plan = migrate(dir.path(), &["--dry-run", "--format", "json"]);
    assert_eq!(plan.status.code(), Some(1), "{plan:?}");
    let places = json(&plan)["places"].as_array().unwrap().clone();
    assert_eq!(places.len(), 4);
    assert!(
        places.iter().all(|place| place["state"] == "pending" && place["versions"][0] == 1),
        "{places:?}"
    );
    let done = migrate(dir.path(), &["--canary", "t_2", "--concurrency", "2"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("database t_2 was migrated, 1 applied\n"), "{text}");
    assert!(text.ends_with("4 places: 4 up to date, 4 of them migrated now, 0 behind, 0 failed\n"), "{text}");
    let again = migrate(dir.path(), &["--format", "json"]);
    assert!(json(&again)["places"].as_array().unwrap().iter().all(|place| place["state"] == "current"));
}

#[tokio::test]
async fn a_failure_is_named_without_the_values_and_ends_the_run() {
    let dir = town().await;
    assert!(migrate(dir.path(), &[]).status.success());
    step(dir.path(), "2_bad", "INSERT INTO notes VALUES ('x', 'secret'); SELECT abs('secret', nothing)");
    let failed = migrate(dir.path(), &["--canary", "shared"]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let text = String::from_utf8(failed.stdout).unwrap();
    assert!(text.contains("shared failed at migration 2: ") && !text.contains("secret"), "{text}");
    assert!(text.contains("1 failed") && text.contains("3 behind"), "{text}");
}

#[test]
fn a_database_without_the_frameworks_tables_is_not_up_to_date() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("migrations")).unwrap();
    fs::write(dir.path().join("tenants.db"), "").unwrap();
    let plan = migrate(dir.path(), &["--dry-run"]);
    assert_eq!(plan.status.code(), Some(1), "{plan:?}");
    let text = String::from_utf8(plan.stdout).unwrap();
    assert!(text.starts_with("shared is behind, the framework's own tables alone\n"), "{text}");
    assert_eq!(migrate(dir.path(), &[]).status.code(), Some(0));
    assert_eq!(migrate(dir.path(), &["--dry-run", "--canary", "shared"]).status.code(), Some(0));
    assert_eq!(migrate(dir.path(), &["--dry-run", "--canary", "nobody"]).status.code(), Some(2));
}

#[tokio::test]
async fn what_can_t_be_done_is_an_error() {
    let dir = town().await;
    for more in [&["--canary", "nobody"][..], &["--shard", "east"], &["--database-url", "oracle://x"]] {
        assert_eq!(migrate(dir.path(), more).status.code(), Some(2), "{more:?}");
    }
}
