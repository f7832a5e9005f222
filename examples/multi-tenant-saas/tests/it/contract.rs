//! The routes that need no tenant, and those that do not exist.

use serde_json::json;

use crate::server::{TestServer, eventually};

#[test]
fn health_and_service_information_need_no_tenant() {
    let server = TestServer::start();
    let health = server.request("GET", "/health", &[], None).ok(200);
    assert_eq!(health, json!({ "status": "ok", "stores": { "database": "ok" } }));
    assert_eq!(server.request("GET", "/", &[], None).ok(200)["service"], "multi-tenant-saas");
}

#[test]
fn paths_and_methods_that_do_not_exist_are_problems_too() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.request("GET", "/nothing", &[], None).is_problem(404, "not_found");
    server.admin("GET", "/admin/nothing", None).is_problem(404, "not_found");
    server.get("acme", "/api/nothing").is_problem(404, "not_found");
    server.request("GET", "/api/nothing", &[], None).is_problem(401, "tenant_required");
    let wrong = server.of("acme", "PATCH", "/api/users", None);
    wrong.is_problem(405, "method_not_allowed");
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("POST")));
}

#[test]
fn a_tenants_info_is_what_its_users_may_see() {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme", "name": "Acme", "quota_requests_per_minute": 9, "features": { "beta": true },
        "branding": { "logo": "a.svg" }, "hosts": ["acme.example"], "metadata": { "secret": "of the operator" },
        "limits": { "daily": { "kind": "rate", "dimension": "requests", "window": "day", "limit": 50 } },
    }));
    let info = server.get("acme", "/api/tenant/info").ok(200);
    let standing = |limit: u64, used: u64, percent: f64| {
        json!({
            "limit": limit, "used": used, "remaining": limit - used, "utilization_percent": percent,
            "shadow": false,
        })
    };
    assert_eq!(
        info,
        json!({
            "id": "acme", "name": "Acme", "hosts": ["acme.example"], "features": { "beta": true },
            "branding": { "logo": "a.svg" },
            "limits": {
                "requests_per_minute": 9, "tokens_per_minute": null,
                "rpm": standing(9, 1, 100.0 / 9.0),
                "daily": standing(50, 1, 2.0),
            },
        })
    );
}

#[test]
fn metrics_are_in_prometheus_format_and_name_no_tenant() {
    let server = TestServer::start();
    server.create_tenant("canary-tenant");
    server.get("canary-tenant", "/api/users").ok(200);
    server.request("GET", "/api/users", &[], None).is_problem(401, "tenant_required");
    let text = eventually(
        || String::from_utf8(server.admin("GET", "/metrics", None).body).unwrap(),
        |text| text.contains("tenant_denials_total"),
    );
    for expected in [
        "# TYPE tenant_requests_total counter",
        "tenant_requests_total{status=\"200\"}",
        "tenant_denials_total{kind=\"tenant_required\"}",
        "tenant_request_duration_seconds",
        "tenant_config_lookups_total{result=\"hit\"}",
        "tenant_rewrites_total{result=\"miss\"}",
    ] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
    assert!(!text.contains("canary-tenant"));
}

#[test]
fn what_fails_inside_tells_the_caller_nothing() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let workflow = server.create_workflow("acme", "w");
    for table in ["users", "executions"] {
        server.sql(&format!("ALTER TABLE {table} RENAME TO away_{table}"));
    }
    let user = json!({ "name": "Ada", "email": "ada@acme.example" });
    let execute = format!("/api/workflows/{workflow}/execute");
    for (method, path, body) in [
        ("GET", "/api/users", None),
        ("GET", "/api/users/1", None),
        ("POST", "/api/users", Some(&user)),
        ("DELETE", "/api/users/1", None),
        ("POST", execute.as_str(), None),
        ("GET", "/api/executions/1", None),
    ] {
        let problem = server.of("acme", method, path, body).is_problem(500, "internal_error");
        let members: Vec<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "detail", "status", "title", "type"], "{method} {path}");
        assert_eq!(problem["detail"], "the service failed", "{method} {path}");
    }
}
