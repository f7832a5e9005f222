//! The tenant's own users.

use serde_json::json;

use crate::server::TestServer;

fn acme() -> TestServer {
    let server = TestServer::start();
    server.create_tenant("acme");
    server
}

#[test]
fn a_user_is_created_read_listed_and_deleted() {
    let server = acme();
    let body = json!({ "email": "Ada@acme.example", "name": "Ada" });
    let answer = server.of("acme", "POST", "/api/users", Some(&body));
    let user = answer.ok(201);
    let id = user["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/users/{id}").as_str()));
    let expected = json!({
        "id": id, "tenant_id": "acme", "email": "Ada@acme.example", "name": "Ada",
        "created_at": "2023-11-14T22:14:00Z",
    });
    assert_eq!(user, expected);
    assert_eq!(server.get("acme", &format!("/api/users/{id}")).ok(200), expected);
    assert_eq!(server.get("acme", "/api/users").ok(200), json!([expected]));
    let delete = server.of("acme", "DELETE", &format!("/api/users/{id}"), None);
    assert_eq!((delete.status, delete.body.len()), (204, 0));
    server.of("acme", "DELETE", &format!("/api/users/{id}"), None).is_problem(404, "not_found");
    assert_eq!(server.get("acme", "/api/users").ok(200), json!([]));
}

#[test]
fn lists_are_oldest_first_and_paged() {
    let server = acme();
    for number in 0..5 {
        server.create_user("acme", &format!("{number}@acme.example"));
        server.advance(1);
    }
    let page = server.get("acme", "/api/users?limit=2&offset=2");
    let emails: Vec<_> = page.ok(200).as_array().unwrap().iter().map(|user| user["email"].clone()).collect();
    assert_eq!(emails, [json!("2@acme.example"), json!("3@acme.example")]);
    assert_eq!(page.header("x-total-count"), Some("5"));
    assert_eq!(
        page.header("link"),
        Some("</api/users?limit=2&offset=0>; rel=\"prev\", </api/users?limit=2&offset=4>; rel=\"next\"")
    );
    assert_eq!(server.get("acme", "/api/users").header("link"), None);
    for query in ["limit=0", "limit=101", "limit=", "offset=-1", "offset=9223372036854775808", "q=1"] {
        server.get("acme", &format!("/api/users?{query}")).is_problem(400, "invalid_request");
    }
}

#[test]
fn a_wrong_body_is_a_400_that_names_field_line_and_column() {
    let server = acme();
    for (body, field) in [
        (json!({ "name": "x" }), "email"),
        (json!({ "email": "a@b.example" }), "name"),
        (json!({ "email": "none", "name": "x" }), "email"),
        (json!({ "email": "a@b@", "name": "x" }), "email"),
        (json!({ "email": "a b@c.example", "name": "x" }), "email"),
        (json!({ "email": "a@b.example", "name": " " }), "name"),
        (json!({ "email": "a@b.example", "name": 7 }), "name"),
        (json!({ "email": "a@b.example", "name": "x", "tenant_id": "globex" }), "tenant_id"),
        (json!({ "email": "a@b.example", "name": "x", "id": "1" }), "id"),
    ] {
        let problem = server.of("acme", "POST", "/api/users", Some(&body)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let text = "{\"email\": \"a@b.example\",\n \"name\": }";
    let answer =
        crate::client::request(server.address, "POST", "/api/users", &[("x-tenant-id", "acme")], Some(text));
    let problem = answer.is_problem(400, "invalid_request");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(10)));
    assert!(server.users("acme").is_empty());
}

#[test]
fn a_body_over_one_mebibyte_is_413_and_one_of_exactly_that_is_read() {
    let server = acme();
    let body = |size: usize| {
        let frame = r#"{"email":"a@b.example","name":"x"}"#;
        format!("{}{frame}", " ".repeat(size - frame.len()))
    };
    let post = |text: &str| {
        crate::client::request(server.address, "POST", "/api/users", &[("x-tenant-id", "acme")], Some(text))
    };
    post(&body((1 << 20) + 1)).is_problem(413, "body_too_large");
    assert!(server.users("acme").is_empty());
    post(&body(1 << 20)).ok(201);
}

#[test]
fn sql_in_values_is_a_value() {
    let server = acme();
    server.create_tenant("globex");
    server.create_user("globex", "g@globex.example");
    let name = r"x\') OR 1=1 -- ' ; DROP TABLE users; --";
    let body = json!({ "email": "a@acme.example", "name": name });
    assert_eq!(server.of("acme", "POST", "/api/users", Some(&body)).ok(201)["name"], name);
    server.get("acme", "/api/users/x'%20OR%20'1'='1").is_problem(404, "not_found");
    assert_eq!(server.users("globex"), ["g@globex.example"]);
}
