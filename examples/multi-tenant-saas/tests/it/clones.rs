//! A tenant made of another one. What could tie them together afterwards: a credential of the one that opens the other, a webhook that
//! hears of both, a member, use that is counted for both, a change that shows in both; and who may ask for it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    callers::{PASSWORD, session, sign_in},
    client::Answer,
    organisations::{House, house},
    server::TestServer,
};

const EVERYTHING: [&str; 4] = ["read:users", "write:users", "read:resources", "write:resources"];

/// The job, once it is over.
#[track_caller]
fn over(house: &House, accepted: &Answer) -> Value {
    let job = accepted.ok(202)["job_id"].as_str().unwrap().to_owned();
    assert_eq!(accepted.header("location"), Some(&*format!("/admin/jobs/{job}")));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(30) {
        let job = house.operator("GET", &format!("/admin/jobs/{job}"), None).ok(200);
        if job["status"] == "done" || job["status"] == "failed" {
            return job;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the job does not come to its end");
}

fn clone(house: &House, from: &str, to: &str) -> Answer {
    house.operator("POST", &format!("/admin/tenants/{from}/clone"), Some(&json!({ "tenant_id": to })))
}

/// Something of everything that an organisation may have.
fn furnish(house: &House, slug: &str, owner: &str) -> (String, String) {
    let ask = |path: &str, body: Value| house.ask(owner, "POST", path, Some(&body)).ok(201);
    let of = |rest: &str| format!("/organizations/{slug}/{rest}");
    for number in 0..3 {
        ask("/api/users", json!({ "email": format!("u{number}@{slug}.example"), "name": "U" }));
    }
    ask(&of("projects"), json!({ "name": "P", "slug": "p" }));
    ask(&of("webhooks"), json!({ "url": format!("https://hooks.{slug}.example/"), "events": ["*"] }));
    let key = ask(&of("api-keys"), json!({ "name": "k", "scopes": EVERYTHING }));
    let key = key["key"].as_str().unwrap().to_owned();
    let used = json!({ "type": "api_call", "quantity": 7, "idempotency_key": "invoice-1" });
    let recorded =
        house.server.request("POST", &of("resources"), &[("x-api-key", &key)], Some(&used)).ok(201);
    (key, recorded["id"].as_str().unwrap().to_owned())
}

fn users(server: &TestServer, who: &str) -> Vec<String> {
    let users = server.request("GET", "/api/users", &[("authorization", who)], None).ok(200);
    users.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

/// The tables, of the framework's and the server's, that have rows of this tenant, and how many. What is written down a moment later
/// is left out.
fn rows(server: &TestServer, tenant: &str) -> Vec<(String, i64)> {
    let tables = "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' \
         WHERE m.type = 'table' AND m.name NOT IN ('recent_requests', 'request_totals') ORDER BY m.name";
    let count = |table: String| {
        let rows = server.count(&format!("SELECT count(*) FROM {table} WHERE tenant_id = '{tenant}'"));
        (table, rows)
    };
    server.texts(tables).into_iter().map(count).filter(|(_, rows)| *rows > 0).collect()
}

#[test]
fn a_clone_has_the_rows_of_its_source_and_no_door_leads_from_one_to_the_other() {
    let house = house();
    let server = &house.server;
    let (owner, _) = house.organisation("acme", "pro");
    let (globex, _) = house.organisation("globex", "pro");
    let (key, record) = furnish(&house, "acme", &owner);
    let (globex_key, _) = furnish(&house, "globex", &globex);
    let (cookie, _) = session(&sign_in(server, &[], "owner@acme.example", PASSWORD));
    let job = over(&house, &clone(&house, "acme", "copy"));
    assert_eq!((&job["status"], &job["kind"]), (&json!("done"), &json!("clone")), "{job}");
    assert_eq!((&job["tenant_id"], &job["source"]), (&json!("copy"), &json!("acme")), "{job}");
    assert_eq!(job["result"]["people"], 1, "{job}");

    // What there is of the clone: rows, and an invitation.
    let tables: Vec<String> = rows(server, "copy").into_iter().map(|(table, _)| table).collect();
    let expected =
        ["tenant_audit", "tenant_invitations", "tenant_jobs", "tenant_projects", "tenant_stocks", "users"];
    assert!(tables.iter().all(|table| expected.contains(&&**table)), "{tables:?}");

    // Nothing that opened the source opens the clone.
    for headers in [
        [("authorization", &*owner), ("x-tenant-id", "copy")],
        [("x-api-key", &*key), ("x-tenant-id", "copy")],
        [("cookie", &*cookie), ("x-tenant-id", "copy")],
        [("x-api-key", &*globex_key), ("x-tenant-id", "copy")],
    ] {
        let answer = server.request("GET", "/api/users", &headers, None);
        assert!(matches!(answer.status, 401 | 403), "{headers:?}: {}", answer.status);
        let answer = server.request("GET", "/organizations/copy/projects", &headers[..1], None);
        assert!(matches!(answer.status, 401 | 403 | 404), "{headers:?}: {}", answer.status);
    }

    for list in ["webhooks", "api-keys", "users"] {
        let shown = house.operator("GET", &format!("/organizations/copy/{list}"), None).ok(200);
        let shown = shown.as_object().unwrap().values().find_map(Value::as_array).unwrap().clone();
        assert!(shown.iter().all(|entry| entry["status"] == "invited"), "{list}: {shown:?}");
    }
    let used = house.operator("GET", "/organizations/copy/usage?billing_cycle=2023-11", None).ok(200);
    assert_eq!((&used["api_requests"], &used["total_cost"]), (&json!(0), &json!(0)), "{used}");

    // Whoever accepts is a member of the clone, and has what the source had.
    let token = house.all_mailed("owner@acme.example").into_iter();
    let accepted =
        token.map(|token| house.accept(&token, PASSWORD)).find(|answer| answer.status == 200).unwrap();
    let copy = format!("Bearer {}", accepted.ok(200)["token"].as_str().unwrap());
    assert_eq!(users(server, &copy), users(server, &owner));
    let shown = house.ask(&copy, "GET", "/organizations/copy/projects", None).ok(200);
    assert_eq!(shown["projects"][0]["slug"], "p");

    // A key that the source has told use under is anybody's own in the clone.
    let body = json!({ "name": "k", "scopes": EVERYTHING });
    let own = house.ask(&copy, "POST", "/organizations/copy/api-keys", Some(&body)).ok(201);
    let headers = [("x-api-key", own["key"].as_str().unwrap())];
    let used = json!({ "type": "api_call", "quantity": 9, "idempotency_key": "invoice-1" });
    let told = server.request("POST", "/organizations/copy/resources", &headers, Some(&used)).ok(201);
    assert_ne!(told["id"], record);
    // Each goes its own way.
    let new = json!({ "email": "only@copy.example", "name": "U" });
    house.ask(&copy, "POST", "/api/users", Some(&new)).ok(201);
    assert_eq!((users(server, &copy).len(), users(server, &owner).len()), (4, 3));
    house.operator("POST", "/admin/tenants/acme/suspend", None).ok(200);
    assert_eq!(users(server, &copy).len(), 4);
    assert_eq!(users(server, &globex), ["u0@globex.example", "u1@globex.example", "u2@globex.example"]);
}

#[test]
fn a_third_tenant_is_left_as_it_is_and_both_logs_tell_of_it() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    let (globex, _) = house.organisation("globex", "pro");
    furnish(&house, "acme", &owner);
    furnish(&house, "globex", &globex);
    let before = rows(&house.server, "globex");
    over(&house, &clone(&house, "acme", "copy"));
    assert_eq!(rows(&house.server, "globex"), before);
    for tenant in ["acme", "copy"] {
        let told = house.actions(&format!("tenant_id={tenant}&action=tenant.clone_requested"));
        assert_eq!(told.len(), 1, "{tenant}");
    }
    assert!(house.actions("tenant_id=globex&action=tenant.clone_requested").is_empty());
    // Neither log names the other tenant.
    let log = house.operator("GET", "/admin/audit?tenant_id=copy", None).ok(200);
    assert!(!log.to_string().contains("acme"), "{log}");
}

#[test]
fn nothing_is_cloned_over_a_tenant_out_of_nothing_or_by_anybody_else() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    house.organisation("globex", "pro");
    clone(&house, "acme", "globex").is_problem(409, "conflict");
    clone(&house, "acme", "acme").is_problem(409, "conflict");
    clone(&house, "nobody", "copy").is_problem(404, "tenant_not_found");
    for id in ["a b", "", "import", "..", "a/b", &"x".repeat(64)] {
        assert_eq!(
            clone(&house, "acme", id).is_problem(400, "invalid_request")["field"],
            "tenant_id",
            "{id}"
        );
    }
    let path = "/admin/tenants/acme/clone";
    for body in [json!({}), json!({ "tenant_id": "copy", "x": 1 }), json!([]), json!({ "tenant_id": 1 })] {
        house.operator("POST", path, Some(&body)).is_problem(400, "invalid_request");
    }
    house.operator("POST", path, None).is_problem(400, "invalid_request");
    let body = json!({ "tenant_id": "copy" });
    for who in [&*owner, "", "Bearer x"] {
        house.ask(who, "POST", path, Some(&body)).is_problem(401, "unauthenticated");
    }
    house.operator("DELETE", "/admin/tenants/globex", None).ok(204);
    clone(&house, "globex", "copy").is_problem(409, "conflict");
    clone(&house, "acme", "globex").is_problem(409, "conflict");
    house.operator("GET", "/admin/tenants/copy", None).is_problem(404, "tenant_not_found");
    assert_eq!(house.server.count("SELECT count(*) FROM tenant_jobs"), 0);
}

#[test]
fn of_two_clones_under_one_id_one_is_made() {
    let house = house();
    house.organisation("acme", "pro");
    house.organisation("globex", "pro");
    let (one, other) = (clone(&house, "acme", "copy"), clone(&house, "globex", "copy"));
    // Where the first was done before the second was asked for, that is a conflict.
    let jobs: Vec<Value> =
        [one, other].iter().filter(|job| job.status != 409).map(|job| over(&house, job)).collect();
    assert_eq!(jobs[0]["status"], "done", "{jobs:?}");
    assert!(jobs.iter().skip(1).all(|job| job["status"] == "failed"), "{jobs:?}");
    let name = house.operator("GET", "/admin/tenants/copy", None).ok(200)["name"].clone();
    assert_eq!(name, "acme");
}
