//! Slots for requests, where they are configured.

use serde_json::json;

use crate::{server::TestServer, stream::Stream};

fn two(variables: &[(&str, &str)]) -> TestServer {
    let server = TestServer::with(variables);
    server.create_tenant("acme");
    server.create_tenant("globex");
    server
}

/// A chat that goes on for as long as nobody reads.
fn endless(server: &TestServer, tenant: &str) -> Stream {
    let messages = json!([{ "role": "user", "content": "a ".repeat(500_000) }]);
    let body = json!({ "model": "m", "messages": messages, "max_tokens": 500_000 }).to_string();
    let stream = Stream::post(server.address, "/api/chat", &[("x-tenant-id", tenant)], &body);
    assert_eq!(stream.status, 200);
    stream
}

#[test]
fn all_routes_share_the_slots_and_one_is_held_until_the_body_ends() {
    let server = two(&[("MAX_CONCURRENT_REQUESTS", "1")]);
    let chat = endless(&server, "acme");
    let shed = server.get("globex", "/api/users");
    shed.is_problem(503, "overloaded");
    assert_eq!(shed.header("retry-after"), Some("1"));
    server.admin("GET", "/admin/tenants", None).ok(200);
    server.request("GET", "/health", &[], None).ok(200);
    drop(chat);
    server.get("globex", "/api/users").ok(200);
}

#[test]
fn one_tenant_never_has_all_slots() {
    let server = two(&[("MAX_CONCURRENT_REQUESTS", "4")]);
    let _chats = [0, 1, 2].map(|_| endless(&server, "acme"));
    server.get("acme", "/api/users").is_problem(503, "overloaded");
    server.get("globex", "/api/users").ok(200);
}

#[test]
fn nobody_waits_where_nothing_is_configured() {
    let server = two(&[]);
    let _chats = [0, 1, 2, 3].map(|_| endless(&server, "acme"));
    server.get("acme", "/api/users").ok(200);
    server.get("globex", "/api/users").ok(200);
}
