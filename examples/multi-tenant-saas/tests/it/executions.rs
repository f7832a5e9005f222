//! Executions: what they hold, what they cost, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::Answer,
    server::{TestServer, eventually},
    stream::post,
};

/// A tenant with these limits, and a workflow of it.
fn limited(limits: &Value) -> (TestServer, String) {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "limits": limits }));
    let workflow = server.create_workflow("acme", "Nightly");
    (server, workflow)
}

fn execute(server: &TestServer, workflow: &str, duration_ms: u64) -> Answer {
    let path = format!("/api/workflows/{workflow}/execute");
    server.of("acme", "POST", &path, Some(&json!({ "duration_ms": duration_ms })))
}

fn status(server: &TestServer, id: &str) -> Value {
    server.get("acme", &format!("/api/executions/{id}")).ok(200)
}

fn completed(server: &TestServer, id: &str) -> Value {
    eventually(|| status(server, id), |execution| execution["status"] == "completed")
}

fn used(server: &TestServer, limit: &str) -> Value {
    server.usage("acme")["limits"][limit]["used"].clone()
}

#[test]
fn an_execution_runs_for_as_long_as_it_was_told_and_completes() {
    let (server, workflow) = limited(&json!({}));
    let answer = execute(&server, &workflow, 60_000);
    let started = answer.ok(202);
    let id = started["execution_id"].as_str().unwrap();
    assert_eq!(started, json!({ "execution_id": id, "status": "running" }));
    assert_eq!(answer.header("location"), Some(format!("/api/executions/{id}").as_str()));
    server.advance(59);
    std::thread::sleep(Duration::from_millis(400));
    let running = json!({
        "id": id, "tenant_id": "acme", "workflow_id": workflow, "status": "running", "outcome": null,
        "duration_ms": 60_000, "created_at": "2023-11-14T22:14:00Z", "completed_at": null,
    });
    assert_eq!(status(&server, id), running);
    server.advance(1);
    let done = completed(&server, id);
    assert_eq!(
        (&done["outcome"], &done["completed_at"]),
        (&json!("finished"), &json!("2023-11-14T22:15:00Z"))
    );
}

#[test]
fn without_a_body_it_is_done_at_once() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1 }));
    let path = format!("/api/workflows/{workflow}/execute");
    for body in [None, Some(json!({})), Some(json!({ "duration_ms": 0 }))] {
        let started = server.of("acme", "POST", &path, body.as_ref()).ok(202);
        assert_eq!(completed(&server, started["execution_id"].as_str().unwrap())["outcome"], "finished");
    }
}

#[test]
fn of_many_at_once_as_many_run_as_may() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 3, "executions_per_day": 100 }));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..24).map(|_| scope.spawn(|| execute(&server, &workflow, 60_000).status)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 3, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 21, "{statuses:?}");
    assert_eq!(
        (used(&server, "concurrent_executions"), used(&server, "executions_per_day")),
        (3.into(), 3.into())
    );
}

#[test]
fn a_concurrency_denial_does_not_charge_the_day_and_says_when_to_come_back() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1, "executions_per_day": 2 }));
    execute(&server, &workflow, 60_000).ok(202);
    for _ in 0..5 {
        let denied = execute(&server, &workflow, 60_000);
        let problem = denied.is_problem(429, "quota_exceeded");
        let wait: u64 = denied.header("retry-after").expect("a wait").parse().unwrap();
        assert!(wait >= 1);
        assert_eq!(problem["retry_after"], wait);
        assert!(problem["detail"].as_str().unwrap().contains("concurrent_executions"));
    }
    assert_eq!(used(&server, "executions_per_day"), 1);
}

#[test]
fn a_denial_by_the_day_takes_no_place_and_lasts_until_midnight() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 5, "executions_per_day": 1 }));
    let id = server.execute("acme", &workflow, 0);
    completed(&server, &id);
    let denied = execute(&server, &workflow, 60_000);
    denied.is_problem(429, "quota_exceeded");
    // 22:14 to midnight.
    assert_eq!(denied.header("retry-after"), Some("6360"));
    assert_eq!(used(&server, "concurrent_executions"), 0);
    server.advance(6360);
    execute(&server, &workflow, 0).ok(202);
}

#[test]
fn a_limit_of_none_denies_without_retry_after() {
    for limit in ["concurrent_executions", "executions_per_day"] {
        let (server, workflow) = limited(&json!({ limit: 0 }));
        let denied = execute(&server, &workflow, 0);
        denied.is_problem(429, "quota_exceeded");
        assert_eq!(denied.header("retry-after"), None, "{limit}");
    }
}

#[test]
fn a_permit_outlives_the_client_and_comes_back_when_the_work_is_done() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1, "executions_per_day": 9 }));
    let path = format!("/api/workflows/{workflow}/execute");
    let body = "{\"duration_ms\":60000}";
    let client = post(server.address, &path, &[("x-tenant-id", "acme")], body);
    eventually(|| used(&server, "concurrent_executions"), |used| *used == 1);
    drop(client);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(used(&server, "concurrent_executions"), 1);
    execute(&server, &workflow, 0).is_problem(429, "quota_exceeded");
    assert_eq!(used(&server, "executions_per_day"), 1);
    server.advance(60);
    eventually(|| used(&server, "concurrent_executions"), |used| *used == 0);
    execute(&server, &workflow, 0).ok(202);
}

#[test]
fn who_leaves_at_any_moment_leaves_an_execution_that_is_charged_or_none_and_no_charge() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 100, "executions_per_day": 100 }));
    let path = format!("/api/workflows/{workflow}/execute");
    for number in 0..60 {
        let body = "{\"duration_ms\":60000}";
        let client = post(server.address, &path, &[("x-tenant-id", "acme")], body);
        std::thread::sleep(Duration::from_micros(200 * number));
        drop(client);
    }
    std::thread::sleep(Duration::from_millis(500));
    let rows = server.count("SELECT COUNT(*) FROM executions");
    assert!(rows > 0, "all have left too early");
    assert_eq!(used(&server, "executions_per_day"), rows);
    assert_eq!(used(&server, "concurrent_executions"), rows);
    server.advance(60);
    eventually(|| used(&server, "concurrent_executions"), |used| *used == 0);
}

#[test]
fn an_execution_that_can_not_be_recorded_costs_nothing() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1, "executions_per_day": 1 }));
    server.sql("ALTER TABLE executions RENAME TO executions_away");
    execute(&server, &workflow, 60_000).is_problem(500, "internal_error");
    assert_eq!(
        (used(&server, "concurrent_executions"), used(&server, "executions_per_day")),
        (0.into(), 0.into())
    );
    server.sql("ALTER TABLE executions_away RENAME TO executions");
    execute(&server, &workflow, 60_000).ok(202);
}

#[test]
fn who_reads_completed_finds_the_place_free() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1 }));
    for _ in 0..8 {
        let id = server.execute("acme", &workflow, 1_000);
        server.advance(1);
        completed(&server, &id);
    }
}

#[test]
fn what_does_not_exist_is_404_and_costs_no_execution() {
    let (server, workflow) = limited(&json!({ "executions_per_day": 1, "concurrent_executions": 1 }));
    for id in ["none", "0190163d-8694-739b-aea5-966c26f8ad91", "x'%20OR%20'1'='1"] {
        execute(&server, id, 0).is_problem(404, "not_found");
        server.get("acme", &format!("/api/executions/{id}")).is_problem(404, "not_found");
    }
    let deleted = server.create_workflow("acme", "deleted");
    server.of("acme", "DELETE", &format!("/api/workflows/{deleted}"), None).ok(204);
    execute(&server, &deleted, 0).is_problem(404, "not_found");
    assert_eq!(used(&server, "executions_per_day"), 0);
    execute(&server, &workflow, 0).ok(202);
}

#[test]
fn a_wrong_duration_is_a_400_that_names_the_field_and_starts_nothing() {
    let (server, workflow) = limited(&json!({ "executions_per_day": 10 }));
    let path = format!("/api/workflows/{workflow}/execute");
    for wrong in ["-1", "1.5", "\"1\"", "3600001", "18446744073709551616", "1e3", "true", "[]"] {
        let body = format!("{{\"duration_ms\":{wrong}}}");
        let headers = [("x-tenant-id", "acme")];
        let answer = crate::client::request(server.address, "POST", &path, &headers, Some(&body));
        assert_eq!(answer.is_problem(400, "invalid_request")["field"], "duration_ms", "{wrong}");
    }
    for wrong in ["{\"seconds\":1}", "{\"duration_ms\":1,\"duration_ms\":2}", "[1]", "{", "1"] {
        let headers = [("x-tenant-id", "acme")];
        let answer = crate::client::request(server.address, "POST", &path, &headers, Some(wrong));
        answer.is_problem(400, "invalid_request");
    }
    assert_eq!(used(&server, "executions_per_day"), 0);
}

#[test]
fn executions_end_with_the_server_and_are_marked() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 2 }));
    let ids = [0, 1].map(|_| server.execute("acme", &workflow, 3_600_000));
    let server = TestServer::on(server.stop(), &[]);
    for id in ids {
        let execution = status(&server, &id);
        assert_eq!(
            (&execution["status"], &execution["outcome"]),
            (&json!("completed"), &json!("interrupted"))
        );
    }
    assert_eq!(used(&server, "concurrent_executions"), 0);
    server.execute("acme", &workflow, 0);
}

#[test]
fn what_a_killed_server_left_counts_as_interrupted_once_it_is_overdue() {
    let (server, workflow) = limited(&json!({}));
    server.sql(&format!(
        "INSERT INTO executions (tenant_id, id, workflow_id, status, duration_ms, created_at, ends_at_us)
         VALUES ('acme', 'left', '{workflow}', 'running', 1000, '2023-11-14T22:14:00Z', 1700000041000000)"
    ));
    server.advance(31);
    assert_eq!(status(&server, "left")["status"], "running");
    server.advance(1);
    let left = status(&server, "left");
    assert_eq!((&left["status"], &left["outcome"]), (&json!("completed"), &json!("interrupted")));
}

#[test]
fn an_execution_of_a_tenant_that_is_suspended_meanwhile_writes_nothing_and_gives_its_place_back() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1 }));
    let id = server.execute("acme", &workflow, 60_000);
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    server.get("acme", &format!("/api/executions/{id}")).is_problem(403, "tenant_inactive");
    assert_eq!(used(&server, "concurrent_executions"), 1);
    server.advance(60);
    eventually(|| used(&server, "concurrent_executions"), |used| *used == 0);
    server.admin("POST", "/admin/tenants/acme/activate", None).ok(200);
    assert_eq!(status(&server, &id)["status"], "running");
    server.advance(31);
    assert_eq!(status(&server, &id)["outcome"], "interrupted");
}

#[test]
fn executions_go_with_their_workflow_and_one_that_runs_keeps_its_place_until_it_is_done() {
    let (server, workflow) = limited(&json!({ "concurrent_executions": 1 }));
    let id = server.execute("acme", &workflow, 60_000);
    server.of("acme", "DELETE", &format!("/api/workflows/{workflow}"), None).ok(204);
    server.get("acme", &format!("/api/executions/{id}")).is_problem(404, "not_found");
    let other = server.create_workflow("acme", "other");
    execute(&server, &other, 0).is_problem(429, "quota_exceeded");
    server.advance(60);
    eventually(|| used(&server, "concurrent_executions"), |used| *used == 0);
    execute(&server, &other, 0).ok(202);
}
