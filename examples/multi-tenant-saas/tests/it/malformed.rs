//! Hundreds of malformed requests: each gets a 4xx, changes nothing, and the server keeps serving.

use serde_json::json;

use crate::{client, server::TestServer};

/// A request whose head and body are exactly these bytes.
struct Malformed {
    name: String,
    bytes: Vec<u8>,
}

fn request(name: &str, line: &str, headers: &[u8], body: &[u8]) -> Malformed {
    let mut bytes = format!("{line}\r\nconnection: close\r\n").into_bytes();
    bytes.extend_from_slice(headers);
    if !body.is_empty() {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Malformed { name: format!("{name}: {line}"), bytes }
}

const HOST: &[u8] = b"host: 127.0.0.1\r\n";
const POST_USER: &str = "POST /api/users HTTP/1.1";
const POST_TENANT: &str = "POST /admin/tenants HTTP/1.1";

fn with_host(headers: &[u8]) -> Vec<u8> {
    [HOST, headers].concat()
}

fn ids() -> Vec<Malformed> {
    let mut ids: Vec<Vec<u8>> = (0_u8..=255)
        .filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_' | b'-' | b'\r' | b'\n'))
        .map(|byte| vec![b'a', byte, b'b'])
        .collect();
    ids.extend(
        [".", "..", "-a", "a-", "_a", "a_", ".a", "a.", "", " ", "a,a"].map(|id| id.as_bytes().to_vec()),
    );
    ids.push(vec![b'a'; 64]);
    ids.push(vec![b'a'; 10_000]);
    ids.iter()
        .map(|id| {
            let header = [b"x-tenant-id: ".as_slice(), id, b"\r\n"].concat();
            request(&format!("id {id:?}"), "GET /api/users HTTP/1.1", &with_host(&header), b"")
        })
        .collect()
}

fn bodies() -> Vec<Malformed> {
    let bodies: [&[u8]; 24] = [
        b" ",
        b"{",
        b"}",
        b"[]",
        b"null",
        b"1",
        b"\"x\"",
        b"{]",
        b"{\"email\"}",
        b"{\"email\":}",
        b"{,}",
        b"\xff\xfe",
        b"{\"email\":\"a@b.example\",\"name\":\"x\"}x",
        b"{\"email\":\"a@b.example\",\"email\":\"a@b.example\",\"name\":\"x\"}",
        b"{\"email\":\"a@b.example\",\"name\":\"\\ud800\"}",
        b"{\"email\":\"a@b.example\",\"name\":\"\x01\"}",
        b"{'email':'a@b.example'}",
        b"{\"email\":null,\"name\":null}",
        b"{\"email\":[],\"name\":{}}",
        b"{\"email\":\"a@b.example\",\"name\":\"\\u0000\"}",
        b"{\"email\":\"@\",\"name\":\"x\"}",
        b"{\"email\":\"a@\",\"name\":\"x\"}",
        b"{\"email\":\"a@b.example\",\"name\":\"x\",\"admin\":true}",
        b"email=a@b.example",
    ];
    let mut all = Vec::new();
    for body in bodies {
        let tenant = with_host(b"x-tenant-id: acme\r\ncontent-type: application/json\r\n");
        all.push(request("user body", POST_USER, &tenant, body));
        let admin = with_host(b"content-type: application/json\r\n");
        all.push(request("tenant body", POST_TENANT, &admin, body));
    }
    let deep = [b"[".repeat(20_000), b"]".repeat(20_000)].concat();
    all.push(request("deep body", POST_TENANT, &with_host(b"content-type: application/json\r\n"), &deep));
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "x"]
    {
        let headers = with_host(format!("x-tenant-id: acme\r\ncontent-type: {kind}\r\n").as_bytes());
        all.push(request(kind, POST_USER, &headers, b"{\"email\":\"a@b.example\",\"name\":\"x\"}"));
    }
    all
}

fn heads() -> Vec<Malformed> {
    let mut all = Vec::new();
    for host in ["", "a b", "a/b", "a@b", "a:b", "a:99999", "[::1", "a..b,c", "a\x7f", "%", "a?b", "a#b"] {
        let headers = format!("host: {host}\r\nx-tenant-id: acme\r\n");
        all.push(request("host", "GET /api/users HTTP/1.1", headers.as_bytes(), b""));
    }
    for count in ["", "-1", "1.5", "x", "1,2", "0x10", "18446744073709551616", "+1", "1_000", " 1 2"] {
        let headers = with_host(format!("x-tenant-id: acme\r\nx-token-count: {count}\r\n").as_bytes());
        all.push(request("tokens", "GET /api/users HTTP/1.1", &headers, b""));
    }
    for name in ["x-tenant-id", "x-token-count", "x-model", "x-tool", "host"] {
        let headers = format!("x-tenant-id: acme\r\n{name}: 1\r\n{name}: 1\r\n");
        all.push(request("twice", "GET /api/users HTTP/1.1", &with_host(headers.as_bytes()), b""));
    }
    for query in [
        "limit=",
        "limit=x",
        "limit=0",
        "limit=101",
        "limit=-1",
        "offset=x",
        "offset=-1",
        "a=b",
        "limit=1&limit=1",
    ] {
        let line = format!("GET /api/users?{query} HTTP/1.1");
        all.push(request("query", &line, &with_host(b"x-tenant-id: acme\r\n"), b""));
        let line = format!("GET /admin/tenants?{query} HTTP/1.1");
        all.push(request("query", &line, HOST, b""));
    }
    for id in ["%00", "%2e%2e", "%ff", "a%20b", "a%2fb", "..%2f", "%", "-"] {
        all.push(request("path", &format!("GET /admin/tenants/{id} HTTP/1.1"), HOST, b""));
        let line = format!("GET /api/users/{id} HTTP/1.1");
        all.push(request("path", &line, &with_host(b"x-tenant-id: acme\r\n"), b""));
    }
    for line in [
        "GET / HTTP/9.9",
        "GET",
        "",
        "GET /\x01 HTTP/1.1",
        "\x16\x03\x01",
        "GET / / HTTP/1.1",
        "G@T\x00 / HTTP/1.1",
    ] {
        all.push(request("line", line, HOST, b""));
    }
    for headers in [
        "bad header: x\r\n",
        ": x\r\n",
        "x\r\n",
        "content-length: x\r\n",
        "content-length: 1\r\ncontent-length: 2\r\n",
    ] {
        all.push(request("header", POST_USER, &with_host(headers.as_bytes()), b""));
    }
    all
}

#[test]
fn each_gets_a_4xx_changes_nothing_and_the_server_keeps_serving() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_user("acme", "kept@acme.example");
    let all: Vec<Malformed> = ids().into_iter().chain(bodies()).chain(heads()).collect();
    assert!(all.len() >= 300, "{}", all.len());
    for malformed in &all {
        let answer =
            client::raw(server.address, &malformed.bytes).unwrap_or_else(|| panic!("{}", malformed.name));
        let text = String::from_utf8_lossy(&answer.body);
        assert!((400..500).contains(&answer.status), "{}: {} {text}", malformed.name, answer.status);
    }
    assert_eq!(server.users("acme"), ["kept@acme.example"]);
    assert_eq!(server.admin("GET", "/admin/tenants", None).ok(200)["total"], json!(1));
}
