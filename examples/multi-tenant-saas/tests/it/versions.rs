//! Versions of a tenant: who writes over what they have not seen is told so, and writes nothing.

use serde_json::{Value, json};

use crate::{client::Answer, server::TestServer};

fn tag(answer: &Answer) -> String {
    answer.header("etag").expect("an entity tag").to_owned()
}

fn acme(server: &TestServer) -> (Answer, String) {
    let created = server.admin("POST", "/admin/tenants", Some(&json!({ "tenant_id": "acme" })));
    created.ok(201);
    let tag = tag(&created);
    (created, tag)
}

fn with(server: &TestServer, method: &str, path: &str, condition: &str, body: Option<&Value>) -> Answer {
    server.request(method, path, &[("if-match", condition)], body)
}

const ACME: &str = "/admin/tenants/acme";

/// Every request that is held to a version, and what it is answered where that is the one.
fn held() -> Vec<(&'static str, String, Option<Value>, u16)> {
    let at = |rest: &str| format!("{ACME}{rest}");
    let (quota, hosts) =
        (json!({ "requests_per_minute": 7 }), json!({ "hosts": ["a.example", "b.example"] }));
    vec![
        ("PUT", at(""), Some(json!({ "name": "Renamed" })), 200),
        ("PUT", at("/quota"), Some(quota.clone()), 200),
        ("PUT", at("/quotas"), Some(quota), 200),
        ("PUT", at("/hosts"), Some(hosts), 200),
        ("POST", at("/hosts"), Some(json!({ "hosts": ["c.example"] })), 201),
        ("DELETE", at("/hosts/a.example"), None, 204),
        ("POST", at("/suspend"), None, 200),
        ("POST", at("/activate"), None, 200),
        ("DELETE", at(""), None, 204),
    ]
}

#[test]
fn an_answer_names_its_version_and_each_change_is_another() {
    let server = TestServer::start();
    let (created, first) = acme(&server);
    assert!(first.starts_with('"') && first.ends_with('"') && first.len() > 2, "a strong tag: {first}");
    let read = server.admin("GET", ACME, None);
    assert_eq!((read.ok(200), tag(&read)), (created.json(), first.clone()));
    let mut seen = vec![first];
    for (method, path, body, status) in held() {
        let changed = server.admin(method, &path, body.as_ref());
        assert_eq!(changed.status, status, "{method} {path}");
        let now = tag(&server.admin("GET", ACME, None));
        if status == 200 {
            assert_eq!(tag(&changed), now, "{method} {path}");
        }
        assert!(!seen.contains(&now), "{method} {path}");
        seen.push(now);
    }
}

#[test]
fn a_write_is_held_to_the_version_that_it_names() {
    let server = TestServer::start();
    for (method, path, body, status) in held() {
        let id = format!("t{}", server.count("SELECT count(*) FROM tenants"));
        let own = json!({ "tenant_id": id, "hosts": [format!("a.{id}.example")] });
        let stale = tag(&server.admin("POST", "/admin/tenants", Some(&own)));
        server.admin("PUT", &format!("/admin/tenants/{id}/quota"), Some(&json!({}))).ok(200);
        let path = path.replace("acme", &id).replace("a.example", &format!("a.{id}.example"));
        let body = body.map(|mut body| {
            if let Some(hosts) = body.get_mut("hosts") {
                *hosts = json!([format!("x.{id}.example")]);
            }
            body
        });
        let shown = || {
            let read = server.admin("GET", &format!("/admin/tenants/{id}"), None);
            (tag(&read), read.ok(200))
        };
        let before = shown();
        let weak = format!("W/{}", before.0);
        for condition in [&*stale, &weak, r#""""#, r#""other""#, &format!("{stale}, {weak}")] {
            let refused = with(&server, method, &path, condition, body.as_ref());
            refused.is_problem(412, "precondition_failed");
        }
        for malformed in ["", "x", "\"", "*, *", "W/", "\"a\" \"b\""] {
            let refused = with(&server, method, &path, malformed, body.as_ref());
            assert_eq!(refused.is_problem(400, "invalid_request")["field"], "if-match", "{malformed}");
        }
        let twice = [("if-match", "*"), ("if-match", "*")];
        server.request(method, &path, &twice, body.as_ref()).is_problem(400, "invalid_request");
        assert_eq!(shown(), before, "{method} {path}");
        let several = [("if-match", r#""other""#), ("if-match", &*before.0)];
        let done = server.request(method, &path, &several, body.as_ref());
        assert_eq!(done.status, status, "{method} {path}: {:?}", String::from_utf8_lossy(&done.body));
        assert_ne!(shown(), before, "{method} {path}");
    }
}

#[test]
fn any_version_will_do_where_it_says_so_and_without_a_condition_the_last_write_wins() {
    let server = TestServer::start();
    acme(&server);
    let name = |name: &str| json!({ "name": name });
    assert_eq!(with(&server, "PUT", ACME, "*", Some(&name("one"))).ok(200)["name"], "one");
    assert_eq!(server.admin("PUT", ACME, Some(&name("two"))).ok(200)["name"], "two");
    with(&server, "DELETE", ACME, "*", None).ok(204);
    // What is not there is not found, whatever the condition: it has no version that could be another one.
    for (condition, path) in [("*", ACME), (r#""a""#, ACME), ("*", "/admin/tenants/nobody")] {
        with(&server, "PUT", path, condition, Some(&name("three"))).is_problem(404, "tenant_not_found");
        with(&server, "DELETE", path, condition, None).is_problem(404, "tenant_not_found");
    }
}

#[test]
fn who_has_the_version_is_not_sent_it_again() {
    let server = TestServer::start();
    let (_, tag) = acme(&server);
    let ask = |name: &str, condition: &str| server.request("GET", ACME, &[(name, condition)], None);
    for condition in [&*tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let answer = ask("if-none-match", condition);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{condition}");
        assert_eq!(answer.header("etag"), Some(&*tag));
    }
    ask("if-none-match", "\"x\"").ok(200);
    ask("if-none-match", "x").is_problem(400, "invalid_request");
    ask("if-match", &tag).ok(200);
    ask("if-match", "\"x\"").is_problem(412, "precondition_failed");
    server.admin("PUT", ACME, Some(&json!({}))).ok(200);
    ask("if-none-match", &tag).ok(200);
}

// A tag of one tenant is none of another, though both are of the first revision and the same moment.
#[test]
fn a_version_is_of_one_tenant_and_of_one_life_of_it() {
    let server = TestServer::start();
    let (_, first) = acme(&server);
    server.sql("DELETE FROM tenants");
    server.advance(1);
    let (_, second) = acme(&server);
    assert_ne!(first, second, "created anew under the same id");
}

/// Through two instances, over one database.
#[test]
fn of_fifty_that_have_read_the_same_version_one_writes() {
    let one = TestServer::start();
    let other = TestServer::beside(&one, &[]);
    let (_, mut seen) = acme(&one);
    for round in 0..4 {
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let ask = |number: usize| {
                let server = if number.is_multiple_of(2) { &one } else { &other };
                let body = json!({ "name": format!("{round}-{number}") });
                with(server, "PUT", ACME, &seen, Some(&body))
            };
            let asked: Vec<_> = (0..50).map(|number| scope.spawn(move || ask(number))).collect();
            asked.into_iter().map(|answer| answer.join().unwrap()).collect()
        });
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(done.len(), 1);
        for answer in refused {
            answer.is_problem(412, "precondition_failed");
        }
        let now = one.admin("GET", ACME, None);
        assert_eq!(now.ok(200)["name"], done[0].json()["name"]);
        seen = tag(&now);
        assert_eq!(seen, tag(done[0]));
    }
}
