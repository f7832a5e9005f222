//! Request analytics.

use serde_json::{Value, json};

use crate::server::{TestServer, eventually};

fn requests(server: &TestServer) -> Value {
    server.get("acme", "/api/analytics/requests").ok(200)
}

#[test]
fn what_was_answered_shows_with_its_true_status() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "allowed_models": ["gpt-4"] }));
    server.create_user("acme", "a@acme.example");
    server.get("acme", "/api/users/none");
    server.request("GET", "/api/users", &[("x-tenant-id", "acme"), ("x-model", "other")], None);
    let answer = eventually(|| requests(&server), |answer| answer["by_status"]["403"] == 1);
    assert_eq!(answer["by_status"]["201"], 1);
    assert_eq!(answer["by_status"]["404"], 1);
    assert!(answer["total_requests"].as_i64().unwrap() >= 3);
    assert!(answer["avg_duration_ms"].as_f64().unwrap() > 0.0);
    let recent = answer["recent_requests"].as_array().unwrap();
    let first = recent.last().unwrap();
    assert_eq!(first["method"], "POST");
    assert_eq!(first["path"], "/api/users");
    assert_eq!(first["status_code"], 201);
    assert_eq!(first["created_at"], "2023-11-14T22:14:00Z");
    assert!(first["duration_ms"].is_number());
}

#[test]
fn an_empty_history_is_zeros() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let expected =
        json!({ "total_requests": 0, "by_status": {}, "avg_duration_ms": 0.0, "recent_requests": [] });
    assert_eq!(requests(&server), expected);
}

#[test]
fn recent_requests_are_bounded_and_totals_are_not() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for _ in 0..130 {
        server.get("acme", "/api/tenant/info").ok(200);
    }
    let answer = eventually(|| requests(&server), |answer| answer["total_requests"].as_i64() >= Some(130));
    assert_eq!(answer["recent_requests"].as_array().unwrap().len(), 100);
}

#[test]
fn none_is_lost_on_graceful_shutdown() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for _ in 0..50 {
        server.get("acme", "/api/tenant/info").ok(200);
    }
    let server = TestServer::on(server.stop(), &[]);
    assert_eq!(requests(&server)["by_status"], json!({ "200": 50 }));
}

#[test]
fn requests_of_a_tenant_suspended_meanwhile_are_kept() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.get("acme", "/api/tenant/info").ok(200);
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    let server = TestServer::on(server.stop(), &[]);
    server.admin("POST", "/admin/tenants/acme/activate", None).ok(200);
    assert_eq!(requests(&server)["by_status"], json!({ "200": 1 }));
}
