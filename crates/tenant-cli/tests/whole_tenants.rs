//! The command over whole tenants.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_core::{ConfigStore, TenantConfig, TenantContext, TenantId};
use tenant_sqlx::{DbConfigManager, TenantDb, danger::Bypass};

fn url(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("tenants.db").display())
}

fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// Two tenants with three notes each.
async fn town() -> TempDir {
    let dir = TempDir::new().unwrap();
    let db = TenantDb::<Sqlite>::connect(&url(dir.path())).await.unwrap();
    db.migrate_tenants().await.unwrap();
    let all = db.unscoped(Bypass::new("test", "prepare the database"));
    sqlx::query("CREATE TABLE notes (tenant_id TEXT NOT NULL, text TEXT NOT NULL)")
        .execute(&all)
        .await
        .unwrap();
    db.refresh_catalog().await.unwrap();
    let configs = DbConfigManager::new(&db);
    for name in ["acme", "globex"] {
        configs.create(TenantConfig::builder(id(name)).build().unwrap()).await.unwrap();
        let tenant = TenantContext::of(&configs, &id(name)).await.unwrap();
        for number in 0..3 {
            let insert = sqlx::query("INSERT INTO notes (text) VALUES (?)").bind(format!("{name} {number}"));
            insert.execute(&db.scoped(&tenant)).await.unwrap();
        }
    }
    db.close().await;
    dir
}

async fn delete(dir: &Path, name: &str) {
    let db = TenantDb::<Sqlite>::connect(&url(dir)).await.unwrap();
    DbConfigManager::new(&db).delete(&id(name)).await.unwrap();
    db.close().await;
}

async fn count(dir: &Path, name: &'static str) -> i64 {
    let db = TenantDb::<Sqlite>::connect(&url(dir)).await.unwrap();
    let all = db.unscoped(Bypass::new("test", "count"));
    let count =
        sqlx::query_scalar("SELECT count(*) FROM notes WHERE tenant_id = ?").bind(name).fetch_one(&all).await;
    db.close().await;
    count.unwrap()
}

fn tenants(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
    command.arg("tenants").args(arguments).env("DATABASE_URL", url(dir)).output().unwrap()
}

#[track_caller]
fn object(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn file(dir: &Path) -> (PathBuf, String) {
    let file = dir.join("acme.tar");
    (file.clone(), file.display().to_string())
}

#[tokio::test]
async fn a_tenant_goes_out_and_comes_in_under_another_id() {
    let town = town().await;
    let (file, path) = file(town.path());
    let out = object(&tenants(town.path(), &["export", "acme", "--out", &path, "--json"]), 0);
    assert_eq!((&out["done"], &out["tenant_id"], &out["rows"]), (&json!(true), &json!("acme"), &json!(4)));
    assert_eq!(out["bytes"], std::fs::metadata(&file).unwrap().len());
    let text = tenants(town.path(), &["export", "acme", "--out", &path]);
    assert!(String::from_utf8_lossy(&text.stdout).starts_with("acme: 4 rows of "));
    let come = object(&tenants(town.path(), &["import", &path, "--as", "initech", "--json"]), 0);
    assert_eq!((&come["tenant_id"], &come["people"]), (&json!("initech"), &json!(0)));
    assert_eq!((count(town.path(), "initech").await, count(town.path(), "globex").await), (3, 3));
    let again = object(&tenants(town.path(), &["import", &path, "--json"]), 1);
    assert_eq!((&again["done"], &again["error"]), (&json!(false), &json!("the tenant exists already")));
    std::fs::write(&file, b"nonsense").unwrap();
    let refused = object(&tenants(town.path(), &["import", &path, "--as", "new", "--json"]), 1);
    assert!(refused["error"].as_str().unwrap().contains("the archive is refused"), "{refused}");
}

#[tokio::test]
async fn nothing_is_purged_that_was_not_deleted_and_meant() {
    let town = town().await;
    let unsaid = tenants(town.path(), &["purge", "acme"]);
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unsaid.stderr).contains("--yes"));
    let active = object(&tenants(town.path(), &["purge", "acme", "--yes", "--json"]), 1);
    assert_eq!(active["error"], "the tenant is not deleted");
    assert_eq!(count(town.path(), "acme").await, 3);
    delete(town.path(), "acme").await;
    let gone = object(&tenants(town.path(), &["purge", "acme", "--yes", "--json"]), 0);
    assert_eq!((&gone["removed"], &gone["residue"]["notes"]), (&json!(3), &json!(0)));
    assert_eq!((count(town.path(), "acme").await, count(town.path(), "globex").await), (0, 3));
    let nobody = object(&tenants(town.path(), &["purge", "acme", "--yes", "--json"]), 1);
    assert_eq!(nobody["error"], "the tenant does not exist");
}

#[tokio::test]
async fn what_could_not_be_tried_is_another_code() {
    let town = town().await;
    let nowhere = tenants(&town.path().join("nowhere"), &["export", "acme", "--out", "/tmp/x.tar"]);
    assert_eq!(nowhere.status.code(), Some(2));
    let unreadable = tenants(town.path(), &["import", "/nowhere/x.tar"]);
    assert_eq!(unreadable.status.code(), Some(2));
    let unwritable = tenants(town.path(), &["export", "acme", "--out", "/nowhere/x.tar"]);
    assert_eq!(unwritable.status.code(), Some(2));
    assert_eq!(tenants(town.path(), &["export", "a b", "--out", "/tmp/x.tar"]).status.code(), Some(2));
}

#[tokio::test]
async fn a_tenant_is_cloned_and_nothing_of_it_is_left_in_between() {
    let town = town().await;
    let scratch = TempDir::new().unwrap();
    let clone = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
        command.args(["tenants", "clone"]).args(arguments).env("DATABASE_URL", url(town.path()));
        command.env("TMPDIR", scratch.path()).output().unwrap()
    };
    let made = object(&clone(&["acme", "--as", "copy", "--json"]), 0);
    assert_eq!(
        (&made["done"], &made["tenant_id"], &made["source"]),
        (&json!(true), &json!("copy"), &json!("acme"))
    );
    assert_eq!((count(town.path(), "copy").await, count(town.path(), "globex").await), (3, 3));
    let text = clone(&["acme", "--as", "more"]);
    assert!(String::from_utf8_lossy(&text.stdout).starts_with("more: 4 rows of acme; 0 people"));
    for (arguments, why) in [
        (["acme", "--as", "globex", "--json"], "the tenant exists already"),
        (["acme", "--as", "acme", "--json"], "the tenant exists already"),
        (["nobody", "--as", "new", "--json"], "the tenant does not exist"),
    ] {
        assert_eq!(object(&clone(&arguments), 1)["error"], why);
    }
    assert_eq!(clone(&["acme"]).status.code(), Some(2), "as whom?");
    assert_eq!(clone(&["acme", "--as", "new", "--key", "seven"]).status.code(), Some(2));
    delete(town.path(), "acme").await;
    let deleted = object(&clone(&["acme", "--as", "new", "--json"]), 1);
    assert_eq!(deleted["error"], "the tenant is deleted");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "a part of it is left");
}
