//! Each line of the contract's table that this server can answer, through a real socket.

use serde_json::json;

use crate::{
    client::{self, Answer},
    server::TestServer,
};

fn server() -> TestServer {
    let server = TestServer::with(&[("BASE_DOMAINS", "saas.example")]);
    server.create(&json!({ "tenant_id": "acme", "hosts": ["app.acme.example"] }));
    server.create(&json!({ "tenant_id": "globex", "hosts": ["globex.example"] }));
    server
}

fn send(server: &TestServer, target: &str, headers: &[u8]) -> Answer {
    let mut bytes = format!("GET {target} HTTP/1.1\r\n").into_bytes();
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(b"connection: close\r\n\r\n");
    client::raw(server.address, &bytes).unwrap()
}

const USERS: &str = "/api/users";

#[test]
fn no_tenant_is_401() {
    let server = server();
    let answer = send(&server, USERS, b"host: 127.0.0.1\r\n");
    answer.is_problem(401, "tenant_required");
    assert!(answer.header("www-authenticate").is_some());
}

#[test]
fn malformed_claims_are_400() {
    let server = server();
    let wrong: [&[u8]; 11] = [
        b"x-tenant-id: acme\r\nx-tenant-id: acme\r\n",
        b"x-tenant-id: acme\r\nX-Tenant-ID: globex\r\n",
        b"x-tenant-id: \r\n",
        b"x-tenant-id: acme,globex\r\n",
        b"x-tenant-id: acme globex\r\n",
        b"x-tenant-id: acm\xe9\r\n",
        b"x-tenant-id: ../acme\r\n",
        b"x-tenant-id: -acme\r\n",
        b"x-tenant-id: acme-\r\n",
        b"x-tenant-id: a:b\r\n",
        b"x-tenant-id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    ];
    for headers in wrong {
        let mut all = b"host: 127.0.0.1\r\n".to_vec();
        all.extend_from_slice(headers);
        send(&server, USERS, &all).is_problem(400, "invalid_tenant_id");
    }
}

#[test]
fn an_unknown_tenant_is_404() {
    let server = server();
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: nobody\r\n").is_problem(404, "tenant_not_found");
}

#[test]
fn an_inactive_tenant_is_403() {
    let server = server();
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: acme\r\n").is_problem(403, "tenant_inactive");
    server.admin("DELETE", "/admin/tenants/acme", None).ok(204);
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: acme\r\n").is_problem(403, "tenant_inactive");
}

#[test]
fn sources_that_disagree_are_403_and_neither_id_is_told() {
    let server = server();
    for host in ["app.acme.example", "acme.saas.example"] {
        let headers = format!("host: {host}\r\nx-tenant-id: globex\r\n");
        let answer = send(&server, USERS, headers.as_bytes());
        answer.is_problem(403, "tenant_mismatch");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("acme") && !text.contains("globex"), "{text}");
    }
    send(&server, USERS, b"host: app.acme.example\r\nx-tenant-id: acme\r\n").ok(200);
}

#[test]
fn hosts_and_subdomains_lead_to_their_tenant() {
    let server = server();
    let info = |host: &str| send(&server, "/api/tenant/info", format!("host: {host}\r\n").as_bytes());
    assert_eq!(info("app.acme.example").ok(200)["id"], "acme");
    assert_eq!(info("GLOBEX.example:443").ok(200)["id"], "globex");
    assert_eq!(info("acme.saas.example").ok(200)["id"], "acme");
    for nobody in ["saas.example", "www.saas.example", "other.example", "127.0.0.1:80", "[::1]:80"] {
        info(nobody).is_problem(401, "tenant_required");
    }
    info("nobody.saas.example").is_problem(404, "tenant_not_found");
    info("a.acme.saas.example").is_problem(401, "tenant_required");
}

#[test]
fn hosts_that_contradict_or_are_none_are_400() {
    let server = server();
    for headers in [
        "host: app.acme.example\r\nhost: globex.example\r\n",
        "host: app.acme.example\r\nhost: app.acme.example\r\n",
        "host: \r\n",
        "host: app.acme.example/path\r\n",
        "host: user@app.acme.example\r\n",
        "host: a b\r\n",
        "host: app.acme.example:99999\r\n",
    ] {
        assert_eq!(send(&server, USERS, headers.as_bytes()).status, 400, "{headers}");
    }
    let absolute = send(&server, "http://app.acme.example/api/tenant/info", b"host: globex.example\r\n");
    assert_eq!(absolute.status, 400);
    let agreeing = send(&server, "http://app.acme.example/api/tenant/info", b"host: app.acme.example\r\n");
    assert_eq!(agreeing.ok(200)["id"], "acme");
    let forwarded = b"host: app.acme.example\r\nx-forwarded-host: globex.example\r\n";
    assert_eq!(send(&server, "/api/tenant/info", forwarded).ok(200)["id"], "acme", "no proxy is trusted");
}

#[test]
fn policy_quota_body_and_json_are_answered_as_the_table_says() {
    let server = server();
    server.create(&json!({ "tenant_id": "small", "quota_requests_per_minute": 1, "allowed_models": ["m"] }));
    let denied = send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: small\r\nx-model: other\r\n");
    assert!(denied.is_problem(403, "policy_denied")["reason"].is_string());
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: small\r\n").ok(200);
    let limited = send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: small\r\n");
    assert!(limited.is_problem(429, "quota_exceeded")["retry_after"].is_number());
    let post =
        |body: &str| client::request(server.address, "POST", USERS, &[("x-tenant-id", "acme")], Some(body));
    post("{").is_problem(400, "invalid_request");
    post(&"x".repeat((1 << 20) + 1)).is_problem(413, "body_too_large");
    server.get("acme", "/api/users/not-an-id").is_problem(404, "not_found");
    server.admin("POST", "/admin/tenants", Some(&json!({ "tenant_id": "acme" }))).is_problem(409, "conflict");
    server.get("acme", "/api/users?limit=x").is_problem(400, "invalid_request");
}

#[test]
fn a_store_that_fails_is_503_and_recovers() {
    let server = server();
    server.sql("ALTER TABLE tenants RENAME TO tenants_away");
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: late\r\n")
        .is_problem(503, "tenant_store_unavailable");
    server.sql("ALTER TABLE tenants_away RENAME TO tenants");
    send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: late\r\n").is_problem(404, "tenant_not_found");
}

#[test]
fn problems_carry_the_callers_trace() {
    let server = server();
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let answer = send(&server, USERS, format!("host: 127.0.0.1\r\n{trace}").as_bytes());
    let problem = answer.is_problem(401, "tenant_required");
    assert_eq!(problem["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn grpc_callers_get_the_equal_grpc_status() {
    let server = server();
    let answer = send(&server, USERS, b"host: 127.0.0.1\r\ncontent-type: application/grpc+proto\r\n");
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("16")));
    let answer =
        send(&server, USERS, b"host: 127.0.0.1\r\nx-tenant-id: no\r\ncontent-type: application/grpc\r\n");
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("5")));
}
