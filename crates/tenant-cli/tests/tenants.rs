//! The command over tenants, in their database and through a server.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Output},
    thread,
};

use serde_json::{Value, json};
use sqlx::Sqlite;
use tempfile::TempDir;
use tenant_sqlx::TenantDb;

const TOKEN: &str = "token-that-nobody-else-has";

async fn database() -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let url = format!("sqlite://{}", dir.path().join("tenants.db").display());
    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    db.migrate_tenants().await.unwrap();
    db.close().await;
    (dir, url)
}

fn tenant(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenant"));
    command.env_remove("DATABASE_URL").env_remove("ADMIN_TOKEN").envs(variables.iter().copied());
    command.args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output, code: i32) -> String {
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(code), true), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn a_tenants_life_in_its_database() {
    let (_dir, url) = database().await;
    let at = |arguments: &[&str]| tenant(arguments, &[("DATABASE_URL", &url)]);
    let create = [
        "tenants",
        "create",
        "acme",
        "--name",
        "Acme",
        "--requests-per-minute",
        "9",
        "--host",
        "A.example",
        "--json",
    ];
    let created: Value = serde_json::from_str(&text(&at(&create))).unwrap();
    assert_eq!((&created["tenant_id"], &created["status"]), (&json!("acme"), &json!("active")));
    assert_eq!(
        (&created["quota"]["requests_per_minute"], &created["hosts"]),
        (&json!(9), &json!(["a.example"]))
    );
    assert!(refused(&at(&create), 1).contains("exists already"));
    at(&["tenants", "create", "globex"]);
    assert!(text(&at(&["tenants", "suspend", "acme"])).contains("status: suspended\n"));
    assert!(text(&at(&["tenants", "activate", "acme"])).contains("status: active\n"));
    let listed = text(&at(&["tenants", "list", "--limit", "1", "--offset", "1"]));
    assert!(listed.starts_with("globex") && listed.ends_with("1 of 2 tenants\n"), "{listed}");
    let all: Value = serde_json::from_str(&text(&at(&["tenants", "list", "--json"]))).unwrap();
    assert_eq!((&all["total"], &all["tenants"][0]["tenant_id"]), (&json!(2), &json!("acme")));
    let usage: Value = serde_json::from_str(&text(&at(&["usage", "acme", "--json"]))).unwrap();
    assert_eq!((&usage["tenant_id"], &usage["usage"]), (&json!("acme"), &json!([])));

    assert!(refused(&at(&["tenants", "delete", "acme"]), 2).contains("--yes"));
    assert!(text(&at(&["tenants", "show", "acme"])).contains("status: active\n"), "nothing was deleted");
    assert_eq!(text(&at(&["tenants", "delete", "acme", "--yes"])), "acme is deleted\n");
    assert!(text(&at(&["tenants", "show", "acme"])).contains("status: deleted\n"));
    refused(&at(&["tenants", "delete", "acme", "--yes"]), 1);
    for verb in ["show", "suspend", "activate"] {
        refused(&at(&["tenants", verb, "nobody"]), 1);
    }
    refused(&at(&["usage", "nobody"]), 1);

    let db = TenantDb::<Sqlite>::connect(&url).await.unwrap();
    let bypass = tenant_sqlx::danger::Bypass::new("test", "reads the log");
    let told: Vec<(String, String, String)> =
        sqlx::query_as("SELECT tenant_id, actor, action FROM tenant_audit ORDER BY number")
            .fetch_all(&db.unscoped(bypass))
            .await
            .unwrap();
    let told: Vec<_> = told.iter().map(|(id, actor, action)| format!("{id} {actor} {action}")).collect();
    let expected = [
        "acme command tenant.created",
        "globex command tenant.created",
        "acme command tenant.suspended",
        "acme command tenant.activated",
        "acme command tenant.deleted",
    ];
    assert_eq!(told, expected);
    db.close().await;
    text(&at(&["audit", "verify"]));
}

/// Answers one request with this, and gives back what it was asked.
fn server(status: &'static str, body: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut some = [0; 4096];
        loop {
            let count = stream.read(&mut some).unwrap();
            asked.extend_from_slice(&some[..count]);
            let text = String::from_utf8_lossy(&asked).to_lowercase();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
            if body.len() >= length {
                break;
            }
        }
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (url, asked)
}

#[test]
fn through_a_server_the_token_is_the_environments() {
    let shown = r#"{"tenant_id":"acme","status":"suspended","name":"Ac\u001b[31mme","plan":null}"#;
    for (arguments, line, body) in [
        (
            &["tenants", "create", "acme", "--plan", "pro"][..],
            "POST /admin/tenants ",
            Some(r#""plan":"pro""#),
        ),
        (&["tenants", "show", "acme"], "GET /admin/tenants/acme ", None),
        (&["tenants", "suspend", "acme"], "POST /admin/tenants/acme/suspend ", None),
        (&["tenants", "activate", "acme"], "POST /admin/tenants/acme/activate ", None),
        (&["usage", "acme"], "GET /admin/tenants/acme/usage ", None),
    ] {
        let (url, asked) = server("200 OK", shown);
        let output = tenant(&[arguments, &["--api", &url]].concat(), &[("ADMIN_TOKEN", TOKEN)]);
        let printed = text(&output);
        assert!(printed.contains("status: suspended\n") && !printed.contains('\u{1b}'), "{printed:?}");
        let asked = asked.join().unwrap();
        assert!(asked.starts_with(line), "{asked}");
        assert!(asked.contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{asked}");
        assert!(body.is_none_or(|body| asked.ends_with('}') && asked.contains(body)), "{asked}");
    }
    let (url, asked) = server("204 No Content", "");
    let deleted = tenant(&["tenants", "delete", "acme", "--yes", "--api", &url], &[("ADMIN_TOKEN", TOKEN)]);
    assert_eq!(text(&deleted), "acme is deleted\n");
    assert!(asked.join().unwrap().starts_with("DELETE /admin/tenants/acme "));
}

#[test]
fn what_a_server_refuses_is_told_apart_from_what_could_not_be_asked() {
    let ask = |url: &str| tenant(&["tenants", "show", "acme", "--api", url], &[("ADMIN_TOKEN", TOKEN)]);
    for (status, code) in [
        ("404 Not Found", 1),
        ("409 Conflict", 1),
        ("401 Unauthorized", 2),
        ("503 Service Unavailable", 2),
        ("302 Found", 2),
    ] {
        let (url, asked) = server(status, r#"{"detail":"because"}"#);
        let why = refused(&ask(&url), code);
        assert!(why.contains("because") || code == 2, "{why}");
        assert!(!why.contains(TOKEN));
        asked.join().unwrap();
    }
    let (url, asked) = server("200 OK", "no json");
    refused(&ask(&url), 2);
    asked.join().unwrap();
    refused(&ask("http://127.0.0.1:1"), 2);
    assert!(refused(&ask("http://api.example"), 2).contains("unencrypted"));
}

#[test]
fn what_makes_no_sense_is_not_tried() {
    for arguments in [
        &["tenants", "show", "acme"][..],
        &["tenants", "show", "a/b", "--api", "http://localhost"],
        &["tenants", "show", "acme", "--api", "http://localhost", "--database-url", "sqlite::memory:"],
        &["tenants", "list", "--limit", "0", "--database-url", "sqlite::memory:"],
        &["tenants", "create", "acme", "--host", "127.0.0.1", "--database-url", "sqlite::memory:"],
        &["tenants", "show", "acme", "--database-url", "oracle://x"],
        &["tenants", "delete", "acme", "--api", "http://localhost"],
    ] {
        refused(&tenant(arguments, &[]), 2);
    }
}
