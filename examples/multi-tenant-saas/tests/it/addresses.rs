//! Hosts that lead to tenants, and addresses that requests come from.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::json;

use crate::{client, server::TestServer};

fn info(server: &TestServer, host: &str, headers: &[(&str, &str)]) -> client::Answer {
    let mut text = format!("GET /api/tenant/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    client::raw(server.address, format!("{text}\r\n").as_bytes()).unwrap()
}

#[test]
fn hosts_lead_to_one_tenant_each_from_the_moment_they_are_registered() {
    let server = TestServer::start();
    for tenant in ["acme", "globex"] {
        server.create_tenant(tenant);
    }
    let hosts = |tenant: &str, method: &str, body: &[&str]| {
        let path = format!("/admin/tenants/{tenant}/hosts");
        server.admin(method, &path, Some(&json!({ "hosts": body })))
    };
    let added = hosts("acme", "POST", &["App.Acme.example", "*.apps.example"]).ok(201);
    assert_eq!(added, json!({ "hosts": ["*.apps.example", "app.acme.example"] }));
    assert_eq!(info(&server, "app.acme.example", &[]).ok(200)["id"], "acme");
    assert_eq!(info(&server, "one.apps.example", &[]).ok(200)["id"], "acme");
    for host in ["a.b.apps.example", "apps.example", "acme.example", "x.app.acme.example"] {
        info(&server, host, &[]).is_problem(401, "tenant_required");
    }
    info(&server, "one.apps.example", &[("x-tenant-id", "globex")]).is_problem(403, "tenant_mismatch");
    // None, or all: the first is free, the second lies below another's wildcard.
    for taken in ["app.acme.example", "two.apps.example", "*.apps.example", "*.acme.example"] {
        hosts("globex", "POST", &["free.example", taken]).is_problem(409, "conflict");
    }
    info(&server, "free.example", &[]).is_problem(401, "tenant_required");
    for wrong in ["", "a b", "*.*.example", "a.*.example", "127.0.0.1", "user@example.com"] {
        let problem = hosts("globex", "POST", &[wrong]).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], "hosts", "{wrong}");
    }
    let gone = server.admin("DELETE", "/admin/tenants/acme/hosts/app.acme.example", None);
    assert_eq!(gone.status, 204);
    server.admin("DELETE", "/admin/tenants/acme/hosts/app.acme.example", None).is_problem(404, "not_found");
    server.admin("DELETE", "/admin/tenants/globex/hosts/*.apps.example", None).is_problem(404, "not_found");
    info(&server, "app.acme.example", &[]).is_problem(401, "tenant_required");
    hosts("globex", "PUT", &["app.acme.example"]).ok(200);
    assert_eq!(info(&server, "app.acme.example", &[]).ok(200)["id"], "globex");
    let listed = server.admin("GET", "/admin/tenants/acme/hosts", None).ok(200);
    assert_eq!(listed, json!({ "hosts": ["*.apps.example"] }));
}

#[test]
fn only_a_trusted_proxy_names_another_host() {
    for (proxies, status) in [("192.0.2.0/24", 401), ("127.0.0.0/8", 200)] {
        let server = TestServer::with(&[("TRUSTED_PROXIES", proxies), ("ADMIN_TOKEN", "operator")]);
        let acme = json!({ "tenant_id": "acme", "hosts": ["acme.example"] });
        let admin = [("authorization", "Bearer operator")];
        server.request("POST", "/admin/tenants", &admin, Some(&acme)).ok(201);
        let answer = info(&server, "proxy.internal", &[("x-forwarded-host", "acme.example")]);
        assert_eq!(answer.status, status, "{proxies}");
    }
}

#[test]
fn an_address_has_so_many_requests_a_minute_before_anything_is_looked_at() {
    let server = TestServer::with(&[
        ("IP_RATE_LIMIT", "3"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ADMIN_TOKEN", "operator"),
    ]);
    let guess =
        |from: &str| info(&server, "x.example", &[("x-forwarded-for", from), ("x-tenant-id", "guess")]);
    for _ in 0..3 {
        guess("203.0.113.7").is_problem(404, "tenant_not_found");
    }
    let denied = guess("203.0.113.7");
    denied.is_problem(429, "quota_exceeded");
    assert!(denied.header("retry-after").is_some());
    // It is one count for all routes and methods.
    let from = [("x-forwarded-for", "203.0.113.7"), ("x-tenant-id", "guess")];
    for (method, path) in [("GET", "/api/users"), ("POST", "/login"), ("GET", "/nowhere"), ("PUT", "/health")]
    {
        let answer = server.request(method, path, &from, None);
        assert_eq!(answer.status == 429, path != "/health", "{method} {path}: {}", answer.status);
    }
    guess("203.0.113.8").is_problem(404, "tenant_not_found");
    let health = server.request("GET", "/health", &[("x-forwarded-for", "203.0.113.7")], None);
    assert_eq!(health.status, 200);
    server.advance(60);
    guess("203.0.113.7").is_problem(404, "tenant_not_found");
}

/// Before it knows which protocol is spoken, a connection has no limit of its own.
#[test]
fn who_connects_and_says_nothing_is_let_go() {
    let server = TestServer::start();
    let silent = [&b""[..], b"PRI", b"PRI * HTTP/2.0\r\n\r\n", b"GET / HTTP/1.1\r\n"].map(|bytes| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(bytes).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
        stream
    });
    for mut stream in silent {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(
            !ended.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
        );
    }
    server.request("GET", "/health", &[], None).ok(200);
}
