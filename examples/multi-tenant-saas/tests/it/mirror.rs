//! The operator's API under `/api/v1`: the same routes, behind the same guard.

use std::collections::BTreeSet;

use multi_tenant_saas::{ADMIN_ROUTES, mirrored_admin_routes};
use serde_json::{Value, json};

use crate::{client::Answer, server::TestServer};

/// A body that does something; the same for both sides.
fn body(method: &str, path: &str) -> Option<Value> {
    let rest = path.rsplit("/admin/tenants").next().unwrap();
    match (method, rest) {
        ("POST", "") => Some(json!({ "tenant_id": "new" })),
        ("POST", "/{id}/clone") => Some(json!({ "tenant_id": "copy" })),
        ("PUT", "/{id}") => Some(json!({ "name": "Renamed" })),
        ("PUT", "/{id}/quota" | "/{id}/quotas") => Some(json!({ "requests_per_minute": 10 })),
        ("POST" | "PUT", "/{id}/hosts") => Some(json!({ "hosts": ["x.example"] })),
        ("POST", "/{id}/members") => {
            Some(json!({ "email": "a@b.example", "password": "correct horse battery", "role": "admin" }))
        }
        ("POST", path) if path.ends_with("/boosts") => Some(boost()),
        _ => None,
    }
}

fn boost() -> Value {
    json!({ "name": "sale", "quota": { "requests_per_minute": 5 }, "until": "2023-11-15T00:00:00Z" })
}

fn call(server: &TestServer, method: &str, path: &str) -> Answer {
    let filled = path.replace("{id}", "acme").replace("{host}", "a.example").replace("{name}", "sale");
    server.admin(method, &filled, body(method, path).as_ref())
}

#[test]
fn every_route_about_tenants_is_mirrored_and_no_other() {
    let expected: BTreeSet<_> = ADMIN_ROUTES
        .iter()
        .filter(|(_, path)| path.starts_with("/admin/tenants"))
        .map(|(method, path)| (*method, format!("/api/v1{path}")))
        .collect();
    let mirrored: BTreeSet<_> =
        mirrored_admin_routes().map(|(method, path)| (method, path.to_owned())).collect();
    assert_eq!(mirrored, expected);
    assert!(mirrored.len() >= 15);
}

#[test]
fn both_sides_answer_alike() {
    for (method, path) in mirrored_admin_routes() {
        // Each on a server of its own, so that both find the same.
        let [plain, mirror] = [path.strip_prefix("/api/v1").unwrap(), path].map(|path| {
            let server = TestServer::start();
            let quota = json!({ "requests_per_minute": 1_000 });
            server.create(&json!({ "tenant_id": "acme", "hosts": ["a.example"], "quota": quota }));
            if path.contains("{name}") {
                server.admin("POST", "/admin/tenants/acme/boosts", Some(&boost())).ok(201);
            }
            (call(&server, method, path), server.admin("GET", "/admin/tenants/acme", None).json())
        });
        assert_eq!((plain.0.status, plain.1), (mirror.0.status, mirror.1), "{method} {path}");
        // What is an archive, and what is deleted, is told elsewhere.
        let takes_more = path.ends_with("/import") || path.ends_with("/purge");
        assert!(plain.0.status < 300 || takes_more, "{method} {path}");
        assert_eq!(plain.0.header("etag"), mirror.0.header("etag"), "{method} {path}");
        let is_list = (method, path) == ("GET", "/api/v1/admin/tenants");
        let has_an_id = ["/members", "/export", "/clone"].iter().any(|end| path.ends_with(end));
        let is_told_apart = is_list || has_an_id;
        if !is_told_apart {
            assert_eq!(plain.0.body, mirror.0.body, "{method} {path}");
        }
    }
}

#[test]
fn its_lists_come_with_their_page_and_its_locations_are_its_own() {
    let server = TestServer::start();
    for id in ["a", "b", "c"] {
        let created = server.admin("POST", "/api/v1/admin/tenants", Some(&json!({ "tenant_id": id })));
        created.ok(201);
        assert_eq!(created.header("location"), Some(&*format!("/api/v1/admin/tenants/{id}")));
    }
    let plain = server.admin("GET", "/admin/tenants?limit=2&offset=1", None).ok(200);
    let list = server.admin("GET", "/api/v1/admin/tenants?limit=2&offset=1", None).ok(200);
    let expected = json!({ "data": plain["tenants"], "pagination": { "limit": 2, "offset": 1, "total": 3 } });
    assert_eq!(list, expected);
    let all = server.admin("GET", "/api/v1/admin/tenants", None).ok(200);
    assert_eq!(all["pagination"], json!({ "limit": 50, "offset": 0, "total": 3 }));
    server.admin("GET", "/api/v1/admin/tenants?limit=0", None).is_problem(400, "invalid_request");
}

#[test]
fn deletion_is_soft_there_too_and_usage_tells_of_utilization() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "quota_requests_per_minute": 4 }));
    server.get("acme", "/api/users").ok(200);
    let usage = server.admin("GET", "/api/v1/admin/tenants/acme/usage", None).ok(200);
    assert_eq!(usage["utilization"]["requests_per_minute"], 25.0);
    server.admin("DELETE", "/api/v1/admin/tenants/acme", None).ok(204);
    assert_eq!(server.admin("GET", "/api/v1/admin/tenants/acme", None).ok(200)["status"], "deleted");
    server.get("acme", "/api/users").is_problem(403, "tenant_inactive");
    let again = json!({ "tenant_id": "acme" });
    server.admin("POST", "/api/v1/admin/tenants", Some(&again)).is_problem(409, "conflict");
}

#[test]
fn its_changes_are_the_same_actions_in_the_log() {
    let logs = ["/admin", "/api/v1/admin"].map(|side| {
        let server = TestServer::start();
        server.create(&json!({ "tenant_id": "acme", "hosts": ["a.example"] }));
        let mut changes: Vec<_> = ADMIN_ROUTES
            .iter()
            .filter(|(method, path)| path.starts_with("/admin/tenants") && *method != "GET")
            .collect();
        // Last: of a tenant that is deleted nothing is told.
        changes.sort_by_key(|route| **route == ("DELETE", "/admin/tenants/{id}"));
        for (method, path) in changes {
            call(&server, method, &path.replacen("/admin", side, 1));
        }
        let log = server.admin("GET", "/admin/audit?limit=100", None).ok(200);
        let told = |event: &Value| {
            let told = ["tenant_id", "actor", "action", "resource_type", "outcome"];
            let told = told.map(|name| event[name].to_string()).join(" ");
            // The id of a job is random.
            if event["resource_type"] == "job" { told } else { format!("{told} {}", event["resource_id"]) }
        };
        log["events"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    });
    assert!(logs[0].len() > 5, "{logs:?}");
    assert_eq!(logs[0], logs[1]);
}

#[test]
fn what_is_not_there_is_a_problem_and_no_tenant_is_asked_for() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for path in ["/api/v1/admin/nothing", "/api/v1/admin/audit", "/api/v1/admin/revocations"] {
        server.admin("GET", path, None).is_problem(404, "not_found");
    }
    server.admin("PATCH", "/api/v1/admin/tenants", None).is_problem(405, "method_not_allowed");
    // A page in a browser is kept out there, too.
    let origin = [("origin", "https://evil.example")];
    let suspend = server.request("POST", "/api/v1/admin/tenants/acme/suspend", &origin, None);
    suspend.is_problem(403, "csrf_failed");
}
