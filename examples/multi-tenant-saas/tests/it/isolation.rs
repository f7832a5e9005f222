//! What a tenant must never see, change, count against or learn about another.

use serde_json::json;

use crate::server::{TestServer, eventually};

fn two() -> TestServer {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_tenant("globex");
    server
}

#[test]
fn two_tenants_see_only_their_own_users() {
    let server = two();
    server.create_user("acme", "a@acme.example");
    server.create_user("globex", "g@globex.example");
    assert_eq!(server.users("acme"), ["a@acme.example"]);
    assert_eq!(server.users("globex"), ["g@globex.example"]);
    assert_eq!(server.get("acme", "/api/users").header("x-total-count"), Some("1"));
}

#[test]
fn the_same_e_mail_works_in_two_tenants_and_not_twice_in_one() {
    let server = two();
    server.create_user("acme", "same@example.com");
    server.create_user("globex", "same@example.com");
    let again = json!({ "email": "SAME@example.com", "name": "Again" });
    server.of("acme", "POST", "/api/users", Some(&again)).is_problem(409, "conflict");
    assert_eq!(server.users("acme").len(), 1);
}

#[test]
fn a_user_of_another_tenant_is_404_to_read_and_to_delete() {
    let server = two();
    let id = server.create_user("globex", "g@globex.example")["id"].as_str().unwrap().to_owned();
    let path = format!("/api/users/{id}");
    let foreign = server.get("acme", &path);
    foreign.is_problem(404, "not_found");
    server.of("acme", "DELETE", &path, None).is_problem(404, "not_found");
    server.get("globex", &path).ok(200);
    // Nothing in the answer tells a foreign id from one that nobody has.
    let nobody = server.get("acme", "/api/users/0190163d-8694-739b-aea5-966c26f8ad91");
    assert_eq!((foreign.status, foreign.body), (nobody.status, nobody.body));
}

#[test]
fn analytics_and_quota_of_one_tenant_know_nothing_of_another() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "quota_requests_per_minute": 3 }));
    server.create(&json!({ "tenant_id": "globex", "quota_requests_per_minute": 3 }));
    for _ in 0..5 {
        server.get("acme", "/api/users");
    }
    server.get("globex", "/api/users").ok(200);
    server.advance(60);
    let analytics = eventually(
        || server.get("globex", "/api/analytics/requests").ok(200),
        |answer| {
            answer["total_requests"].as_i64() >= Some(1) || {
                server.advance(60);
                false
            }
        },
    );
    assert_eq!(analytics["by_status"]["429"], json!(null));
    let paths = analytics["recent_requests"].as_array().unwrap();
    assert!(paths.iter().all(|request| request["status_code"] == 200));
}

#[test]
fn many_clients_of_two_tenants_at_once_never_see_each_other() {
    let server = two();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let tenant = if worker % 2 == 0 { "acme" } else { "globex" };
                for number in 0..25 {
                    let user = server.create_user(tenant, &format!("{worker}-{number}@{tenant}.example"));
                    assert_eq!(user["tenant_id"], tenant);
                    let suffix = format!("@{tenant}.example");
                    assert!(server.users(tenant).iter().all(|email| email.ends_with(&suffix)));
                }
            });
        }
    });
    for tenant in ["acme", "globex"] {
        assert_eq!(server.get(tenant, "/api/users").header("x-total-count"), Some("100"));
    }
}

#[test]
fn a_deleted_tenants_rows_are_unreachable_and_its_id_stays_taken() {
    let server = two();
    server.create_user("acme", "a@acme.example");
    server.admin("DELETE", "/admin/tenants/acme", None).ok(204);
    server.get("acme", "/api/users").is_problem(403, "tenant_inactive");
    server.admin("POST", "/admin/tenants", Some(&json!({ "tenant_id": "acme" }))).is_problem(409, "conflict");
    server.admin("POST", "/admin/tenants/acme/activate", None).is_problem(404, "tenant_not_found");
    server.get("acme", "/api/users").is_problem(403, "tenant_inactive");
    assert_eq!(server.admin("GET", "/admin/tenants/acme", None).ok(200)["status"], "deleted");
    assert!(server.users("globex").is_empty());
}

#[test]
fn ids_that_differ_in_case_are_two_tenants() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_tenant("ACME");
    server.create_user("acme", "a@acme.example");
    assert!(server.users("ACME").is_empty());
    assert_eq!(server.users("acme").len(), 1);
}
