//! Every route, from the router's own list, and every wrong credential: none does anything.

use multi_tenant_saas::{ADMIN_ROUTES, ORGANISATION_ROUTES, ROUTES, Route, mirrored_admin_routes};
use serde_json::{Value, json};
use tenant::auth::Role;

use crate::{
    callers::{NOW, PASSWORD, SECRET, bearer, join, make_key, of, server, session, sign_in, token},
    client::Answer,
    server::TestServer,
    stream::Stream,
};

/// All that stands behind the tenant layer.
pub fn every_route() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(ORGANISATION_ROUTES)
}

const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

pub fn path_of(route: &Route) -> String {
    let path = match route.path.strip_prefix("/organizations/{id}") {
        Some(rest) => format!("/organizations/acme{rest}"),
        None => route.path.replace("{id}", NOBODY),
    };
    let path = ["{user_id}", "{project_id}", "{key_id}", "{webhook_id}"]
        .iter()
        .fold(path, |path, id| path.replace(id, NOBODY));
    path.replace("{host}", "nobody.example")
}

pub fn call(server: &TestServer, route: &Route, bearer: Option<&str>, tenant: Option<&str>) -> Answer {
    let path = path_of(route);
    let bearer = bearer.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    headers.extend(tenant.map(|tenant| ("x-tenant-id", tenant)));
    ask(server, route.method, &path, &headers, body(route).as_ref())
}

/// Of what stays open only the head is waited for.
fn ask(
    server: &TestServer,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    match path {
        "/api/events" => Stream::get(server.address, path, headers).answer(),
        _ => server.request(method, path, headers, body),
    }
}

/// One that would do something.
pub fn body(route: &Route) -> Option<Value> {
    let body = match (route.method, route.path) {
        ("POST", "/api/users") => json!({ "email": "new@acme.example", "name": "New" }),
        ("POST", "/api/workflows") => json!({ "name": "new" }),
        ("POST", "/api/workflows/{id}/execute") => json!({}),
        ("POST", "/api/api-keys") => json!({ "name": "new", "scopes": [] }),
        ("POST", "/api/hosts") => json!({ "host": "new.example" }),
        ("POST", "/api/hosts/{host}/verify") => return None,
        ("POST", "/api/me/mfa") => json!({}),
        ("POST", "/api/me/mfa/verify") => json!({ "code": "123456" }),
        ("PUT", "/organizations/{id}/settings") => json!({ "session_timeout": 60 }),
        ("PUT", "/organizations/{id}/plan") => json!({ "plan": "pro" }),
        ("POST", "/organizations/{id}/invitations") => {
            json!({ "email": "new@acme.example", "role": "member" })
        }
        ("PUT", "/organizations/{id}/users/{user_id}") => json!({ "role": "viewer" }),
        ("POST", "/organizations/{id}/projects") => json!({ "name": "New", "slug": "new" }),
        ("PUT", "/organizations/{id}/projects/{project_id}") => json!({ "name": "Newer" }),
        ("POST", "/organizations/{id}/resources") => json!({ "type": "api_call", "quantity": 1 }),
        ("POST", "/organizations/{id}/api-keys") => json!({ "name": "new", "scopes": [] }),
        ("POST", "/organizations/{id}/webhooks") => {
            json!({ "url": "https://hooks.acme.example/", "events": ["*"] })
        }
        ("POST", "/api/chat") => json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] }),
        ("GET" | "DELETE", _) => return None,
        (method, path) => panic!("what does {method} {path} take?"),
    };
    Some(body)
}

/// What there is, of all tenants.
pub fn rows(server: &TestServer) -> [i64; 11] {
    [
        server.count("SELECT count(*) FROM tenant_webhooks"),
        server.count("SELECT count(*) FROM tenant_usage"),
        server.count("SELECT count(*) FROM tenant_second_factors"),
        server.count("SELECT count(*) FROM tenant_api_keys"),
        server.count("SELECT count(*) FROM tenant_host_claims"),
        server.count("SELECT count(*) FROM tenant_invitations"),
        server.count("SELECT count(*) FROM tenant_projects"),
        server.count("SELECT coalesce(sum(revision), 0) FROM tenants"),
        server.count("SELECT count(*) FROM users"),
        server.count("SELECT count(*) FROM workflows"),
        server.count("SELECT count(*) FROM executions"),
    ]
}

#[test]
fn every_route_refuses_every_wrong_credential_and_changes_nothing() {
    let server = server();
    let gone = json!({ "tenant_id": "acme", "roles": ["owner"], "jti": "gone" });
    server.admin("POST", "/admin/revocations", Some(&json!({ "jti": "gone" }))).ok(204);
    let before = rows(&server);
    let wrong = [
        ("revoked", Some(token(SECRET, &gone)), "unauthenticated"),
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
    for route in every_route() {
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
    // Scopes take away, also where none is asked for: keys and hosts would outlive the token, and do more.
    let outlive = |route: &&Route| route.needs.role >= Some(Role::Admin);
    for route in every_route().filter(outlive) {
        let claims = json!({ "tenant_id": "acme", "roles": ["owner"], "scope": "read:users write:users" });
        call(&server, route, Some(&token(SECRET, &claims)), None).is_problem(403, "forbidden");
    }
    assert_eq!(rows(&server), before);
}

/// The headers of a credential.
type Shown<'a> = &'a [(&'a str, &'a str)];

/// As `call`, with these headers.
fn call_with(server: &TestServer, route: &Route, headers: &[(&str, &str)]) -> Answer {
    ask(server, route.method, &path_of(route), headers, body(route).as_ref())
}

#[test]
fn every_route_refuses_every_wrong_key_and_session_and_changes_nothing() {
    let server = server();
    let every: Vec<&str> = every_route().filter_map(|route| route.needs.scope).collect();
    let key = |tenant, more: Value| {
        let mut body = json!({ "name": "a", "scopes": every });
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        make_key(&server, tenant, &body)
    };
    let (globex, _) = key("globex", json!({}));
    let (bound, _) = key("acme", json!({ "project_id": "p1" }));
    let (ending, _) = key("acme", json!({ "expires_at": "2023-11-14T22:15:00Z" }));
    let (narrow, _) = key("acme", json!({ "scopes": ["write:events"] }));
    let (revoked, id) = key("acme", json!({}));
    let admin = bearer(&token(SECRET, &of("acme", "admin")));
    server.request("DELETE", &format!("/api/api-keys/{id}"), &[("authorization", &admin)], None).ok(204);
    join(&server, "acme", "ada@example.com", "owner").ok(201);
    join(&server, "globex", "gus@example.com", "owner").ok(201);
    let signed_in = |email| session(&sign_in(&server, &[], email, PASSWORD));
    let ((ended, ended_csrf), (foreign, foreign_csrf)) =
        (signed_in("ada@example.com"), signed_in("gus@example.com"));
    server.request("POST", "/logout", &[("cookie", &ended), ("x-csrf-token", &ended_csrf)], None).ok(204);
    let (own, _) = signed_in("ada@example.com");
    server.advance(60);
    let before = rows(&server);

    // Another last character, whichever it ends with.
    let last = if bound.ends_with('x') { "y" } else { "x" };
    let tampered = format!("{}{last}", &bound[..bound.len() - 1]);
    let wrong: [(Shown<'_>, u16, &str); 11] = [
        (&[("x-api-key", "")], 401, "unauthenticated"),
        (&[("x-api-key", &tampered)], 401, "unauthenticated"),
        (&[("x-api-key", &revoked)], 401, "unauthenticated"),
        (&[("x-api-key", &ending)], 401, "unauthenticated"),
        (&[("x-api-key", &globex), ("x-tenant-id", "acme")], 403, "tenant_mismatch"),
        (&[("x-api-key", &bound), ("x-project-id", "p2")], 403, "forbidden"),
        (&[("x-api-key", &bound), ("authorization", "Bearer abc")], 401, "unauthenticated"),
        (&[("cookie", &ended), ("x-csrf-token", &ended_csrf)], 401, "unauthenticated"),
        (&[("cookie", "__Host-session=abc")], 401, "unauthenticated"),
        (
            &[("cookie", &foreign), ("x-csrf-token", &foreign_csrf), ("x-tenant-id", "acme")],
            403,
            "tenant_mismatch",
        ),
        (&[("cookie", &foreign), ("x-api-key", &bound)], 403, "tenant_mismatch"),
    ];
    for route in every_route() {
        for (headers, status, code) in wrong {
            call_with(&server, route, headers).is_problem(status, code);
        }
        if route.needs.scope.is_some() {
            call_with(&server, route, &[("x-api-key", &narrow)]).is_problem(403, "forbidden");
        }
        if route.method != "GET" {
            // Neither without the page's token, nor with that of another session.
            for token in [None, Some(&*foreign_csrf)] {
                let mut headers = vec![("cookie", &*own)];
                headers.extend(token.map(|token| ("x-csrf-token", token)));
                call_with(&server, route, &headers).is_problem(403, "csrf_failed");
            }
        }
    }
    assert_eq!(rows(&server), before);
}

#[test]
fn every_route_of_the_operator_refuses_everybody_else_and_changes_nothing() {
    let server = TestServer::with(&[("JWT_SECRET", SECRET), ("ADMIN_TOKEN", "s3cret")]);
    let operator = [("authorization", "Bearer s3cret")];
    let as_operator =
        |method: &str, path: &str, body: &Value| server.request(method, path, &operator, Some(body)).ok(201);
    as_operator("POST", "/admin/tenants", &json!({ "tenant_id": "acme" }));
    let person = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "owner" });
    as_operator("POST", "/admin/tenants/acme/members", &person);
    let (cookie, csrf) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    let (key, _) = make_key(&server, "acme", &json!({ "name": "a", "scopes": [] }));
    let owner = bearer(&token(SECRET, &of("acme", "owner")));
    let wrong: [Shown<'_>; 9] = [
        &[],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer s3cre")],
        &[("authorization", &owner)],
        &[("authorization", "Basic YWRtaW46d3Jvbmc=")],
        &[("authorization", "Bearer s3cret"), ("authorization", "Bearer s3cret")],
        &[("x-api-key", &key)],
        &[("cookie", &cookie), ("x-csrf-token", &csrf)],
        &[("x-api-key", "s3cret"), ("x-tenant-id", "acme")],
    ];
    let there = || {
        [
            server.count("SELECT count(*) FROM tenants"),
            server.count("SELECT count(*) FROM tenant_people"),
            server.count("SELECT count(*) FROM tenant_memberships"),
            server.count("SELECT count(*) FROM tenant_token_revocations"),
        ]
    };
    let shown = || server.request("GET", "/admin/tenants/acme", &operator, None).ok(200);
    let before = (there(), shown());
    for (method, path) in ADMIN_ROUTES.iter().copied().chain(mirrored_admin_routes()) {
        let path = path.replace("{id}", "acme").replace("{host}", "acme.example").replace("{name}", "sale");
        for headers in wrong {
            let answer = server.request(method, &path, headers, Some(&json!({ "tenant_id": "acme" })));
            answer.is_problem(401, "unauthenticated");
            assert!(answer.header("www-authenticate").is_some(), "{method} {path}");
        }
    }
    assert_eq!((there(), shown()), before);
}
