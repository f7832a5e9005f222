//! The command over a code base.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

const CATALOG: &str = r#"
[tables.users]
columns = ["id", "email", "tenant_id"]
"#;

const SOURCE: &str = r#"
async fn users() {
    sqlx::query("SELECT id FROM users");
    sqlx::query!("SELECT id FROM secrets");
    sqlx::query_file!("sql/report.sql");
    sqlx::query(&format!("{}", 1));
}
"#;

/// A small code base.
fn project() -> TempDir {
    let dir = TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[package]");
    write("tenant.toml", CATALOG);
    write("src/lib.rs", SOURCE);
    write("sql/report.sql", "-- all of them\nSELECT COUNT(*)\nFROM users;\nDROP TABLE users;\n");
    write("migrations/1.sql", "CREATE TABLE users (id)");
    write("target/out.rs", "fn f() { sqlx::query(\"DROP TABLE a\"); }");
    write(".gitignore", "ignored\n");
    write("ignored/a.sql", "DROP TABLE a");
    write(".sqlx/query-1.json", r#"{"db_name": "SQLite", "query": "SELECT id FROM users", "describe": {}}"#);
    write(".sqlx/query-2.json", r#"{"db_name": "SQLite", "query": "SELECT id FROM other", "describe": {}}"#);
    write(".sqlx/query-3.json", r#"{"db_name": "MySQL", "query": "SELECT id FROM third", "describe": {}}"#);
    dir
}

fn check(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tenant"))
        .current_dir(dir)
        .args(["check", "--dialect", "sqlite", "--catalog", "tenant.toml"])
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn tells_of_each_statement_with_file_and_line() {
    let project = project();
    let output = check(project.path(), &["."]);
    let lines: Vec<String> = text(&output).lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("./.sqlx/query-2.json:1:1: refused (unknown_relation): "), "{lines:#?}");
    assert_eq!(lines[1], "./sql/report.sql:2:1: scoped");
    assert!(lines[2].starts_with("./sql/report.sql:4:1: refused (unsupported_statement): "), "{lines:#?}");
    assert_eq!(lines[3], "./src/lib.rs:3:17: scoped");
    assert!(lines[4].starts_with("./src/lib.rs:4:18: refused (unknown_relation): "), "{lines:#?}");
    assert!(lines[5].starts_with("./src/lib.rs:5:23: refused"), "{lines:#?}");
    assert_eq!(lines[6], "./src/lib.rs:6:17: not checked: it is put together at run time");
    assert_eq!(lines[7], "7 statements: 2 scoped, 4 refused, 0 refused as known, 1 not checked");
    assert_eq!((lines.len(), output.status.code()), (8, Some(1)));
}

#[test]
fn reads_migrations_when_asked_to_and_files_that_are_named() {
    let project = project();
    assert!(text(&check(project.path(), &[".", "--migrations"])).contains("./migrations/1.sql:1:1: refused"));
    let named = check(project.path(), &["migrations", "ignored/a.sql"]);
    assert!(text(&named).contains("migrations/1.sql:1:1: refused"), "{named:?}");
    assert!(text(&named).contains("ignored/a.sql:1:1: refused"), "{named:?}");
}

#[test]
fn a_baseline_accepts_what_it_holds_and_nothing_else() {
    let project = project();
    let write = check(project.path(), &["src", "--baseline", "known.json", "--write-baseline"]);
    assert_eq!(write.status.code(), Some(0), "{write:?}");
    // The lines move, and the baseline stays true.
    fs::write(project.path().join("src/lib.rs"), format!("\n\n{SOURCE}")).unwrap();
    let same = check(project.path(), &["src", "--baseline", "known.json"]);
    assert!(text(&same).contains("1 scoped, 0 refused, 2 refused as known"), "{same:?}");
    assert_eq!(same.status.code(), Some(0));
    let more = SOURCE.replace("secrets", "passwords");
    fs::write(project.path().join("src/lib.rs"), more).unwrap();
    let changed = check(project.path(), &["src", "--baseline", "known.json"]);
    assert!(text(&changed).contains("1 refused, 1 refused as known"), "{changed:?}");
    assert_eq!(changed.status.code(), Some(1));
}

#[test]
fn speaks_json() {
    let project = project();
    let report: Value =
        serde_json::from_str(&text(&check(project.path(), &["src", "--format", "json"]))).unwrap();
    assert_eq!(report["summary"]["refused"], 2);
    let second = &report["findings"][1];
    assert_eq!((&second["line"], &second["kind"]), (&4.into(), &"unknown_relation".into()));
    assert_eq!(second["sql"], "SELECT id FROM secrets");
}

#[test]
fn speaks_sarif() {
    let project = project();
    let report: Value =
        serde_json::from_str(&text(&check(project.path(), &["src", "--format", "sarif"]))).unwrap();
    assert_eq!(report["version"], "2.1.0");
    let run = &report["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "what is scoped is no result");
    assert_eq!((&results[0]["ruleId"], &results[0]["level"]), (&"unknown_relation".into(), &"error".into()));
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/lib.rs");
    assert_eq!(place["region"]["startLine"], 4);
    let rules: Vec<_> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    assert!(results.iter().all(|result| rules.contains(&&result["ruleId"])));
}

#[test]
fn a_path_that_is_not_there_is_an_error_of_the_command() {
    let project = project();
    let output = check(project.path(), &["nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("nowhere"));
}
