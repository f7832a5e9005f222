//! Workflows, and how many there may be.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;

use crate::{
    process::Process,
    server::{TestServer, eventually},
};

fn with_at_most(workflows: u64) -> TestServer {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "limits": { "workflows": workflows } }));
    server
}

fn post(server: &TestServer, body: &Value) -> crate::client::Answer {
    server.of("acme", "POST", "/api/workflows", Some(body))
}

#[test]
fn a_workflow_is_created_read_listed_and_deleted() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let answer = post(&server, &json!({ "name": "Nightly" }));
    let workflow = answer.ok(201);
    let path = format!("/api/workflows/{}", workflow["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    let expected = json!({
        "id": workflow["id"], "tenant_id": "acme", "name": "Nightly", "created_at": "2023-11-14T22:14:00Z",
    });
    assert_eq!(workflow, expected);
    assert_eq!(server.get("acme", &path).ok(200), expected);
    assert_eq!(server.get("acme", "/api/workflows").ok(200), json!([expected]));
    let delete = server.of("acme", "DELETE", &path, None);
    assert_eq!((delete.status, delete.body.len()), (204, 0));
    server.of("acme", "DELETE", &path, None).is_problem(404, "not_found");
    server.get("acme", &path).is_problem(404, "not_found");
    assert_eq!(server.get("acme", "/api/workflows").ok(200), json!([]));
}

#[test]
fn lists_are_oldest_first_and_paged() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for number in 0..5 {
        server.create_workflow("acme", &number.to_string());
        server.advance(1);
    }
    let page = server.get("acme", "/api/workflows?limit=2&offset=2");
    let names: Vec<_> = page.ok(200).as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("2"), json!("3")]);
    assert_eq!(page.header("x-total-count"), Some("5"));
    assert_eq!(
        page.header("link"),
        Some(
            "</api/workflows?limit=2&offset=0>; rel=\"prev\", </api/workflows?limit=2&offset=4>; rel=\"next\""
        )
    );
    for query in ["limit=0", "limit=101", "offset=-1", "q=1"] {
        server.get("acme", &format!("/api/workflows?{query}")).is_problem(400, "invalid_request");
    }
}

#[test]
fn a_wrong_body_is_a_400_that_names_the_field() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "x", "tenant_id": "globex" }), "tenant_id"),
    ] {
        assert_eq!(post(&server, &body).is_problem(400, "invalid_request")["field"], field, "{body}");
    }
    post(&server, &json!(["a name without its field"])).is_problem(400, "invalid_request");
    assert_eq!(server.get("acme", "/api/workflows").ok(200), json!([]));
}

#[test]
fn the_limit_is_a_429_without_retry_after_until_there_is_room() {
    let server = with_at_most(2);
    let first = server.create_workflow("acme", "one");
    server.create_workflow("acme", "two");
    let denied = post(&server, &json!({ "name": "three" }));
    denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), None, "waiting does not help");
    server.advance(86_400);
    post(&server, &json!({ "name": "three" })).is_problem(429, "quota_exceeded");
    server.of("acme", "DELETE", &format!("/api/workflows/{first}"), None).ok(204);
    server.create_workflow("acme", "three");
    assert_eq!(server.get("acme", "/api/workflows").header("x-total-count"), Some("2"));
}

#[test]
fn fifty_at_once_at_one_below_the_limit_are_one_success() {
    let server = with_at_most(3);
    server.create_workflow("acme", "one");
    server.create_workflow("acme", "two");
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |number: usize| post(&server, &json!({ "name": number.to_string() })).status;
        let all: Vec<_> = (0..50).map(|number| scope.spawn(move || ask(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 49, "{statuses:?}");
    assert_eq!(server.get("acme", "/api/workflows").ok(200).as_array().unwrap().len(), 3);
}

#[test]
fn a_denial_by_the_limit_waits_for_nobodys_write() {
    let server = with_at_most(1);
    server.create_workflow("acme", "one");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = format!("sqlite://{}", server.database().display());
    let mut writer = runtime.block_on(SqliteConnection::connect(&database)).unwrap();
    runtime.block_on(writer.execute("BEGIN IMMEDIATE")).unwrap();
    let asked = Instant::now();
    post(&server, &json!({ "name": "two" })).is_problem(429, "quota_exceeded");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    runtime.block_on(writer.execute("ROLLBACK")).unwrap();
}

#[test]
fn each_crossing_of_80_and_100_percent_is_a_line_in_the_log() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(&folder.path().join("tenants.db"));
    let limits = r#""limits":{"workflows":5,"users":{"kind":"stock","limit":1,"shadow":true}}"#;
    for tenant in ["acme", "globex"] {
        let body = format!(r#"{{"tenant_id":"{tenant}",{limits}}}"#);
        server.request("POST", "/admin/tenants", &[], Some(&body)).ok(201);
    }
    let create = |tenant: &str, path: &str, body: &str| {
        server.request("POST", path, &[("x-tenant-id", tenant)], Some(body)).status
    };
    let workflow = |tenant| create(tenant, "/api/workflows", r#"{"name":"w"}"#);
    assert_eq!([1, 2, 3, 4, 5, 6].map(|_| workflow("acme")), [201, 201, 201, 201, 201, 429]);
    workflow("globex");
    let user = |name: &str| format!(r#"{{"name":"{name}","email":"{name}@acme.example"}}"#);
    assert_eq!(["a", "b"].map(|name| create("acme", "/api/users", &user(name))), [201, 201]);
    let warned = || -> Vec<String> {
        let lines = server.logged("limit_warning").into_iter();
        lines.map(|line| format!("{} {} {}", line["tenant"], line["limit"], line["percent"])).collect()
    };
    let expected = [r#""acme" "workflows" 80"#, r#""acme" "workflows" 100"#, r#""acme" "users" 100"#];
    eventually(warned, |warned| *warned == expected);
}

#[test]
fn a_limit_of_none_and_one_that_is_lowered_keep_what_is_there() {
    let server = with_at_most(2);
    server.create_workflow("acme", "one");
    server.create_workflow("acme", "two");
    let quota = |most: Value| {
        let body = json!({ "limits": { "workflows": most } });
        server.admin("PUT", "/admin/tenants/acme/quota", Some(&body)).ok(200)
    };
    for most in [1, 0] {
        quota(json!(most));
        post(&server, &json!({ "name": "more" })).is_problem(429, "quota_exceeded");
        let standing = &server.usage("acme")["limits"]["workflows"];
        assert_eq!((&standing["limit"], &standing["used"]), (&json!(most), &json!(2)));
        assert_eq!(standing["remaining"], 0, "never below");
    }
    quota(json!("unlimited"));
    server.create_workflow("acme", "three");
}

#[test]
fn users_have_a_stock_limit_too() {
    let server = TestServer::start();
    let limits = json!({ "users": { "kind": "stock", "limit": 1 } });
    server.create(&json!({ "tenant_id": "acme", "limits": limits }));
    server.create_user("acme", "a@acme.example");
    let second = json!({ "email": "b@acme.example", "name": "B" });
    server.of("acme", "POST", "/api/users", Some(&second)).is_problem(429, "quota_exceeded");
    assert_eq!(server.users("acme"), ["a@acme.example"]);
    assert_eq!(server.usage("acme")["limits"]["users"]["used"], 1);
}

#[test]
fn users_and_workflows_are_counted_apart() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_user("acme", "a@acme.example");
    assert_eq!(server.get("acme", "/api/users").header("x-total-count"), Some("1"));
    assert_eq!(server.get("acme", "/api/workflows").header("x-total-count"), Some("0"));
}

#[test]
fn a_shadow_limit_counts_and_does_not_deny() {
    let server = TestServer::start();
    let limits = json!({ "workflows": { "kind": "stock", "limit": 1, "shadow": true } });
    server.create(&json!({ "tenant_id": "acme", "limits": limits }));
    server.create_workflow("acme", "one");
    server.create_workflow("acme", "two");
    let expected =
        json!({ "limit": 1, "used": 2, "remaining": 0, "utilization_percent": 200.0, "shadow": true });
    assert_eq!(server.usage("acme")["limits"]["workflows"], expected);
}

#[test]
fn usage_tells_of_every_limit_also_of_a_tenant_that_is_suspended() {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme", "quota_requests_per_minute": 100,
        "limits": {
            "workflows": 4, "executions_per_day": 10, "concurrent_executions": 2,
            "projects": { "kind": "stock", "limit": 7 },
        },
    }));
    let workflow = server.create_workflow("acme", "one");
    server.execute("acme", &workflow, 60_000);
    let standing = |limit: u64, used: u64, percent: f64| {
        json!({
            "limit": limit, "used": used, "remaining": limit - used, "utilization_percent": percent,
            "shadow": false,
        })
    };
    let expected = |requests: u64| {
        json!({
            "rpm": standing(100, requests, requests as f64),
            "workflows": standing(4, 1, 25.0),
            "executions_per_day": standing(10, 1, 10.0),
            "concurrent_executions": standing(2, 1, 50.0),
            "projects": standing(7, 0, 0.0),
        })
    };
    assert_eq!(server.usage("acme")["limits"], expected(2));
    let mut info = server.get("acme", "/api/tenant/info").ok(200)["limits"].take();
    let shorthands = info.as_object_mut().unwrap();
    assert_eq!(shorthands.remove("requests_per_minute"), Some(json!(100)));
    assert_eq!(shorthands.remove("tokens_per_minute"), Some(Value::Null));
    assert_eq!(info, expected(3));
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    assert_eq!(server.usage("acme")["limits"], expected(3));
}
