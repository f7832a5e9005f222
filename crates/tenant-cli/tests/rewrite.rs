//! The command as a process, held open.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

struct Rewrite {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Rewrite {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenant"))
            .arg("rewrite")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    /// One line in, one line out, while the command goes on.
    fn ask(&mut self, line: &str) -> String {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    fn ask_json(&mut self, line: &Value) -> Value {
        serde_json::from_str(&self.ask(&line.to_string())).unwrap()
    }
}

impl Drop for Rewrite {
    fn drop(&mut self) {
        self.input = None;
        assert!(self.child.wait().unwrap().success());
    }
}

const CATALOG: &str = r#"
tenant_column = "tenant_id"
unknown = "refuse"
[tables.users]
columns = ["id", "email", "tenant_id"]
unique = [["tenant_id", "email"]]
[tables.plans]
kind = "shared"
"#;

fn catalog_file() -> tempfile::TempPath {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(CATALOG.as_bytes()).unwrap();
    file.into_temp_path()
}

#[test]
fn answers_each_statement_at_once() {
    let catalog = catalog_file();
    let mut tenant =
        Rewrite::start(&["--dialect", "sqlite", "--tenant", "acme", "--catalog", catalog.to_str().unwrap()]);
    assert_eq!(
        tenant.ask("SELECT id FROM users WHERE email = ?"),
        r#"SELECT id FROM users WHERE "users"."tenant_id" = ?2 AND (email = ?1) -- binds: argument 1, tenant acme"#
    );
    assert!(tenant.ask("SELECT * FROM nobody").starts_with("-- refused (unknown_relation): "));
}

#[test]
fn speaks_json_lines() {
    let mut tenant = Rewrite::start(&["--dialect", "sqlite", "--tenant", "acme", "--jsonl"]);
    let refused = tenant.ask_json(&json!({ "id": 1, "sql": "SELECT 1 FROM users" }));
    assert_eq!((&refused["id"], &refused["ok"]), (&json!(1), &json!(false)));
    assert_eq!(refused["error"]["kind"], "unknown_relation");
    let catalog = json!({ "tables": { "users": {} } });
    let line = json!({ "id": "x", "sql": "DROP TABLE users", "catalog": catalog });
    assert_eq!(tenant.ask_json(&line)["error"]["kind"], "unsupported_statement");
    let scoped =
        tenant.ask_json(&json!({ "id": 2, "sql": "SELECT 1 FROM users WHERE id = ?", "tenant": "globex" }));
    assert_eq!(
        scoped,
        json!({
            "id": 2, "ok": true, "sql": "SELECT 1 FROM users WHERE \"users\".\"tenant_id\" = ?2 AND (id = ?1)",
            "binds": [{ "arg": 1 }, { "tenant": "globex" }],
        })
    );
    let postgres = tenant
        .ask_json(&json!({ "id": 3, "sql": "SELECT 1 FROM users WHERE id = $1", "dialect": "postgres" }));
    assert_eq!(postgres["sql"], "SELECT 1 FROM users WHERE \"users\".\"tenant_id\" = $2 AND (id = $1)");
    assert_eq!(postgres["binds"], json!([{ "arg": 1 }, { "tenant": "acme" }]));
    let mysql =
        tenant.ask_json(&json!({ "id": 4, "sql": "SELECT 1 FROM users WHERE id = ?", "dialect": "mysql" }));
    assert_eq!((&mysql["ok"], &mysql["binds"]), (&json!(true), &json!([{ "arg": 1 }])));
    assert!(mysql["sql"].as_str().unwrap().contains("61636D65"), "{mysql}");
}

#[test]
fn whatever_is_wrong_with_a_line_is_an_answer() {
    let mut tenant = Rewrite::start(&["--dialect", "sqlite", "--jsonl"]);
    for (line, kind) in [
        ("{", "request"),
        ("[]", "request"),
        (r#"{"id": 7}"#, "request"),
        (r#"{"id": 7, "sql": "SELECT 1"}"#, "request"),
        (r#"{"id": 7, "sql": "SELECT 1", "tenant": "a b"}"#, "tenant"),
        (r#"{"id": 7, "sql": "SELECT 1", "extra": 1}"#, "request"),
        (r#"{"id": 7, "sql": "SELECT FROM WHERE", "tenant": "acme"}"#, "syntax"),
    ] {
        let answer: Value = serde_json::from_str(&tenant.ask(line)).unwrap();
        assert_eq!((&answer["ok"], &answer["error"]["kind"]), (&json!(false), &json!(kind)), "{line}");
        assert_eq!(answer["id"], if line.contains("\"id\"") { json!(7) } else { json!(null) }, "{line}");
    }
}

#[test]
fn a_catalog_that_can_not_be_read_ends_the_command() {
    for arguments in [&["--catalog", "/nowhere"][..], &["--dialect", "oracle"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_tenant"))
            .args(["rewrite", "--dialect", "sqlite", "--tenant", "acme"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(!output.stderr.is_empty());
    }
}
