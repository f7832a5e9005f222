//! What a sign-in has begun ends with it, and where the operator says so.

use serde_json::{Value, json};

use crate::{
    callers::{NOW, PASSWORD, SECRET, bearer, join, server, session, sign_in, token},
    client::Answer,
    server::TestServer,
};

/// One sign-in: the token, the cookie, and what unsafe requests of the cookie need.
fn signed_in(server: &TestServer, headers: &[(&str, &str)]) -> (String, String, String) {
    let answer = sign_in(server, headers, "ada@example.com", PASSWORD);
    let (cookie, csrf) = session(&answer);
    (bearer(answer.json()["token"].as_str().unwrap()), cookie, csrf)
}

fn by_token(server: &TestServer, token: &str) -> u16 {
    server.request("GET", "/api/me", &[("authorization", token)], None).status
}

fn by_cookie(server: &TestServer, cookie: &str) -> u16 {
    server.request("GET", "/api/me", &[("cookie", cookie)], None).status
}

#[test]
fn the_token_and_the_session_of_a_sign_in_end_together_whichever_is_shown() {
    let server = server();
    join(&server, "acme", "ada@example.com", "admin").ok(201);
    let (other_token, other_cookie, _) = signed_in(&server, &[]);

    let (token, cookie, csrf) = signed_in(&server, &[]);
    assert_eq!((by_token(&server, &token), by_cookie(&server, &cookie)), (200, 200));
    server.request("POST", "/logout", &[("cookie", &cookie), ("x-csrf-token", &csrf)], None).ok(204);
    assert_eq!((by_token(&server, &token), by_cookie(&server, &cookie)), (401, 401));

    let (token, cookie, _) = signed_in(&server, &[]);
    server.request("POST", "/logout", &[("authorization", &token)], None).ok(204);
    assert_eq!((by_token(&server, &token), by_cookie(&server, &cookie)), (401, 401));

    // A browser that signs in anew leaves nothing behind of what it was.
    let (token, cookie, _) = signed_in(&server, &[]);
    let (new_token, new_cookie, _) = signed_in(&server, &[("cookie", &cookie)]);
    assert_eq!((by_token(&server, &token), by_cookie(&server, &cookie)), (401, 401));
    assert_eq!((by_token(&server, &new_token), by_cookie(&server, &new_cookie)), (200, 200));
    assert_eq!((by_token(&server, &other_token), by_cookie(&server, &other_cookie)), (200, 200));
}

fn revoke(server: &TestServer, body: &Value) -> Answer {
    server.admin("POST", "/admin/revocations", Some(body))
}

#[test]
fn the_operator_ends_one_token_or_all_of_somebody() {
    let server = server();
    let id = join(&server, "acme", "ada@example.com", "admin").ok(201)["user_id"].clone();
    join(&server, "globex", "ada@example.com", "viewer").ok(201);
    let of = |subject: &Value, jti: &str, iat: u64| {
        let claims = json!({ "tenant_id": "acme", "sub": subject, "jti": jti, "iat": iat });
        bearer(&token(SECRET, &claims))
    };
    let (one, other, bobs) = (of(&id, "t1", NOW), of(&id, "t2", NOW - 5), of(&json!("bob"), "t3", NOW));
    revoke(&server, &json!({ "jti": "t1" })).ok(204);
    let all = || [&one, &other, &bobs].map(|token| by_token(&server, token));
    assert_eq!(all(), [401, 200, 200]);

    let cookies = ["acme", "globex"].map(|tenant| signed_in(&server, &[("x-tenant-id", tenant)]).1);
    revoke(&server, &json!({ "subject": id })).ok(204);
    assert_eq!(all(), [401, 401, 200]);
    assert_eq!(cookies.each_ref().map(|cookie| by_cookie(&server, cookie)), [401, 401]);
    server.advance(1);
    let (new, ..) = signed_in(&server, &[("x-tenant-id", "acme")]);
    assert_eq!(by_token(&server, &new), 200, "who was signed out signs in again");

    let before = json!({ "subject": "bob", "issued_until": "2023-11-14T22:13:59Z" });
    revoke(&server, &before).ok(204);
    assert_eq!(by_token(&server, &bobs), 200, "it was issued later");
    // Another instance knows as soon as it runs.
    let beside = TestServer::beside(&server, &[("JWT_SECRET", SECRET)]);
    assert_eq!([&one, &other, &bobs].map(|token| by_token(&beside, token)), [401, 401, 200]);
}

#[test]
fn what_is_no_revocation_is_named() {
    let server = server();
    for (body, field) in [
        (json!({}), "jti"),
        (json!({ "jti": "a", "subject": "b" }), "jti"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "subject": "x".repeat(256) }), "subject"),
        (json!({ "jti": "a", "issued_until": "2023-11-14T22:13:59Z" }), "issued_until"),
        (json!({ "subject": "a", "issued_until": "1969-11-14T22:13:59Z" }), "issued_until"),
        (json!({ "jti": "a", "expires_at": "1969-11-14T22:13:59Z" }), "expires_at"),
    ] {
        assert_eq!(revoke(&server, &body).is_problem(400, "invalid_request")["field"], field, "{body}");
    }
    assert_eq!(server.count("SELECT count(*) FROM tenant_token_revocations"), 0);
}

/// As many at once as an address may have, and more.
#[test]
fn a_flood_of_sign_ins_from_one_address_leaves_room_for_others() {
    let server = TestServer::with(&[
        ("JWT_SECRET", SECRET),
        ("ADMIN_TOKEN", "operator"),
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
    ]);
    let operator = [("authorization", "Bearer operator")];
    let create = json!({ "tenant_id": "acme" });
    server.request("POST", "/admin/tenants", &operator, Some(&create)).ok(201);
    let person = json!({ "email": "ada@example.com", "password": PASSWORD, "role": "owner" });
    server.request("POST", "/admin/tenants/acme/members", &operator, Some(&person)).ok(201);
    let attempt = |from: &str, password| {
        sign_in(&server, &[("x-forwarded-for", from)], "ada@example.com", password).status
    };
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..48)
            .map(|_| {
                scope.spawn(|| (0..2).map(|_| attempt("192.0.2.66", "guess the word")).collect::<Vec<_>>())
            })
            .collect();
        for _ in 0..4 {
            assert_eq!(attempt("198.51.100.1", PASSWORD), 200, "somebody else signs in meanwhile");
        }
        let all: Vec<u16> = flood.into_iter().flat_map(|guesses| guesses.join().unwrap()).collect();
        assert!(all.iter().all(|status| matches!(status, 401 | 429)), "{all:?}");
        assert!(all.contains(&429));
    });
}
