//! The audit log: what was changed stands in it when it is answered, in the right tenant's, and nothing of a secret does.

use std::collections::BTreeSet;

use multi_tenant_saas::{ACTIONS, ADMIN_ROUTES, ORGANISATION_ROUTES, ROUTES};
use serde_json::{Value, json};

use crate::{
    callers::{PASSWORD, SECRET, bearer, join, make_key, of, server, sign_in, token},
    server::TestServer,
};

fn log(server: &TestServer, query: &str) -> Vec<Value> {
    let page = server.admin("GET", &format!("/admin/audit?{query}"), None).ok(200);
    page["events"].as_array().unwrap().clone()
}

fn actions(server: &TestServer, query: &str) -> Vec<String> {
    log(server, query).iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

/// A chat changes nothing that is kept, and streams only tell; what is metered is kept by itself.
const CHANGES_NOTHING: [(&str, &str); 2] = [("POST", "/api/chat"), ("POST", "/organizations/{id}/resources")];

#[test]
fn every_route_that_changes_something_says_what() {
    let all = ROUTES
        .iter()
        .chain(ORGANISATION_ROUTES)
        .map(|route| (route.method, route.path))
        .chain(ADMIN_ROUTES.iter().copied());
    let changes: BTreeSet<_> = all
        .filter(|(method, _)| *method != "GET")
        .chain([("POST", "/logout"), ("POST", "/organizations")])
        .collect();
    let told: BTreeSet<_> = ACTIONS.iter().map(|action| (action.method, action.path)).collect();
    let silent: Vec<_> = changes.difference(&told).collect();
    assert_eq!(silent, CHANGES_NOTHING.iter().collect::<Vec<_>>());
    assert_eq!(told.difference(&changes).count(), 0, "there is no such route");
    assert_eq!(ACTIONS.len(), told.len(), "one is told of twice");
}

#[test]
fn who_did_what_stands_in_the_log_of_its_tenant_alone() {
    let server = server();
    let admin = bearer(&token(SECRET, &of("acme", "admin")));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let new = json!({ "email": "new@acme.example", "name": "New" });
    let headers = [("authorization", &*admin), ("traceparent", trace)];
    let user = server.request("POST", "/api/users", &headers, Some(&new)).ok(201);
    let created = log(&server, "tenant_id=acme&action=user.created");
    let expected = json!({
        "id": created[0]["id"],
        "time": "2023-11-14T22:14:00Z",
        "tenant_id": "acme",
        "actor": "ada",
        "action": "user.created",
        "resource_type": "user",
        "resource_id": user["id"],
        "outcome": "success",
        "request_id": "0af7651916cd43dd8448eb211c80319c",
    });
    assert_eq!(created, [expected]);
    assert_eq!(actions(&server, "tenant_id=globex"), ["tenant.created"]);

    let path = format!("/api/users/{}", user["id"].as_str().unwrap());
    // What failed for its own sake, or was only read, is nothing that happened.
    server.request("GET", &path, &headers, None).ok(200);
    server.request("POST", "/api/users", &headers, Some(&new)).is_problem(409, "conflict");
    let viewer = bearer(&token(SECRET, &of("acme", "viewer")));
    server.request("DELETE", &path, &[("authorization", &viewer)], None).is_problem(403, "forbidden");
    let stranger = bearer(&token(SECRET, &of("globex", "owner")));
    server.request("DELETE", &path, &[("authorization", &stranger)], None).is_problem(404, "not_found");
    let crossing = [("authorization", &*stranger), ("x-tenant-id", "acme")];
    server.request("DELETE", &path, &crossing, None).is_problem(403, "tenant_mismatch");
    server.request("DELETE", &path, &headers, None).ok(204);
    let own = log(&server, "tenant_id=acme");
    let told: Vec<_> =
        own.iter().map(|event| (event["action"].as_str().unwrap(), &event["outcome"])).collect();
    let (success, denied) = (json!("success"), json!("denied"));
    let expected = [
        ("user.deleted", &success),
        ("user.deleted", &denied),
        ("user.created", &success),
        ("tenant.created", &success),
    ];
    assert_eq!(told, expected);
    // The attempt is the stranger's.
    let crossed = log(&server, "tenant_id=globex&action=tenant.crossed");
    assert_eq!((crossed.len(), &crossed[0]["resource_id"]), (1, &json!("acme")));
}

#[test]
fn the_operators_changes_stand_in_the_tenants_log_and_no_secret_does() {
    let server = server();
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let (key, key_id) = make_key(&server, "acme", &json!({ "name": "a", "scopes": [] }));
    let answer = sign_in(&server, &[], "ada@example.com", PASSWORD);
    let session = bearer(answer.ok(200)["token"].as_str().unwrap());
    sign_in(&server, &[("x-tenant-id", "acme")], "ada@example.com", "guess the word")
        .is_problem(401, "unauthenticated");
    sign_in(&server, &[("x-tenant-id", "nobody")], "x", "guess the word").is_problem(401, "unauthenticated");
    server.request("POST", "/logout", &[("authorization", &session)], None).ok(204);
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    server.admin("POST", "/admin/tenants/nobody/suspend", None).is_problem(404, "tenant_not_found");
    server.admin("POST", "/admin/revocations", Some(&json!({ "jti": "t1" }))).ok(204);
    let mut own = actions(&server, "tenant_id=acme");
    own.reverse();
    let expected = [
        "tenant.created",
        "tenant.member_added",
        "api_key.created",
        "session.started",
        "session.denied",
        "session.ended",
        "tenant.suspended",
    ];
    assert_eq!(own, expected);
    assert_eq!(log(&server, "action=api_key.created")[0]["resource_id"], json!(key_id));
    assert_eq!(log(&server, "user_id=admin&action=credentials.revoked").len(), 1);
    let whole = server.admin("GET", "/admin/audit?limit=1000", None).ok(200).to_string();
    for secret in [&key, PASSWORD, "guess the word", session.trim_start_matches("Bearer ")] {
        assert!(!whole.contains(secret));
    }
    server.admin("GET", "/admin/tenants/nobody", None).is_problem(404, "tenant_not_found");
    assert_eq!(actions(&server, "tenant_id=nobody"), [""; 0]);
}

#[test]
fn pages_follow_each_other_and_what_is_no_question_is_named() {
    let server = server();
    for number in 0..7 {
        server.create_tenant(&format!("t{number}"));
    }
    let first = server.admin("GET", "/admin/audit?limit=5&action=tenant.created", None).ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest =
        server.admin("GET", &format!("/admin/audit?limit=5&action=tenant.created&cursor={cursor}"), None);
    let rest = rest.ok(200);
    assert_eq!((first["events"].as_array().unwrap().len(), rest["events"].as_array().unwrap().len()), (5, 4));
    assert_eq!(rest["next_cursor"], Value::Null);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("tenant_id=..", "tenant_id"),
        ("cursor=nobody", "cursor"),
    ] {
        let answer = server.admin("GET", &format!("/admin/audit?{query}"), None);
        assert_eq!(answer.is_problem(400, "invalid_request")["field"], field);
    }
    for query in ["start_date=yesterday", "who=ada", "limit=5&limit=6"] {
        server.admin("GET", &format!("/admin/audit?{query}"), None).is_problem(400, "invalid_request");
    }
}
