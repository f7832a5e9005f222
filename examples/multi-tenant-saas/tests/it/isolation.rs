//! What a tenant must never see, change, count against or learn about another.

use serde_json::json;

use crate::{
    server::{TestServer, eventually},
    stream::Stream,
};

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

/// Two tenants with the same limits.
fn two_limited(limits: &serde_json::Value) -> TestServer {
    let server = TestServer::start();
    for id in ["acme", "globex"] {
        server.create(&json!({ "tenant_id": id, "quota_tokens_per_minute": 100, "limits": limits }));
    }
    server
}

#[test]
fn a_workflow_of_another_tenant_can_be_neither_seen_run_nor_deleted() {
    let server = two_limited(&json!({ "executions_per_day": 5, "concurrent_executions": 5 }));
    let foreign = server.create_workflow("globex", "secret");
    assert_eq!(server.get("acme", "/api/workflows").ok(200), json!([]));
    assert_eq!(server.get("acme", "/api/workflows").header("x-total-count"), Some("0"));
    let nobodys = "0190163d-8694-739b-aea5-966c26f8ad91";
    for (method, rest) in [("GET", ""), ("DELETE", ""), ("POST", "/execute")] {
        let ask = |id: &str| server.of("acme", method, &format!("/api/workflows/{id}{rest}"), None);
        let (answer, nobody) = (ask(&foreign), ask(nobodys));
        answer.is_problem(404, "not_found");
        assert_eq!((answer.status, answer.body), (nobody.status, nobody.body), "{method}");
    }
    server.get("globex", &format!("/api/workflows/{foreign}")).ok(200);
    for tenant in ["acme", "globex"] {
        assert_eq!(server.usage(tenant)["limits"]["executions_per_day"]["used"], 0, "{tenant}");
    }
}

#[test]
fn an_execution_of_another_tenant_is_404() {
    let server = two();
    let workflow = server.create_workflow("globex", "secret");
    let id = server.execute("globex", &workflow, 60_000);
    let foreign = server.get("acme", &format!("/api/executions/{id}"));
    foreign.is_problem(404, "not_found");
    let nobody = server.get("acme", "/api/executions/0190163d-8694-739b-aea5-966c26f8ad91");
    assert_eq!((foreign.status, foreign.body), (nobody.status, nobody.body));
    assert_eq!(server.get("globex", &format!("/api/executions/{id}")).ok(200)["status"], "running");
}

#[test]
fn what_one_tenant_has_and_runs_does_not_count_against_another() {
    let limits = json!({ "workflows": 1, "executions_per_day": 1, "concurrent_executions": 1 });
    let server = two_limited(&limits);
    for tenant in ["acme", "globex"] {
        let workflow = server.create_workflow(tenant, "the only one");
        server.execute(tenant, &workflow, 60_000);
        let path = format!("/api/workflows/{workflow}/execute");
        server.of(tenant, "POST", &path, None).is_problem(429, "quota_exceeded");
        let one_more = json!({ "name": "one more" });
        server.of(tenant, "POST", "/api/workflows", Some(&one_more)).is_problem(429, "quota_exceeded");
    }
    for tenant in ["acme", "globex"] {
        for limit in ["workflows", "executions_per_day", "concurrent_executions"] {
            assert_eq!(server.usage(tenant)["limits"][limit]["used"], 1, "{tenant} {limit}");
            let info = server.get(tenant, "/api/tenant/info").ok(200);
            assert_eq!(info["limits"][limit]["used"], 1, "{tenant} {limit}");
        }
    }
}

#[test]
fn deleting_all_of_ones_own_leaves_another_tenants() {
    let server = two();
    let (own, foreign) = (server.create_workflow("acme", "own"), server.create_workflow("globex", "foreign"));
    let (ran, foreign_ran) = (server.execute("acme", &own, 0), server.execute("globex", &foreign, 0));
    server.of("acme", "DELETE", &format!("/api/workflows/{own}"), None).ok(204);
    server.get("acme", &format!("/api/executions/{ran}")).is_problem(404, "not_found");
    server.get("globex", &format!("/api/executions/{foreign_ran}")).ok(200);
}

#[test]
fn an_execution_can_not_hang_on_another_tenants_workflow() {
    // The database's own wall: the foreign key has the tenant in it.
    let server = two();
    let workflow = server.create_workflow("globex", "secret");
    let statement = format!(
        "INSERT INTO executions (tenant_id, id, workflow_id, status, duration_ms, created_at, ends_at_us)
         VALUES ('acme', 'x', '{workflow}', 'running', 1, '', 0)"
    );
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.sql(&statement)));
    assert!(refused.is_err());
}

#[test]
fn the_tokens_of_one_tenants_chat_are_not_anothers() {
    let server = two_limited(&json!({}));
    let body = json!({
        "model": "m", "max_tokens": 90, "messages": [{ "role": "user", "content": "canary of acme" }],
    });
    let chat = |tenant: &str| {
        let headers = [("x-tenant-id", tenant)];
        Stream::post(server.address, "/api/chat", &headers, &body.to_string())
    };
    assert_eq!(chat("acme").rest().len(), 4);
    assert_eq!(server.usage("acme")["limits"]["tpm"]["used"], 6);
    assert_eq!(server.usage("globex")["limits"]["tpm"]["used"], 0);
    let events = chat("globex").rest();
    assert_eq!(events.len(), 4);
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
