//! The command and the database's own walls.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;
use tenant_testkit::servers::Postgres;

const CATALOG: &str = r#"
[tables.customers]
[tables.orders]
[tables.countries]
kind = "shared"
"#;

const SCHEMA: &str = "
CREATE TABLE countries (code VARCHAR(2) PRIMARY KEY);
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers ON DELETE CASCADE);
INSERT INTO customers VALUES (1, 'ann@a.example');
INSERT INTO orders VALUES (1, 1);
";

fn place() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("tenant.toml"), CATALOG).unwrap();
    dir
}

fn tenant(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
    command.current_dir(dir).env_remove("DATABASE_URL").args(arguments).output().unwrap()
}

#[track_caller]
fn text(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn on_sqlite(path: &Path, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite:{}?mode=rwc", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn what_is_printed_for_sqlite_leaves_nothing_to_say() {
    let dir = place();
    let path = dir.path().join("shop.db");
    on_sqlite(&path, SCHEMA);
    let database = ["--database-url", "sqlite:shop.db", "--catalog", "tenant.toml"];
    let doctor = |more: &[&str]| tenant(dir.path(), &[&["doctor"], &database[..], more].concat());

    let found = text(&doctor(&[]), 1);
    assert!(
        found.contains("error TD062 `orders`: the table is owned by tenants and lacks the tenant column")
    );
    assert!(found.ends_with(" notes\n"), "{found}");

    let refused = tenant(dir.path(), &[&["ddl"], &database[..]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("say whose its rows are"));
    let migration = text(&tenant(dir.path(), &[&["ddl", "--tenant", "acme"], &database[..]].concat()), 0);
    on_sqlite(&path, &migration);
    assert_eq!(text(&doctor(&[]), 0), "0 errors, 0 warnings, 0 notes\n");
}

/// The shell goes on after errors. Where it is not installed there is nothing to try.
#[test]
fn what_is_printed_for_sqlite_does_no_harm_in_a_shell_that_goes_on() {
    let dir = place();
    let path = dir.path().join("shop.db");
    on_sqlite(&path, SCHEMA);
    on_sqlite(
        &path,
        "CREATE TABLE notes (text TEXT CHECK (length(text) < 9)); INSERT INTO notes VALUES ('short')",
    );
    fs::write(dir.path().join("tenant.toml"), format!("{CATALOG}[tables.notes]\n")).unwrap();
    let ddl = ["ddl", "--tenant", "acme", "--database-url", "sqlite:shop.db", "--catalog", "tenant.toml"];
    let migration = text(&tenant(dir.path(), &ddl), 0);
    let shell = |sql: &str| {
        let shell = Command::new("sqlite3").arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut shell = shell.ok()?;
        shell.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        Some(String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap())
    };
    let count = "SELECT (SELECT count(*) FROM notes) || (SELECT count(*) FROM orders) || (SELECT count(*) FROM customers);";
    let Some(before) =
        shell("PRAGMA ignore_check_constraints = ON; INSERT INTO notes VALUES ('much too long');")
    else {
        return;
    };
    assert_eq!(before, "");
    shell(&migration);
    assert_eq!(shell(count).unwrap(), "211\n");
    shell("DELETE FROM notes WHERE length(text) > 9;");
    assert_eq!(shell(&migration).unwrap(), "");
    assert_eq!(shell(count).unwrap(), "111\n");
    assert_eq!(shell("SELECT DISTINCT tenant_id FROM notes;").unwrap(), "acme\n");
}

#[test]
fn findings_are_told_as_json_and_sarif_and_can_be_accepted() {
    let dir = place();
    on_sqlite(&dir.path().join("shop.db"), "CREATE TABLE users (tenant_id TEXT NOT NULL, name TEXT UNIQUE)");
    let doctor =
        |more: &[&str]| tenant(dir.path(), &[&["doctor", "--database-url", "sqlite:shop.db"], more].concat());
    let json: Value = serde_json::from_str(&text(&doctor(&["--format", "json"]), 1)).unwrap();
    assert_eq!(json["summary"], serde_json::json!({ "errors": 0, "warnings": 2, "notes": 0 }));
    assert_eq!(json["findings"][0]["code"], "TD040");
    assert!(json["findings"][1]["fix"][0].as_str().unwrap().starts_with("CREATE INDEX"));

    let sarif: Value = serde_json::from_str(&text(&doctor(&["--format", "sarif"]), 1)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "TD040");
    assert_eq!(run["results"][1]["level"], "warning");
    assert_eq!(run["results"][1]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "users");

    text(&doctor(&["--accept", "TD044"]), 1);
    text(&doctor(&["--accept", "TD044", "--accept", "TD040=users: sqlite_autoindex_users_1"]), 0);
}

#[test]
fn a_database_that_is_not_there_is_no_clean_one() {
    let dir = place();
    for url in ["sqlite:gone.db", "postgres://app:secret-word@127.0.0.1:1/shop", "http://x", ""] {
        let output = tenant(dir.path(), &["doctor", "--database-url", url]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{url}: {error}");
        assert!(!error.contains("secret-word"), "{error}");
    }
    assert_eq!(tenant(dir.path(), &["doctor"]).status.code(), Some(2));
}

#[test]
fn a_catalog_alone_gives_policies_and_shards() {
    let dir = place();
    let ddl = |more: &[&str]| {
        let output = tenant(dir.path(), &[&["ddl", "--catalog", "tenant.toml"], more].concat());
        text(&output, 0)
    };
    let postgres =
        ddl(&["--dialect", "postgres", "--role", "app", "--system-role", "ops", "--setting", "my.tenant"]);
    for line in [
        "ALTER TABLE orders FORCE ROW LEVEL SECURITY;",
        "CREATE POLICY tenant_isolation ON orders FOR ALL TO app",
        "    USING (tenant_id = (SELECT nullif(current_setting('my.tenant', true), '')))",
        "CREATE POLICY tenant_system ON orders FOR ALL TO ops USING (true) WITH CHECK (true);",
    ] {
        assert!(postgres.contains(line), "{line}\n{postgres}");
    }
    let citus = ddl(&["--dialect", "postgres", "--citus"]);
    let places = [
        "create_reference_table('countries')",
        "create_distributed_table('customers', 'tenant_id')",
        "create_distributed_table('orders', 'tenant_id', colocate_with => 'customers')",
    ];
    let places = places.map(|line| citus.find(line).unwrap_or_else(|| panic!("{line}\n{citus}")));
    assert!(places.is_sorted(), "{citus}");
    let vschema: Value = serde_json::from_str(&ddl(&["--dialect", "mysql", "--vitess"])).unwrap();
    assert_eq!(vschema["tables"]["orders"]["column_vindexes"][0]["column"], "tenant_id");
    assert_eq!(vschema["tables"]["countries"]["type"], "reference");
}

/// Runs a file as people do.
fn psql(url: &str, sql: &str) {
    let mut command = Command::new("psql");
    let mut psql = command
        .args([url, "-X", "-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    psql.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    assert!(psql.wait().unwrap().success(), "{sql}");
}

#[test]
fn what_is_printed_for_postgres_leaves_nothing_to_say_and_can_be_run_again() {
    let (dir, server) = (place(), Postgres::shared().unwrap());
    let url = server.database("walls").unwrap();
    psql(&url, SCHEMA);
    let database = ["--database-url", &url, "--catalog", "tenant.toml", "--role", "walls_app"];
    let ddl = |more: &[&str]| {
        let ddl = ["ddl", "--tenant", "acme", "--system-role", "walls_ops"];
        text(&tenant(dir.path(), &[&ddl[..], &database[..], more].concat()), 0)
    };
    let whole = ddl(&[]);
    psql(&url, &ddl(&["--phase", "expand"]));
    let contract = ddl(&["--phase", "contract"]);
    assert!(contract.contains("SET lock_timeout = '5s';"), "{contract}");
    psql(&url, &contract);
    let clean = "0 errors, 0 warnings, 0 notes\n";
    assert_eq!(text(&tenant(dir.path(), &[&["doctor"], &database[..]].concat()), 0), clean);
    assert!(!ddl(&[]).contains("ALTER TABLE"), "{}", ddl(&[]));
    assert!(whole.contains("-- ==== Expand") && whole.contains("-- ==== Contract"), "{whole}");
    // Another database, both phases at once.
    let other = server.database("walls").unwrap();
    psql(&other, SCHEMA);
    psql(&other, &whole);
}
