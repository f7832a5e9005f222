//! What is set for a tenant at the edge, and holds for nobody else.
//!
//! Ways in which a tenant, or a stranger, could get at another through it: a stranger signs in, or makes the tenant pay; a
//! tenant's users see from where it is called; a misspelt setting does nothing; an instance goes by what was set before; a page
//! that one tenant allows reads or changes another's things.

use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_testkit::servers::Redis;

use crate::{
    callers::{PASSWORD, SECRET, token},
    client::{self, Answer},
    process::Process,
    server::{TestServer, eventually},
};

const OPERATOR: (&str, &str) = ("authorization", "Bearer operator");
const BEHIND_A_PROXY: [(&str, &str); 2] = [("TRUSTED_PROXIES", "127.0.0.1"), ("ADMIN_TOKEN", "operator")];
const OFFICE: (&str, &str) = ("x-forwarded-for", "192.0.2.7");
const ELSEWHERE: (&str, &str) = ("x-forwarded-for", "203.0.113.9");

fn office_only() -> Value {
    json!({ "tenant_id": "acme", "quota_requests_per_minute": 3, "settings": { "allowed_networks": ["192.0.2.0/24"] } })
}

#[test]
fn settings_are_kept_replaced_and_shown_to_the_operator_alone() {
    let server = TestServer::start();
    let settings = json!({
        "allowed_networks": ["127.0.0.0/8", "2001:db8::/32"], "allowed_origins": ["https://app.acme.example"],
        "session_timeout": 30,
    });
    let created = server.create(&json!({ "tenant_id": "acme", "settings": settings }));
    assert_eq!(created["settings"], settings);
    assert_eq!(server.admin("GET", "/admin/tenants/acme", None).ok(200)["settings"], settings);
    let info = server.get("acme", "/api/tenant/info").ok(200).to_string();
    assert!(!info.contains("127.0.0.0") && !info.contains("settings"), "{info}");
    let quota = json!({ "requests_per_minute": 5 });
    let changed = server.admin("PUT", "/admin/tenants/acme/quota", Some(&quota)).ok(200);
    assert_eq!(changed["settings"], settings, "what was not spoken of stays");
    let replaced = server.admin("PUT", "/admin/tenants/acme", Some(&json!({}))).ok(200);
    assert_eq!(replaced.get("settings"), None);
}

#[test]
fn a_wrong_setting_is_named_and_nothing_is_written() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "settings": { "session_timeout": 30 } }));
    for (settings, field) in [
        (json!({ "allowed_networks": ["10.0.0.0/8", "10.0.0.1/8"] }), "settings.allowed_networks[1]"),
        (json!({ "allowed_networks": ["::ffff:10.0.0.0/104"] }), "settings.allowed_networks[0]"),
        (json!({ "allowed_networks": [] }), "settings.allowed_networks"),
        (json!({ "allowed_networks": "10.0.0.0/8" }), "settings.allowed_networks"),
        (json!({ "allowed_origins": ["https://a.example", "null"] }), "settings.allowed_origins[1]"),
        (json!({ "allowed_origins": ["*"] }), "settings.allowed_origins[0]"),
        (json!({ "allowed_origins": ["https://a.example/"] }), "settings.allowed_origins[0]"),
        (json!({ "allowed_origins": null }), "settings.allowed_origins"),
        (json!({ "session_timeout": 0 }), "settings.session_timeout"),
        (json!({ "session_timeout": "30" }), "settings.session_timeout"),
        (json!({ "session_timeout": 1.5 }), "settings.session_timeout"),
        (json!({ "alowed_networks": ["10.0.0.0/8"] }), "settings.alowed_networks"),
        (json!({ "a b": 1 }), "settings"),
    ] {
        let body = json!({ "settings": settings });
        let problem =
            server.admin("PUT", "/admin/tenants/acme", Some(&body)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{settings}");
        let mut body = body;
        body["tenant_id"] = json!("globex");
        let problem = server.admin("POST", "/admin/tenants", Some(&body)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{settings}");
    }
    for wrong in [json!([]), json!("x"), json!(7)] {
        let body = json!({ "settings": wrong });
        server.admin("PUT", "/admin/tenants/acme", Some(&body)).is_problem(400, "invalid_request");
    }
    let kept = server.admin("GET", "/admin/tenants/acme", None).ok(200);
    assert_eq!(kept["settings"], json!({ "session_timeout": 30 }));
    server.admin("GET", "/admin/tenants/globex", None).is_problem(404, "tenant_not_found");
}

#[test]
fn a_tenant_is_called_from_its_networks_alone_and_a_stranger_costs_nothing() {
    let server = TestServer::with(&BEHIND_A_PROXY);
    server.request("POST", "/admin/tenants", &[OPERATOR], Some(&office_only())).ok(201);
    server.request("POST", "/admin/tenants", &[OPERATOR], Some(&json!({ "tenant_id": "globex" }))).ok(201);
    let ask = |from: (&str, &str), tenant: &str| {
        server.request("GET", "/api/users", &[from, ("x-tenant-id", tenant)], None)
    };
    for from in
        [ELSEWHERE, ("x-forwarded-for", "192.0.2.7, 203.0.113.9"), ("x-forwarded-for", "::ffff:203.0.113.9")]
    {
        for _ in 0..3 {
            let denied = ask(from, "acme");
            let problem = denied.is_problem(403, "policy_denied");
            assert_eq!(problem["reason"], "the caller's network is not allowed for this tenant");
            assert_eq!(denied.header("ratelimit"), None, "how it stands is no stranger's business");
        }
    }
    ask(ELSEWHERE, "globex").ok(200);
    let carried = ("x-forwarded-for", "::ffff:192.0.2.7");
    for (from, status) in [(OFFICE, 200), (carried, 200), (OFFICE, 200), (OFFICE, 429)] {
        assert_eq!(ask(from, "acme").status, status, "{from:?}");
    }
    // The proxy itself is not within.
    server.request("GET", "/api/users", &[("x-tenant-id", "acme")], None).is_problem(403, "policy_denied");
    let counted = eventually(
        || {
            // It costs the tenant a request.
            server.advance(60);
            server.request("GET", "/api/analytics/requests", &[OFFICE, ("x-tenant-id", "acme")], None).ok(200)
        },
        |answer| answer["by_status"]["403"].as_u64() >= Some(10),
    );
    assert_eq!(counted["by_status"]["403"], 10, "the tenant sees them");
}

#[test]
fn a_stranger_does_not_sign_in() {
    let server = TestServer::with(&BEHIND_A_PROXY);
    server.request("POST", "/admin/tenants", &[OPERATOR], Some(&office_only())).ok(201);
    let ada = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "owner" });
    server.request("POST", "/admin/tenants/acme/members", &[OPERATOR], Some(&ada)).ok(201);
    let sign_in = |from, password: &str| {
        let body = json!({ "email": "ada@example.com", "password": password });
        server.request("POST", "/login", &[from], Some(&body))
    };
    let stranger = sign_in(ELSEWHERE, PASSWORD);
    stranger.is_problem(401, "unauthenticated");
    assert_eq!(stranger.body, sign_in(ELSEWHERE, "wrong password").body, "nor learns whether it was right");
    assert_eq!(stranger.header("set-cookie"), None);
    assert_eq!(server.count("SELECT count(*) FROM tenant_sessions"), 0);
    sign_in(OFFICE, PASSWORD).ok(200);
}

fn sign_in(server: &TestServer, headers: &[(&str, &str)]) -> (String, String, String) {
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let answer = server.request("POST", "/login", headers, Some(&body));
    let body = answer.ok(200);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (cookie, format!("Bearer {}", text("token")), text("csrf_token"))
}

fn with_ada() -> TestServer {
    let server = TestServer::with(&[
        ("JWT_SECRET", SECRET),
        ("BASE_DOMAINS", "example.com"),
        ("SESSION_IDLE_SECONDS", "7200"),
    ]);
    server.create(&json!({
        "tenant_id": "acme", "settings": { "session_timeout": 30, "allowed_origins": ["https://app.acme.example"] },
    }));
    server.create(
        &json!({ "tenant_id": "globex", "settings": { "allowed_origins": ["https://app.globex.example"] } }),
    );
    let ada = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "owner" });
    server.admin("POST", "/admin/tenants/acme/members", Some(&ada)).ok(201);
    server
}

#[test]
fn sessions_and_tokens_end_when_their_tenant_says_so_and_keys_do_not() {
    let server = with_ada();
    let (cookie, bearer, csrf) = sign_in(&server, &[]);
    let key = json!({ "name": "robot", "scopes": ["read:users"] });
    let key = server.request("POST", "/api/api-keys", &[("authorization", &bearer)], Some(&key)).ok(201);
    let key = key["key"].as_str().unwrap().to_owned();
    let undated = token(SECRET, &json!({ "tenant_id": "acme", "roles": ["owner"], "exp": 1_800_000_000 }));
    let undated = format!("Bearer {undated}");
    // While the clock jumps, nobody knows for a moment whether tokens were revoked: 503.
    let status = |shown: (&str, &str)| {
        eventually(|| server.request("GET", "/api/users", &[shown], None).status, |status| *status != 503)
    };
    let all = || {
        [
            ("cookie", &*cookie),
            ("authorization", &*bearer),
            ("authorization", &*undated),
            ("x-api-key", &*key),
        ]
        .map(status)
    };
    assert_eq!(all(), [200, 200, 401, 200], "who does not say since when is not taken");
    server.advance(30 * 60 - 1);
    assert_eq!(all(), [200, 200, 401, 200]);
    server.advance(1);
    assert_eq!(all(), [401, 401, 401, 200]);
    let new = json!({ "email": "new@acme.example", "name": "New" });
    let unsafe_one = [("cookie", &*cookie), ("x-csrf-token", &*csrf)];
    server.request("POST", "/api/users", &unsafe_one, Some(&new)).is_problem(401, "unauthenticated");
    // Another tenant's token of the same age goes on: it has set nothing.
    let of_globex =
        token(SECRET, &json!({ "tenant_id": "globex", "roles": ["owner"], "exp": 1_800_000_000 }));
    assert_eq!(status(("authorization", &format!("Bearer {of_globex}"))), 200);
    // Who is too late signs in anew, and out.
    let (cookie, _, csrf) = sign_in(&server, &[("cookie", &cookie)]);
    assert_eq!(status(("cookie", &cookie)), 200);
    server.advance(30 * 60);
    let out = server.request("POST", "/logout", &[("cookie", &cookie), ("x-csrf-token", &csrf)], None);
    assert_eq!(out.status, 204);
}

fn at(
    server: &TestServer,
    method: &str,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    client::raw(server.address, format!("{text}\r\n{body}").as_bytes()).unwrap()
}

fn allowed(answer: &Answer) -> Option<&str> {
    assert!(answer.headers.iter().any(|(name, value)| name == "vary" && value == "origin"), "{answer:?}");
    assert_ne!(answer.header("access-control-allow-origin"), Some("*"));
    answer.header("access-control-allow-origin")
}

#[test]
fn pages_call_the_tenants_that_allow_them() {
    let server = with_ada();
    let acmes = ("origin", "https://app.acme.example");
    let leave = |host: &str, path: &str, origin: (&str, &str)| {
        let asked = [origin, ("access-control-request-method", "DELETE")];
        at(&server, "OPTIONS", host, path, &asked, None)
    };
    for path in ["/api/users", "/api/users/7", "/api/nothing", "/login", "/logout"] {
        let answer = leave("acme.example.com", path, acmes);
        assert_eq!((answer.status, allowed(&answer)), (204, Some(acmes.1)), "{path}");
    }
    // Of all others none tells more than another.
    let foreign = leave("acme.example.com", "/api/users", ("origin", "https://evil.example"));
    assert_eq!((foreign.status, allowed(&foreign)), (204, None));
    let but_the_date = |answer: Answer| {
        let mut headers = answer.headers;
        headers.retain(|(name, _)| name != "date");
        (answer.status, headers, answer.body)
    };
    let foreign = but_the_date(foreign);
    for host in ["globex.example.com", "nobody.example.com", "example.com", "other.example"] {
        assert_eq!(but_the_date(leave(host, "/api/users", acmes)), foreign, "{host}");
    }
    // The operator's routes are nobody's page's.
    for path in ["/admin/tenants", "/health", "/metrics"] {
        assert_eq!(
            leave("acme.example.com", path, acmes).header("access-control-allow-origin"),
            None,
            "{path}"
        );
    }
    let (cookie, bearer, csrf) = sign_in(&server, &[]);
    let ask = |host: &str, origin: (&str, &str), shown: (&str, &str)| {
        at(&server, "GET", host, "/api/users", &[origin, shown], None)
    };
    let answer = ask("acme.example.com", acmes, ("authorization", &bearer));
    assert_eq!((answer.status, allowed(&answer)), (200, Some(acmes.1)));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    let answer = ask("acme.example.com", acmes, ("authorization", "Bearer nonsense"));
    assert_eq!((answer.status, allowed(&answer)), (401, Some(acmes.1)), "a page must learn why");
    for (host, origin) in [("acme.example.com", "https://evil.example"), ("globex.example.com", acmes.1)] {
        let answer = ask(host, ("origin", origin), ("authorization", &bearer));
        assert_eq!(allowed(&answer), None, "{host} {origin}");
    }
    // By the session that a browser sends along by itself.
    let new = |email: &str| json!({ "email": email, "name": "New" });
    let post = |origin: &str, email: &str| {
        let headers = [("origin", origin), ("cookie", &*cookie), ("x-csrf-token", &*csrf)];
        at(&server, "POST", "acme.example.com", "/api/users", &headers, Some(&new(email)))
    };
    post(acmes.1, "a@acme.example").ok(201);
    post("https://app.globex.example", "b@acme.example").is_problem(403, "csrf_failed");
    assert_eq!(server.count("SELECT count(*) FROM users"), 1);
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    let login = |host: &str, origin: &str| {
        at(&server, "POST", host, "/login", &[("origin", origin)], Some(&credentials))
    };
    let signed_in = login("acme.example.com", acmes.1);
    assert_eq!((signed_in.status, allowed(&signed_in)), (200, Some(acmes.1)));
    login("acme.example.com", "https://app.globex.example").is_problem(403, "csrf_failed");
    login("example.com", acmes.1).is_problem(403, "csrf_failed");
}

#[test]
fn a_second_instance_goes_by_what_is_set_within_a_second() {
    let url = Redis::shared().unwrap().database().unwrap();
    let folder = TempDir::new().unwrap();
    let variables = [&BEHIND_A_PROXY[..], &[("REDIS_URL", &*url), ("BASE_DOMAINS", "example.com")]].concat();
    let [one, other] = [(); 2].map(|()| Process::start_with(&folder.path().join("tenants.db"), &variables));
    let put = |body: &Value| {
        one.request("PUT", "/admin/tenants/acme", &[OPERATOR], Some(&body.to_string())).ok(200)
    };
    let created = json!({ "tenant_id": "acme" }).to_string();
    one.request("POST", "/admin/tenants", &[OPERATOR], Some(&created)).ok(201);
    let ask = || other.request("GET", "/api/users", &[ELSEWHERE, ("x-tenant-id", "acme")], None).status;
    let within_a_second = |ask: &dyn Fn() -> u16, status: u16| {
        let start = Instant::now();
        eventually(ask, |got| *got == status);
        assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
    };
    within_a_second(&ask, 200);
    put(&json!({ "settings": { "allowed_networks": ["192.0.2.0/24"] } }));
    within_a_second(&ask, 403);
    put(&json!({ "settings": { "allowed_origins": ["https://app.acme.example"] } }));
    within_a_second(&ask, 200);
    let leave = || {
        let request = "OPTIONS /api/users HTTP/1.1\r\nhost: acme.example.com\r\nconnection: close\r\n\
                       origin: https://app.acme.example\r\naccess-control-request-method: PUT\r\n\r\n";
        let answer = client::raw(other.address, request.as_bytes()).unwrap();
        u16::from(answer.header("access-control-allow-origin").is_some())
    };
    within_a_second(&leave, 1);
    put(&json!({}));
    within_a_second(&leave, 0);
}
