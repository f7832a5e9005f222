//! Who is calling: with tokens on, a credential decides, and nothing else does.

use multi_tenant_saas::{ROUTES, Route};
use serde_json::{Value, json};

use crate::{client::Answer, server::TestServer};

const SECRET: &str = "a secret of at least thirty-two bytes";
/// The server's clock.
const NOW: u64 = 1_700_000_040;

fn server() -> TestServer {
    let server = TestServer::with(&[("JWT_SECRET", SECRET)]);
    for tenant in ["acme", "globex"] {
        server.create_tenant(tenant);
    }
    server
}

/// A token of these claims, over those that all have.
pub fn token(secret: &str, claims: &Value) -> String {
    let mut all = json!({ "sub": "ada", "exp": NOW + 3_600 });
    for (name, value) in claims.as_object().unwrap() {
        match value {
            Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
            value => all[name] = value.clone(),
        }
    }
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &all, &key).unwrap()
}

fn of(tenant: &str, role: &str) -> Value {
    json!({ "tenant_id": tenant, "roles": [role] })
}

fn call(server: &TestServer, route: &Route, bearer: Option<&str>, tenant: Option<&str>) -> Answer {
    let path = route.path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
    let bearer = bearer.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    headers.extend(tenant.map(|tenant| ("x-tenant-id", tenant)));
    server.request(route.method, &path, &headers, body(route).as_ref())
}

/// One that would do something.
fn body(route: &Route) -> Option<Value> {
    let body = match (route.method, route.path) {
        ("POST", "/api/users") => json!({ "email": "new@acme.example", "name": "New" }),
        ("POST", "/api/workflows") => json!({ "name": "new" }),
        ("POST", "/api/workflows/{id}/execute") => json!({}),
        ("POST", "/api/chat") => json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] }),
        ("GET" | "DELETE", _) => return None,
        (method, path) => panic!("what does {method} {path} take?"),
    };
    Some(body)
}

/// What there is, of all tenants.
fn rows(server: &TestServer) -> [i64; 3] {
    [
        server.count("SELECT count(*) FROM users"),
        server.count("SELECT count(*) FROM workflows"),
        server.count("SELECT count(*) FROM executions"),
    ]
}

#[test]
fn every_route_refuses_every_wrong_credential_and_changes_nothing() {
    let server = server();
    let before = rows(&server);
    let wrong = [
        ("none", None, "unauthenticated"),
        ("no token", Some("abc".to_owned()), "unauthenticated"),
        ("an empty one", Some(String::new()), "unauthenticated"),
        (
            "another secret",
            Some(token("another secret of more than 32 bytes", &of("acme", "owner"))),
            "unauthenticated",
        ),
        (
            "expired",
            Some(token(SECRET, &json!({ "tenant_id": "acme", "roles": ["owner"], "exp": NOW - 61 }))),
            "unauthenticated",
        ),
        (
            "not yet",
            Some(token(SECRET, &json!({ "tenant_id": "acme", "roles": ["owner"], "nbf": NOW + 61 }))),
            "unauthenticated",
        ),
        (
            "without an end",
            Some(token(SECRET, &json!({ "tenant_id": "acme", "exp": null }))),
            "unauthenticated",
        ),
        ("without a tenant", Some(token(SECRET, &json!({ "roles": ["owner"] }))), "unauthenticated"),
        (
            "without a subject",
            Some(token(SECRET, &json!({ "tenant_id": "acme", "sub": null }))),
            "unauthenticated",
        ),
    ];
    for route in ROUTES {
        for (what, token, code) in &wrong {
            let answer = call(&server, route, token.as_deref(), Some("acme"));
            let problem = answer.is_problem(401, code);
            assert!(answer.header("www-authenticate").is_some(), "{what} {route:?}");
            assert!(!problem.to_string().contains("acme"), "{what} {route:?}");
        }
        // Of another tenant, which is what the header names, or nobody names.
        let stranger = token(SECRET, &of("globex", "owner"));
        call(&server, route, Some(&stranger), Some("acme")).is_problem(403, "tenant_mismatch");
        // Without a role that suffices, and without the scope.
        for roles in [json!(["viewer"]), json!(["wizard", "Owner"]), json!([]), Value::Null] {
            let claims = json!({ "tenant_id": "acme", "roles": roles });
            let answer = call(&server, route, Some(&token(SECRET, &claims)), None);
            if route.needs.role.is_some() {
                answer.is_problem(403, "forbidden");
            } else {
                assert!(matches!(answer.status, 200 | 404), "{roles} {route:?}: {}", answer.status);
            }
        }
        if route.needs.scope.is_some() {
            for scope in ["", "read:nothing", "write:events"] {
                let claims = json!({ "tenant_id": "acme", "roles": ["owner"], "scope": scope });
                call(&server, route, Some(&token(SECRET, &claims)), None).is_problem(403, "forbidden");
            }
        }
    }
    assert_eq!(rows(&server), before);
}

#[test]
fn a_token_names_its_tenant_and_header_and_token_agree() {
    let server = server();
    let acme = token(SECRET, &of("acme", "member"));
    let created = call(&server, &ROUTES[1], Some(&acme), Some("acme"));
    assert_eq!(created.ok(201)["tenant_id"], "acme");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let globex = format!("Bearer {}", token(SECRET, &of("globex", "owner")));
    // Another tenant's token finds nothing of it, byte for byte as if it were not there.
    let theirs = server.request("GET", &format!("/api/users/{id}"), &[("authorization", &globex)], None);
    let missing = server.request("GET", "/api/users/none", &[("authorization", &globex)], None);
    assert_eq!((theirs.status, &theirs.body), (404, &missing.body));
    let gone = server.request("DELETE", &format!("/api/users/{id}"), &[("authorization", &globex)], None);
    assert_eq!(gone.status, 404);
    let me = server.request("GET", "/api/me", &[("authorization", &format!("Bearer {acme}"))], None).ok(200);
    assert_eq!(me, json!({ "user_id": "ada", "tenant_id": "acme", "roles": ["member"], "scopes": null }));
}

#[test]
fn who_belongs_to_several_tenants_chooses() {
    let server = server();
    let claims =
        json!({ "tenants": { "acme": ["member"], "globex": ["viewer"] }, "scope": "read:users write:users" });
    let both = format!("Bearer {}", token(SECRET, &claims));
    let ask = |tenant: &str, method: &str, body: Option<&Value>| {
        let headers = [("authorization", &*both), ("x-tenant-id", tenant)];
        server.request(method, "/api/users", &headers, body)
    };
    let new = json!({ "email": "new@example.com", "name": "New" });
    assert_eq!(ask("acme", "POST", Some(&new)).status, 201);
    ask("globex", "POST", Some(&new)).is_problem(403, "forbidden");
    assert_eq!(ask("globex", "GET", None).ok(200), json!([]));
    server.create_tenant("initech");
    ask("initech", "GET", None).is_problem(403, "tenant_mismatch");
    ask("nobody", "GET", None).is_problem(403, "tenant_mismatch");
    server.request("GET", "/api/users", &[("authorization", &both)], None).is_problem(401, "tenant_required");
}

#[test]
fn issuer_and_audience_count_where_they_are_asked_for() {
    let variables = [("JWT_SECRET", SECRET), ("JWT_ISSUER", "https://id.example"), ("JWT_AUDIENCE", "api")];
    let server = TestServer::with(&variables);
    server.create_tenant("acme");
    let me = |claims: Value| {
        let bearer = format!("Bearer {}", token(SECRET, &claims));
        server.request("GET", "/api/me", &[("authorization", &bearer)], None).status
    };
    let claims = |iss: Value, aud: Value| json!({ "tenant_id": "acme", "iss": iss, "aud": aud });
    assert_eq!(me(claims(json!("https://id.example"), json!("api"))), 200);
    assert_eq!(me(claims(json!("https://id.example"), json!(["web", "api"]))), 200);
    assert_eq!(me(claims(json!("https://id.example"), json!("web"))), 401);
    assert_eq!(me(claims(json!("https://id.example/"), json!("api"))), 401);
    assert_eq!(me(claims(Value::Null, json!("api"))), 401);
    assert_eq!(me(claims(json!("https://id.example"), Value::Null)), 401);
}

#[test]
fn without_tokens_a_credential_is_refused_and_not_ignored() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let token = format!("Bearer {}", token(SECRET, &of("acme", "owner")));
    let headers = [("authorization", &*token), ("x-tenant-id", "acme")];
    server.request("GET", "/api/users", &headers, None).is_problem(401, "unauthenticated");
    assert_eq!(server.get("acme", "/api/users").ok(200), json!([]));
    server.get("acme", "/api/me").is_problem(401, "unauthenticated");
}

#[test]
fn a_suspended_tenants_token_is_of_no_use() {
    let server = server();
    let bearer = format!("Bearer {}", token(SECRET, &of("acme", "owner")));
    let ask = || server.request("GET", "/api/users", &[("authorization", &bearer)], None);
    ask().ok(200);
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    ask().is_problem(403, "tenant_inactive");
}
