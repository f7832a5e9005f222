//! One tenant's owner, with good credentials, a lot of patience, and another tenant in mind: other methods, other spellings of a path,
//! other ways to say who is meant, cursors of pages that are not theirs, and bodies that say two things.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    callers::{PASSWORD, SECRET, bearer, of, server, token},
    client::{self, Answer},
    matrix::{body, every_route, path_of, rows},
    organisations::house,
    server::TestServer,
};

fn owner(tenant: &str) -> String {
    bearer(&token(SECRET, &of(tenant, "owner")))
}

/// No answer but a refusal, and no word of the other tenant in it beyond what was asked for.
#[track_caller]
fn is_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(!text.contains("canary"), "{what}: {text}");
}

/// The status and all bytes of an answer, which has a length and no body where it is one to `HEAD`.
fn answer(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

/// Something that nobody else may read, in each list of `acme`.
fn canaries(server: &TestServer) {
    let acme = owner("acme");
    let ask = |path: &str, body: Value| {
        server.request("POST", path, &[("authorization", &acme)], Some(&body)).ok(201);
    };
    for number in 0..3 {
        ask("/api/users", json!({ "email": format!("canary{number}@acme.example"), "name": "canary" }));
        ask("/api/workflows", json!({ "name": "canary" }));
        let slug = format!("canary-{number}");
        ask("/organizations/acme/projects", json!({ "name": "canary", "slug": slug }));
        ask("/organizations/acme/api-keys", json!({ "name": "canary", "scopes": ["read:users"] }));
    }
    ask("/organizations/acme/webhooks", json!({ "url": "https://canary.example/", "events": ["*"] }));
}

#[test]
fn no_other_method_and_no_header_that_names_one_opens_a_route() {
    let server = server();
    canaries(&server);
    let (globex, viewer) = (owner("globex"), bearer(&token(SECRET, &of("acme", "viewer"))));
    let before = rows(&server);
    for route in every_route() {
        let path = path_of(route);
        for method in ["HEAD", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "get", "GETT"] {
            for headers in [&[][..], &[("authorization", &*globex), ("x-tenant-id", "acme")]] {
                let answer = answer(&server, method, &path, headers);
                assert!((400..500).contains(&answer.0), "{method} {path}: {}", answer.0);
                assert!(!answer.1.contains("canary"), "{method} {path}: {}", answer.1);
            }
        }
        // What would be a write, said of a read.
        for (name, value) in [
            ("x-http-method-override", route.method),
            ("x-http-method", route.method),
            ("x-method-override", route.method),
            ("x-original-url", &*path),
            ("x-rewrite-url", &*path),
        ] {
            let headers = [("authorization", &*viewer), (name, value), ("x-tenant-id", "acme")];
            if route.method != "GET" && route.needs.role.is_some() {
                let answer = server.request("GET", &path, &headers, body(route).as_ref());
                assert!(matches!(answer.status, 200 | 403 | 404 | 405), "{name} {path}: {}", answer.status);
                let answer = server.request("POST", &path, &headers, body(route).as_ref());
                assert!(matches!(answer.status, 403 | 405), "{name} {path}: {}", answer.status);
            }
        }
    }
    assert_eq!(rows(&server), before);
}

#[test]
fn no_spelling_of_a_path_leads_into_another_organisation() {
    let server = server();
    canaries(&server);
    let globex = owner("globex");
    let before = rows(&server);
    for rest in ["", "/users", "/projects", "/api-keys", "/webhooks", "/audit", "/usage", "/settings"] {
        for path in [
            format!("/organizations/acme{rest}"),
            format!("/organizations/%61cme{rest}"),
            format!("/organizations/acme%00{rest}"),
            format!("/organizations/globex/../acme{rest}"),
            format!("/organizations/globex/%2e%2e/acme{rest}"),
            format!("/organizations/globex%2f..%2facme{rest}"),
            format!("/organizations/globex/..;/acme{rest}"),
            format!("/organizations/acme;globex{rest}"),
            format!("/organizations/./acme{rest}"),
            format!("/organizations//acme{rest}"),
            format!("//organizations/acme{rest}"),
            format!("/organizations/ACME{rest}"),
            format!("/organizations/acme.{rest}"),
            format!("/organizations/acme/{rest}"),
            format!("/Organizations/acme{rest}"),
            format!("/organizations/globex,acme{rest}"),
            format!("/organizations/*{rest}"),
            format!("/organizations/{}{rest}", "a".repeat(5_000)),
            format!("/api/v1/organizations/acme{rest}"),
            format!("http://acme.example/organizations/acme{rest}"),
        ] {
            for headers in [
                &[("authorization", &*globex)][..],
                &[("authorization", &*globex), ("x-tenant-id", "globex")],
                &[("authorization", &*globex), ("x-tenant-id", "acme")],
                &[("authorization", &*globex), ("x-forwarded-prefix", "/organizations/acme")],
            ] {
                is_refused(&server.request("GET", &path, headers, None), &path);
                is_refused(&server.request("PUT", &path, headers, Some(&json!({}))), &path);
            }
        }
    }
    // Of one's own: where the header says another one, nobody guesses.
    let other = [("authorization", &*globex), ("x-tenant-id", "acme")];
    server.request("GET", "/organizations/globex/users", &other, None).is_problem(403, "tenant_mismatch");
    assert_eq!(rows(&server), before);
}

#[test]
fn a_cursor_of_another_tenants_page_tells_nothing() {
    let server = server();
    canaries(&server);
    let (acme, globex) = (owner("acme"), owner("globex"));
    for list in ["users", "projects", "api-keys", "audit", "webhooks"] {
        let page = |who: &str, tenant: &str, query: &str| {
            let path = format!("/organizations/{tenant}/{list}?{query}");
            server.request("GET", &path, &[("authorization", who)], None)
        };
        let first = page(&acme, "acme", "limit=1");
        if first.status != 200 || first.json()["next_cursor"].is_null() {
            continue;
        }
        let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
        let theirs = page(&globex, "globex", &format!("limit=100&cursor={cursor}"));
        let text = String::from_utf8_lossy(&theirs.body).into_owned();
        assert!(matches!(theirs.status, 200 | 400 | 404), "{list}: {text}");
        assert!(!text.contains("canary") && !text.contains("acme"), "{list}: {text}");
        // One that is made up is answered in the same way, whatever there is.
        let made_up = page(
            &globex,
            "globex",
            &format!("limit=100&cursor={}", cursor.replace(|c: char| c.is_ascii_digit(), "7")),
        );
        assert_eq!(made_up.status, theirs.status, "{list}");
    }
}

#[test]
fn what_is_said_twice_is_not_taken_once() {
    let server = server();
    let acme = owner("acme");
    let raw = |method: &str, path: &str, body: &str| {
        let headers = [("authorization", &*acme)];
        client::request(server.address, method, path, &headers, Some(body))
    };
    let before = rows(&server);
    for (method, path, body) in [
        ("POST", "/organizations/acme/projects", r#"{"name":"a","slug":"a","slug":"b"}"#),
        (
            "POST",
            "/organizations/acme/invitations",
            r#"{"email":"a@b.example","role":"viewer","role":"owner"}"#,
        ),
        ("PUT", "/organizations/acme/settings", r#"{"require_mfa":true,"require_mfa":false}"#),
        (
            "POST",
            "/organizations/acme/resources",
            r#"{"type":"api_call","quantity":1,"metadata":{"a":[{"b":1,"b":2}]}}"#,
        ),
        ("PUT", "/organizations/acme/plan", r#"{"plan":"free","plan":"enterprise"}"#),
        ("POST", "/organizations/acme/api-keys", r#"{"name":"a","scopes":[],"scopes":["write:users"]}"#),
        (
            "POST",
            "/organizations/acme/webhooks",
            r#"{"url":"https://a.example/","url":"http://127.0.0.1/","events":["*"]}"#,
        ),
        ("POST", "/organizations/acme/resources", r#"{"type":"api_call","quantity":1,"quantity":2}"#),
        ("POST", "/organizations/acme/projects", r#"{"name":"a","\u0073lug":"a","slug":"b"}"#),
        ("POST", "/organizations/acme/projects", r#"{"name":"a","slug":"a"}{"name":"b","slug":"b"}"#),
    ] {
        raw(method, path, body).is_problem(400, "invalid_request");
    }
    for query in
        ["limit=1&limit=2", "limit=1&tenant_id=globex", "limit=1&organization_id=globex", "%6cimit=1&limit=1"]
    {
        for list in ["users", "projects", "audit"] {
            let path = format!("/organizations/acme/{list}?{query}");
            server
                .request("GET", &path, &[("authorization", &acme)], None)
                .is_problem(400, "invalid_request");
        }
    }
    assert_eq!(rows(&server), before);
}

#[test]
fn an_invitation_leads_where_it_was_made_whatever_the_request_says() {
    let house = house();
    let (acme, _) = house.organisation("acme", "pro");
    house.organisation("globex", "pro");
    house.invite(&acme, "acme", "new@acme.example", "viewer").ok(201);
    let token = house.mailed("new@acme.example", "acme");
    for extra in
        [json!({ "role": "owner" }), json!({ "tenant_id": "globex" }), json!({ "email": "x@y.example" })]
    {
        let mut body = json!({ "token": token, "password": PASSWORD });
        extra.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        house
            .server
            .request("POST", "/invitations/accept", &[], Some(&body))
            .is_problem(400, "invalid_request");
    }
    let body = json!({ "token": token, "password": PASSWORD });
    let headers = [("x-tenant-id", "globex")];
    let answer = house.server.request("POST", "/invitations/accept", &headers, Some(&body));
    let there = |tenant: &str| {
        let users = house.operator("GET", &format!("/organizations/{tenant}/users"), None).ok(200);
        users.to_string().contains("new@acme.example")
    };
    assert!(!there("globex"), "{}", answer.status);
    let role = house.operator("GET", "/organizations/acme/users?role=viewer", None).ok(200);
    assert_eq!(role["users"].as_array().unwrap().len(), 1, "{role}");
}

#[test]
fn the_operator_too_says_one_thing() {
    let house = house();
    house.organisation("acme", "pro");
    house.organisation("globex", "pro");
    for (tenant, status, code) in
        [("globex", 403, "tenant_mismatch"), ("{}", 400, "invalid_tenant_id"), ("", 400, "invalid_tenant_id")]
    {
        let headers = [("authorization", "Bearer s3cret"), ("x-tenant-id", tenant)];
        for (method, path) in
            [("GET", "/organizations/acme/users"), ("DELETE", "/organizations/acme/users/x")]
        {
            house.server.request(method, path, &headers, None).is_problem(status, code);
        }
    }
    let headers = [("authorization", "Bearer s3cret"), ("x-tenant-id", "acme")];
    house.server.request("GET", "/organizations/acme/users", &headers, None).ok(200);
}

#[test]
fn ids_of_any_length_are_not_found_and_cost_nothing() {
    let server = server();
    let acme = owner("acme");
    let long = "x".repeat(6_000);
    for path in ["users", "projects", "api-keys", "webhooks"] {
        for id in [&*long, "%00", "%f0%9f%92%a9", "..", "%2e%2e", "'%20OR%201=1--", "*", "null"] {
            let path = format!("/organizations/acme/{path}/{id}");
            for method in ["DELETE", "PUT", "GET"] {
                let answer = server.request(method, &path, &[("authorization", &acme)], Some(&json!({})));
                assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
                assert!(answer.body.len() < 2_000, "{method}: it says all of it again");
            }
        }
    }
}
