//! Limits, as a caller sees them.

use serde_json::json;

use crate::server::TestServer;

fn limited(requests: u64, tokens: u64) -> TestServer {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme",
        "quota": { "requests_per_minute": requests, "tokens_per_minute": tokens },
    }));
    server
}

#[test]
fn ten_requests_a_minute_are_ten_answers_then_429_until_the_next_minute() {
    let server = limited(10, 0);
    server.advance(20);
    for left in (0..10).rev() {
        let answer = server.get("acme", "/api/users");
        answer.ok(200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"rpm\";q=10;w=60"));
        assert_eq!(answer.header("ratelimit"), Some(format!("\"rpm\";r={left};t=40").as_str()));
    }
    let denied = server.get("acme", "/api/users");
    let problem = denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), Some("40"));
    assert_eq!(problem["retry_after"], 40);
    assert_eq!(denied.header("ratelimit"), Some("\"rpm\";r=0;t=40"));
    server.advance(40);
    server.get("acme", "/api/users").ok(200);
}

#[test]
fn retry_after_is_never_0() {
    let server = limited(1, 0);
    server.clock.advance(std::time::Duration::from_millis(59_999));
    server.get("acme", "/api/users").ok(200);
    let denied = server.get("acme", "/api/users");
    assert_eq!(denied.header("retry-after"), Some("1"));
}

#[test]
fn tokens_count_on_any_tenant_route() {
    let server = limited(0, 100);
    let ask = |count: &str| {
        server.request("GET", "/api/tenant/info", &[("x-tenant-id", "acme"), ("x-token-count", count)], None)
    };
    ask("60").ok(200);
    ask("0").ok(200);
    let denied = ask("41");
    denied.is_problem(429, "quota_exceeded");
    assert!(denied.header("retry-after").is_some());
    ask("40").ok(200);
    let never = ask("101");
    never.is_problem(429, "quota_exceeded");
    assert_eq!(never.header("retry-after"), None, "waiting does not help");
    for wrong in ["", "-1", "1.5", "abc", "9007199254740993", "1e3", "+5", "1 2", "99999999999999999999"] {
        ask(wrong).is_problem(400, "invalid_request");
    }
}

#[test]
fn unlimited_sends_nothing_about_what_is_left() {
    let server = limited(0, 0);
    let answer = server.get("acme", "/api/users");
    answer.ok(200);
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
}

#[test]
fn fields_are_on_every_answer_after_resolution() {
    let server = limited(10, 0);
    assert!(server.get("acme", "/api/users/none").header("ratelimit").is_some());
    assert!(server.get("acme", "/api/nothing-here").header("ratelimit").is_some());
    assert!(server.get("unknown", "/api/users").header("ratelimit").is_none());
}

#[test]
fn a_denied_model_costs_nothing_and_says_why() {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme", "quota_requests_per_minute": 5, "allowed_models": ["gpt-4"], "allowed_tools": ["search"],
    }));
    let ask = |name: &str, value: &str| {
        server.request("GET", "/api/users", &[("x-tenant-id", "acme"), (name, value)], None)
    };
    ask("x-model", "gpt-4").ok(200);
    let denied = ask("x-model", "other");
    assert!(denied.is_problem(403, "policy_denied")["reason"].as_str().unwrap().contains("model"));
    let denied = ask("x-tool", "shell");
    assert!(denied.is_problem(403, "policy_denied")["reason"].as_str().unwrap().contains("tool"));
    assert_eq!(denied.header("ratelimit"), Some("\"rpm\";r=4;t=60"));
    ask("x-tool", "search").ok(200);
    let twice = [("x-tenant-id", "acme"), ("x-model", "gpt-4"), ("x-model", "gpt-4")];
    server.request("GET", "/api/users", &twice, None).is_problem(400, "invalid_request");
}

#[test]
fn a_changed_limit_holds_at_once_and_keeps_the_count() {
    let server = limited(5, 0);
    for _ in 0..4 {
        server.get("acme", "/api/users").ok(200);
    }
    let quota = json!({ "requests_per_minute": 3, "tokens_per_minute": 7, "limits": {
        "daily": { "kind": "rate", "dimension": "requests", "window": "day", "limit": 1000 },
    } });
    let tenant = server.admin("PUT", "/admin/tenants/acme/quota", Some(&quota)).ok(200);
    assert_eq!(tenant["quota"], json!({ "requests_per_minute": 3, "tokens_per_minute": 7 }));
    assert_eq!(tenant["limits"]["daily"]["limit"], 1000);
    server.get("acme", "/api/users").is_problem(429, "quota_exceeded");
    let usage = server.admin("GET", "/admin/tenants/acme/usage", None).ok(200);
    assert_eq!(usage["limits"]["rpm"]["used"], 4);
    assert_eq!(usage["limits"]["rpm"]["remaining"], 0);
    server.admin("PUT", "/admin/tenants/acme/quotas", Some(&json!({ "requests_per_minute": 6 }))).ok(200);
    server.get("acme", "/api/users").ok(200);
    let tenant = server.admin("GET", "/admin/tenants/acme", None).ok(200);
    assert_eq!(tenant["limits"], json!({}), "the quota is replaced as a whole");
}

#[test]
fn usage_tells_counts_limits_and_percent() {
    let server = limited(10, 200);
    let headers = [("x-tenant-id", "acme"), ("x-token-count", "50")];
    server.request("GET", "/api/users", &headers, None).ok(200);
    let usage = server.admin("GET", "/admin/tenants/acme/usage", None).ok(200);
    assert_eq!(usage["tenant_id"], "acme");
    assert_eq!(usage["usage"], json!({ "requests_per_minute": 1, "tokens_per_minute": 50 }));
    assert_eq!(usage["quotas"], json!({ "requests_per_minute": 10, "tokens_per_minute": 200 }));
    assert_eq!(usage["utilization"], json!({ "requests_per_minute": 10.0, "tokens_per_minute": 25.0 }));
    let tokens =
        json!({ "limit": 200, "used": 50, "remaining": 150, "utilization_percent": 25.0, "shadow": false });
    assert_eq!(usage["limits"]["tpm"], tokens);
}

#[test]
fn many_at_once_are_admitted_exactly_up_to_the_limit() {
    let server = limited(50, 0);
    let admitted: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..20).filter(|_| server.get("acme", "/api/tenant/info").status == 200).count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(admitted, 50);
}

/// Sets named limits, and answers with what the tenant's limits are then.
fn set(server: &TestServer, limits: &serde_json::Value) -> serde_json::Value {
    let tenant = server.admin("PUT", "/admin/tenants/acme/quota", Some(&json!({ "limits": limits }))).ok(200);
    tenant["limits"].clone()
}

#[test]
fn named_limits_of_every_kind_come_back_as_they_were_given() {
    let server = limited(0, 0);
    let limits = json!({
        "workflows": 5,
        "executions_per_day": "unlimited",
        "concurrent_executions": { "kind": "concurrency", "limit": 2, "shadow": false, "failure_policy": "closed" },
        "seats": { "kind": "stock", "limit": "unlimited", "shadow": false },
        "smooth": {
            "kind": "rate", "dimension": "requests", "window": "minute", "limit": 7, "algorithm": "sliding",
            "sub_windows": 12, "shadow": false,
        },
        "burst": {
            "kind": "rate", "dimension": "tokens", "window": "10s", "limit": 7, "algorithm": "token_bucket",
            "burst": 3, "shadow": true, "failure_policy": "open",
        },
    });
    assert_eq!(set(&server, &limits), limits);
}

#[test]
fn a_limit_that_makes_no_sense_is_a_400_that_names_it() {
    let server = limited(0, 0);
    let rate = |more: serde_json::Value| {
        let mut rate = json!({ "kind": "rate", "dimension": "requests", "window": "minute", "limit": 1 });
        rate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rate
    };
    for (wrong, field) in [
        (json!(5), "limits.x"),
        (json!(-5), "limits.x"),
        (json!(1.5), "limits.x"),
        (json!("none"), "limits.x"),
        (json!(null), "limits.x"),
        (json!({ "kind": "rate", "dimension": "requests", "limit": 1 }), "limits.x.window"),
        (json!({ "kind": "rate", "window": "minute", "limit": 1 }), "limits.x.dimension"),
        (json!({ "kind": "rate", "dimension": "requests", "window": "minute" }), "limits.x.limit"),
        (json!({ "kind": "speed", "limit": 1 }), "limits.x.kind"),
        (json!({ "kind": "concurrency", "limit": -1 }), "limits.x.limit"),
        (json!({ "kind": "stock", "limit": 1, "window": "day" }), "limits.x.window"),
        (rate(json!({ "window": "0s" })), "limits.x.window"),
        (rate(json!({ "window": "minut" })), "limits.x.window"),
        (rate(json!({ "limit": 9_007_199_254_740_993_u64 })), "limits.x"),
        (rate(json!({ "algorithm": "sliding", "sub_windows": 0 })), "limits.x.sub_windows"),
        (rate(json!({ "algorithm": "token_bucket", "burst": -1 })), "limits.x.burst"),
        (rate(json!({ "burst": 1 })), "limits.x.burst"),
        (rate(json!({ "algorithm": "leaky" })), "limits.x.algorithm"),
        (rate(json!({ "failure_policy": "maybe" })), "limits.x.failure_policy"),
        (rate(json!({ "per": "minute" })), "limits.x.per"),
    ] {
        let body = json!({ "limits": { "x": wrong } });
        let answer = server.admin("PUT", "/admin/tenants/acme/quota", Some(&body));
        let problem = answer.is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{body}: {problem}");
    }
    for wrong in
        [json!({ "rpm": 5 }), json!({ "a b": rate(json!({})) }), json!({ "workflows": rate(json!({})) })]
    {
        let body = json!({ "limits": wrong });
        server.admin("PUT", "/admin/tenants/acme/quota", Some(&body)).is_problem(400, "invalid_request");
    }
}

#[test]
fn a_sliding_limit_and_a_bucket_hold_in_the_server() {
    let server = limited(0, 0);
    let of = |algorithm: &str| json!({ "kind": "rate", "dimension": "requests", "window": "minute", "limit": 4, "algorithm": algorithm });
    for algorithm in ["sliding", "token_bucket"] {
        set(&server, &json!({ algorithm: of(algorithm) }));
        server.advance(120);
        for left in (0..4).rev() {
            let answer = server.get("acme", "/api/users");
            answer.ok(200);
            assert!(answer.header("ratelimit").unwrap().contains(&format!("r={left}")), "{algorithm}");
        }
        let denied = server.get("acme", "/api/users");
        denied.is_problem(429, "quota_exceeded");
        let wait: u64 = denied.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=70).contains(&wait), "{algorithm}: {wait}");
        server.advance(wait);
        server.get("acme", "/api/users").ok(200);
        let usage = server.admin("GET", "/admin/tenants/acme/usage", None).ok(200);
        assert_eq!(usage["limits"][algorithm]["limit"], 4);
    }
}

#[test]
fn what_any_limit_denies_costs_no_request() {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme", "quota": { "requests_per_minute": 50, "tokens_per_minute": 100 },
        "limits": { "workflows": 1, "executions_per_day": 1, "users": { "kind": "stock", "limit": 0 } },
    }));
    let workflow = server.create_workflow("acme", "the only one");
    server.execute("acme", &workflow, 0);
    let used = || server.usage("acme")["limits"]["rpm"]["used"].as_u64().unwrap();
    assert_eq!(used(), 2);
    let execute = format!("/api/workflows/{workflow}/execute");
    let message = json!([{ "role": "user", "content": "hello" }]);
    for (path, body) in [
        ("/api/chat", json!({ "model": "m", "messages": message, "max_tokens": 100 })),
        ("/api/workflows", json!({ "name": "one more" })),
        ("/api/users", json!({ "name": "One", "email": "one@acme.example" })),
        (execute.as_str(), json!({})),
    ] {
        let denied = server.of("acme", "POST", path, Some(&body));
        denied.is_problem(429, "quota_exceeded");
        let fields = denied.header("ratelimit").unwrap();
        assert!(fields.starts_with("\"rpm\";r=48;"), "{path}: {fields}");
        assert_eq!(used(), 2, "{path}");
    }
    server.get("acme", "/api/users/none").is_problem(404, "not_found");
    assert_eq!(used(), 3, "what no limit denied does cost one");
}
