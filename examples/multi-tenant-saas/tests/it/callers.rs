//! Who is calling: with tokens on, a credential decides, and nothing else does.

use multi_tenant_saas::ROUTES;
use serde_json::{Value, json};

use crate::{
    client::Answer,
    matrix::{body as body_of, call},
    server::TestServer,
};

pub const SECRET: &str = "a secret of at least thirty-two bytes";
/// The server's clock.
pub const NOW: u64 = 1_700_000_040;

pub fn server() -> TestServer {
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

pub fn of(tenant: &str, role: &str) -> Value {
    json!({ "tenant_id": tenant, "roles": [role] })
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

pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A key of these scopes: itself, and its id.
pub fn make_key(server: &TestServer, tenant: &str, body: &Value) -> (String, String) {
    let admin = bearer(&token(SECRET, &of(tenant, "admin")));
    let made = server.request("POST", "/api/api-keys", &[("authorization", &admin)], Some(body));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.ok(201);
    (made["key"].as_str().unwrap().to_owned(), made["key_id"].as_str().unwrap().to_owned())
}

fn with_key(server: &TestServer, key: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    server.request(method, path, &[("x-api-key", key)], body)
}

#[test]
fn a_key_does_what_its_scopes_say_in_its_own_tenant_and_nothing_else() {
    let server = server();
    let body = json!({ "name": "import", "scopes": ["read:users", "write:users"], "project_id": "p1" });
    let (key, id) = make_key(&server, "acme", &body);
    assert!(key.starts_with("sk_live_"));
    let new = json!({ "email": "new@acme.example", "name": "New" });
    let created = with_key(&server, &key, "POST", "/api/users", Some(&new)).ok(201);
    assert_eq!(created["tenant_id"], "acme");
    let as_bearer = [("authorization", &*bearer(&key))];
    assert_eq!(server.request("GET", "/api/users", &as_bearer, None).ok(200).as_array().unwrap().len(), 1);
    for route in
        ROUTES.iter().filter(|route| !matches!(route.needs.scope, None | Some("read:users" | "write:users")))
    {
        let path = route.path.replace("{id}", "none");
        with_key(&server, &key, route.method, &path, body_of(route).as_ref()).is_problem(403, "forbidden");
    }
    with_key(&server, &key, "GET", "/api/api-keys", None).is_problem(403, "forbidden");
    for (name, value, status) in
        [("x-tenant-id", "globex", 403), ("x-tenant-id", "acme", 200), ("x-project-id", "p2", 403)]
    {
        assert_eq!(
            server.request("GET", "/api/users", &[("x-api-key", &key), (name, value)], None).status,
            status
        );
    }
    // What is listed is not the key.
    let admin = bearer(&token(SECRET, &of("acme", "owner")));
    let listed = server.request("GET", "/api/api-keys", &[("authorization", &admin)], None).ok(200);
    assert_eq!((&listed[0]["key_id"], &listed[0]["key"]), (&json!(id), &Value::Null));
    assert!(!listed.to_string().contains(&key));
    // Another tenant's admin neither sees nor ends it.
    let stranger = bearer(&token(SECRET, &of("globex", "owner")));
    let theirs = [("authorization", &*stranger)];
    assert_eq!(server.request("GET", "/api/api-keys", &theirs, None).ok(200), json!([]));
    let path = format!("/api/api-keys/{id}");
    server.request("DELETE", &path, &theirs, None).is_problem(404, "not_found");
    with_key(&server, &key, "GET", "/api/users", None).ok(200);
    assert_eq!(server.request("DELETE", &path, &[("authorization", &admin)], None).status, 204);
    with_key(&server, &key, "GET", "/api/users", None).is_problem(401, "unauthenticated");
}

#[test]
fn a_key_has_its_own_limit_and_its_own_end() {
    let server = server();
    let (limited, _) =
        make_key(&server, "acme", &json!({ "name": "a", "scopes": ["read:users"], "rate_limit": 2 }));
    let (ends, _) = make_key(
        &server,
        "acme",
        &json!({ "name": "b", "scopes": ["read:users"], "expires_at": "2023-11-14T22:15:00Z" }),
    );
    for status in [200, 200, 429] {
        assert_eq!(with_key(&server, &limited, "GET", "/api/users", None).status, status);
    }
    with_key(&server, &ends, "GET", "/api/users", None).ok(200);
    server.advance(60);
    with_key(&server, &limited, "GET", "/api/users", None).ok(200);
    with_key(&server, &ends, "GET", "/api/users", None).is_problem(401, "unauthenticated");
}

#[test]
fn what_no_key_can_be_is_named() {
    let server = server();
    let admin = bearer(&token(SECRET, &of("acme", "admin")));
    for (body, field) in [
        (json!({ "name": "", "scopes": [] }), "name"),
        (json!({ "name": "a", "scopes": ["read:everything"] }), "scopes"),
        (json!({ "name": "a", "scopes": [], "project_id": "" }), "project_id"),
        (json!({ "name": "a", "scopes": [], "rate_limit": 0 }), "rate_limit"),
        (json!({ "name": "a", "scopes": [], "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
    ] {
        let answer = server.request("POST", "/api/api-keys", &[("authorization", &admin)], Some(&body));
        assert_eq!(answer.is_problem(400, "invalid_request")["field"], field, "{body}");
    }
    assert_eq!(server.count("SELECT count(*) FROM tenant_api_keys"), 0);
}

pub const PASSWORD: &str = "correct horse battery";

pub fn join(server: &TestServer, tenant: &str, email: &str, role: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "role": role });
    server.admin("POST", &format!("/admin/tenants/{tenant}/members"), Some(&body))
}

pub fn sign_in(server: &TestServer, headers: &[(&str, &str)], email: &str, password: &str) -> Answer {
    server.request("POST", "/login", headers, Some(&json!({ "email": email, "password": password })))
}

/// The cookie, as a browser sends it back, and the token that unsafe requests need.
pub fn session(answer: &Answer) -> (String, String) {
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|own| own == part), "{part}: {cookie}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let csrf = answer.json()["csrf_token"].as_str().unwrap().to_owned();
    (cookie.split(';').next().unwrap().to_owned(), csrf)
}

#[test]
fn who_signs_in_has_a_session_of_one_tenant_until_they_sign_out() {
    let server = server();
    join(&server, "acme", "Ada@Example.com", "member").ok(201);
    let answer = sign_in(&server, &[], "ada@example.com", PASSWORD);
    let (cookie, csrf) = session(&answer);
    let user = answer.ok(200)["user"].clone();
    assert_eq!((&user["tenant_id"], &user["role"]), (&json!("acme"), &json!("member")));
    let me = server.request("GET", "/api/me", &[("cookie", &cookie)], None).ok(200);
    assert_eq!((&me["user_id"], &me["tenant_id"]), (&user["user_id"], &json!("acme")));
    let globex = [("cookie", &*cookie), ("x-tenant-id", "globex")];
    server.request("GET", "/api/users", &globex, None).is_problem(403, "tenant_mismatch");
    // What changes something needs the page's token, and the page's own origin.
    let new = json!({ "email": "new@acme.example", "name": "New" });
    let post = |more: &[(&str, &str)]| {
        let headers = [&[("cookie", &*cookie)], more].concat();
        server.request("POST", "/api/users", &headers, Some(&new))
    };
    post(&[]).is_problem(403, "csrf_failed");
    post(&[("x-csrf-token", "wrong")]).is_problem(403, "csrf_failed");
    post(&[("x-csrf-token", &csrf), ("origin", "https://evil.example")]).is_problem(403, "csrf_failed");
    post(&[("x-csrf-token", &csrf)]).ok(201);
    // Signing in again ends the session that the browser had.
    let again = sign_in(&server, &[("cookie", &cookie)], "ada@example.com", PASSWORD);
    let (new_cookie, new_csrf) = session(&again);
    assert_ne!(new_cookie, cookie);
    server.request("GET", "/api/me", &[("cookie", &cookie)], None).is_problem(401, "unauthenticated");
    let out =
        server.request("POST", "/logout", &[("cookie", &new_cookie), ("x-csrf-token", &new_csrf)], None);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    server.request("GET", "/api/me", &[("cookie", &new_cookie)], None).is_problem(401, "unauthenticated");
}

#[test]
fn nobody_is_signed_in_by_another_sites_page() {
    let server = server();
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let own = format!("http://{}", server.address);
    for (header, value, status) in [
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("sec-fetch-site", "same-site", 403),
        ("origin", &*own, 200),
        ("sec-fetch-site", "same-origin", 200),
    ] {
        let answer = sign_in(&server, &[(header, value)], "ada@example.com", PASSWORD);
        assert_eq!(
            (answer.status, answer.header("set-cookie").is_some()),
            (status, status == 200),
            "{value}"
        );
    }
}

#[test]
fn every_failure_to_sign_in_is_the_same() {
    let server = server();
    join(&server, "acme", "ada@example.com", "member").ok(201);
    join(&server, "acme", "bob@example.com", "member").ok(201);
    join(&server, "globex", "bob@example.com", "viewer").ok(201);
    server.create_tenant("initech");
    join(&server, "initech", "eve@example.com", "owner").ok(201);
    server.admin("POST", "/admin/tenants/initech/suspend", None).ok(200);
    let failures = [
        sign_in(&server, &[], "ada@example.com", "wrong password"),
        sign_in(&server, &[], "nobody@example.com", PASSWORD),
        sign_in(&server, &[], "no address", PASSWORD),
        sign_in(&server, &[("x-tenant-id", "globex")], "ada@example.com", PASSWORD),
        sign_in(&server, &[("x-tenant-id", "nobody")], "ada@example.com", PASSWORD),
        sign_in(&server, &[], "bob@example.com", PASSWORD),
        sign_in(&server, &[], "eve@example.com", PASSWORD),
    ];
    for answer in &failures {
        answer.is_problem(401, "unauthenticated");
        assert_eq!((&answer.body, answer.header("set-cookie")), (&failures[0].body, None));
    }
    let chosen = sign_in(&server, &[("x-tenant-id", "globex")], "bob@example.com", PASSWORD).ok(200);
    assert_eq!((&chosen["user"]["tenant_id"], &chosen["user"]["role"]), (&json!("globex"), &json!("viewer")));
    join(&server, "acme", "ada@example.com", "owner").is_problem(409, "conflict");
}

#[test]
fn the_token_of_who_signed_in_ends_when_they_sign_out() {
    let server = server();
    join(&server, "acme", "ada@example.com", "admin").ok(201);
    let answer = sign_in(&server, &[], "ada@example.com", PASSWORD).ok(200);
    let bearer = bearer(answer["token"].as_str().unwrap());
    let me = || server.request("GET", "/api/me", &[("authorization", &bearer)], None);
    assert_eq!(me().ok(200)["roles"], json!(["admin"]));
    assert_eq!(server.request("POST", "/logout", &[("authorization", &bearer)], None).status, 204);
    me().is_problem(401, "unauthenticated");
}

#[test]
fn sessions_end_when_they_are_idle_and_in_any_case() {
    let variables =
        [("JWT_SECRET", SECRET), ("SESSION_IDLE_SECONDS", "60"), ("SESSION_ABSOLUTE_SECONDS", "100")];
    let server = TestServer::with(&variables);
    server.create_tenant("acme");
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let (cookie, _) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    let me = |cookie: &str| server.request("GET", "/api/me", &[("cookie", cookie)], None).status;
    server.advance(50);
    assert_eq!(me(&cookie), 200);
    server.advance(45);
    assert_eq!(me(&cookie), 200, "it was used meanwhile");
    server.advance(6);
    assert_eq!(me(&cookie), 401, "it is over in any case");
    let (idle, _) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    server.advance(61);
    assert_eq!(me(&idle), 401);
}

#[test]
fn a_second_instance_hears_of_revoked_keys_and_ended_sessions_within_a_second() {
    let one = server();
    let (key, id) = make_key(&one, "acme", &json!({ "name": "a", "scopes": ["read:users"] }));
    join(&one, "acme", "ada@example.com", "member").ok(201);
    let (cookie, csrf) = session(&sign_in(&one, &[], "ada@example.com", PASSWORD));
    let other = TestServer::beside(&one, &[("JWT_SECRET", SECRET)]);
    let by_key = || with_key(&other, &key, "GET", "/api/users", None).status;
    let by_session = || other.request("GET", "/api/me", &[("cookie", &cookie)], None).status;
    assert_eq!((by_key(), by_session()), (200, 200));
    let admin = bearer(&token(SECRET, &of("acme", "admin")));
    one.request("DELETE", &format!("/api/api-keys/{id}"), &[("authorization", &admin)], None).ok(204);
    one.request("POST", "/logout", &[("cookie", &cookie), ("x-csrf-token", &csrf)], None).ok(204);
    // What was believed is of that instance's clock.
    other.advance(1);
    assert_eq!((by_key(), by_session()), (401, 401));
}
