//! The operator's API.

use serde_json::json;

use crate::{client, server::TestServer};

#[test]
fn the_first_tenant_is_created_on_an_empty_database() {
    let server = TestServer::start();
    let tenant = server.create(&json!({
        "tenant_id": "acme-corp",
        "quota_requests_per_minute": 100,
        "quota_tokens_per_minute": 10000,
        "allowed_models": ["gpt-4"],
        "allowed_tools": ["search"],
        "metadata": { "tier": "gold" },
    }));
    assert_eq!(
        tenant,
        json!({
            "tenant_id": "acme-corp", "name": "acme-corp", "status": "active", "plan": null,
            "quota": { "requests_per_minute": 100, "tokens_per_minute": 10000 },
            "policy": { "allowed_models": ["gpt-4"], "allowed_tools": ["search"] },
            "hosts": [], "features": {}, "branding": {}, "limits": {}, "metadata": { "tier": "gold" },
            "created_at": "2023-11-14T22:14:00Z", "updated_at": "2023-11-14T22:14:00Z",
        })
    );
    assert_eq!(server.admin("GET", "/admin/tenants/acme-corp", None).ok(200), tenant);
}

#[test]
fn the_nested_form_means_the_same_as_the_flat_one() {
    let server = TestServer::start();
    let nested = server.create(&json!({
        "tenant_id": "nested",
        "quota": { "requests_per_minute": 5 },
        "policy": { "allowed_models": ["m"] },
        "name": "Nested", "plan": "pro", "hosts": ["Nested.Example"], "features": { "beta": true },
        "branding": { "colour": "#123456" },
    }));
    assert_eq!(nested["quota"], json!({ "requests_per_minute": 5, "tokens_per_minute": null }));
    assert_eq!(nested["policy"]["allowed_models"], json!(["m"]));
    assert_eq!((&nested["plan"], &nested["hosts"]), (&json!("pro"), &json!(["nested.example"])));
    let both = json!({ "tenant_id": "x", "quota": {}, "quota_requests_per_minute": 1 });
    server.admin("POST", "/admin/tenants", Some(&both)).is_problem(400, "invalid_request");
}

#[test]
fn two_concurrent_creates_of_one_id_give_one_201_and_one_409() {
    let server = TestServer::start();
    for round in 0..20 {
        let body = json!({ "tenant_id": format!("t{round}") });
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let ask = || server.admin("POST", "/admin/tenants", Some(&body)).status;
            let (one, two) = (scope.spawn(ask), scope.spawn(ask));
            vec![one.join().unwrap(), two.join().unwrap()]
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[test]
fn a_wrong_field_is_a_400_that_names_it_and_creates_nothing() {
    let server = TestServer::start();
    for (body, field) in [
        (json!({}), "tenant_id"),
        (json!({ "tenant_id": "a b" }), "tenant_id"),
        (json!({ "tenant_id": "x", "extra": 1 }), "extra"),
        (json!({ "tenant_id": "x", "quota_requests_per_minute": -1 }), "quota_requests_per_minute"),
        (json!({ "tenant_id": "x", "quota_requests_per_minute": "10" }), "quota_requests_per_minute"),
        (json!({ "tenant_id": "x", "quota": { "requests": 1 } }), "quota.requests"),
        // Fields without names, in their order.
        (json!({ "tenant_id": "x", "quota": [1, 2] }), "quota"),
        (json!({ "tenant_id": "x", "quota": [] }), "quota"),
        (json!({ "tenant_id": "x", "policy": [["m"], []] }), "policy"),
        (json!({ "tenant_id": "x", "allowed_models": "gpt-4" }), "allowed_models"),
        (json!({ "tenant_id": "x", "allowed_models": [""] }), "policy.allowed_models"),
        (json!({ "tenant_id": "x", "hosts": ["127.0.0.1"] }), "hosts"),
        (json!({ "tenant_id": "x", "limits": { "users": 5 } }), "limits.users"),
        (
            json!({ "tenant_id": "x", "limits": { "a": { "kind": "rate", "limit": 1, "dimension": "requests", "window": "0s" } } }),
            "limits.a.window",
        ),
        (json!({ "tenant_id": "x", "name": "" }), "name"),
        (json!({ "tenant_id": "x", "plan": "" }), "plan"),
        (json!({ "tenant_id": "x", "features": { "beta": "yes" } }), "features.beta"),
    ] {
        let problem = server.admin("POST", "/admin/tenants", Some(&body)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{body}: {problem}");
    }
    let list = server.admin("GET", "/admin/tenants", None).ok(200);
    assert_eq!(list["total"], 0);
}

#[test]
fn put_replaces_and_keeps_what_is_not_the_bodys() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "quota_requests_per_minute": 5, "metadata": { "a": 1 } }));
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    server.advance(10);
    let replaced = server.admin("PUT", "/admin/tenants/acme", Some(&json!({ "name": "Acme" }))).ok(200);
    assert_eq!(replaced["quota"]["requests_per_minute"], json!(null));
    assert_eq!((&replaced["metadata"], &replaced["status"]), (&json!({}), &json!("suspended")));
    assert_eq!(replaced["created_at"], "2023-11-14T22:14:00Z");
    assert_eq!(replaced["updated_at"], "2023-11-14T22:14:10Z");
    let other = json!({ "tenant_id": "globex" });
    server.admin("PUT", "/admin/tenants/acme", Some(&other)).is_problem(400, "invalid_request");
    server.admin("PUT", "/admin/tenants/none", Some(&json!({}))).is_problem(404, "tenant_not_found");
}

#[test]
fn lists_pages_oldest_first() {
    let server = TestServer::start();
    for number in 0..5 {
        server.create_tenant(&format!("t{number}"));
    }
    let page = server.admin("GET", "/admin/tenants?limit=2&offset=1", None).ok(200);
    let ids: Vec<&str> =
        page["tenants"].as_array().unwrap().iter().map(|t| t["tenant_id"].as_str().unwrap()).collect();
    assert_eq!((ids, &page["count"], &page["total"]), (vec!["t1", "t2"], &json!(2), &json!(5)));
    for query in ["limit=0", "limit=101", "limit=x", "offset=-1", "page=2", "limit=1&limit=2"] {
        let path = format!("/admin/tenants?{query}");
        server.admin("GET", &path, None).is_problem(400, "invalid_request");
    }
}

#[test]
fn suspension_holds_at_once_and_ends_with_activation() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_user("acme", "a@acme.example");
    assert_eq!(server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200)["status"], "suspended");
    server.get("acme", "/api/users").is_problem(403, "tenant_inactive");
    assert_eq!(server.admin("POST", "/admin/tenants/acme/activate", None).ok(200)["status"], "active");
    assert_eq!(server.users("acme").len(), 1);
}

// What asks the database is refused by that as well: these ask nothing.
#[test]
fn a_suspended_tenant_has_no_route_and_is_charged_for_none() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "quota_requests_per_minute": 9 }));
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    let chat = json!({ "model": "m", "messages": [{ "role": "user", "content": "one" }] });
    for (method, path, body) in
        [("GET", "/api/tenant/info", None), ("POST", "/api/chat", Some(&chat)), ("GET", "/api/nothing", None)]
    {
        let answer = server.of("acme", method, path, body);
        answer.is_problem(403, "tenant_inactive");
        assert_eq!(answer.header("ratelimit"), None, "{path}");
    }
    assert_eq!(server.usage("acme")["limits"]["rpm"]["used"], 0);
}

#[test]
fn a_host_leads_to_one_tenant() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "hosts": ["app.acme.example"] }));
    let taken = json!({ "tenant_id": "globex", "hosts": ["free.example", "app.acme.example"] });
    server.admin("POST", "/admin/tenants", Some(&taken)).is_problem(409, "conflict");
    server.admin("GET", "/admin/tenants/globex", None).is_problem(404, "tenant_not_found");
    let by_host = |host: &str| {
        let text = format!("GET /api/tenant/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        client::raw(server.address, text.as_bytes()).unwrap()
    };
    assert_eq!(by_host("APP.acme.example:8080").ok(200)["id"], "acme");
    by_host("free.example").is_problem(401, "tenant_required");
    server.admin("PUT", "/admin/tenants/acme", Some(&json!({ "hosts": ["new.acme.example"] }))).ok(200);
    by_host("app.acme.example").is_problem(401, "tenant_required");
    assert_eq!(by_host("new.acme.example").ok(200)["id"], "acme");
    server.admin("DELETE", "/admin/tenants/acme", None).ok(204);
    by_host("new.acme.example").is_problem(401, "tenant_required");
}

#[test]
fn hosts_are_known_again_after_a_restart() {
    let server = TestServer::start();
    server.create(&json!({ "tenant_id": "acme", "hosts": ["app.acme.example"] }));
    // Of one that was deleted, another tenant's from then on.
    server.create(&json!({ "tenant_id": "initech", "hosts": ["old.example", "freed.example"] }));
    server.admin("DELETE", "/admin/tenants/initech", None).ok(204);
    server.create(&json!({ "tenant_id": "globex", "hosts": ["freed.example"] }));
    let server = TestServer::on(server.stop(), &[]);
    let ask = |host: &str| {
        let text = format!("GET /api/tenant/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        client::raw(server.address, text.as_bytes()).unwrap()
    };
    assert_eq!(ask("app.acme.example").ok(200)["id"], "acme");
    assert_eq!(ask("freed.example").ok(200)["id"], "globex");
    ask("old.example").is_problem(401, "tenant_required");
}

#[test]
fn with_a_token_only_who_shows_it_is_let_in() {
    let server = TestServer::with(&[("ADMIN_TOKEN", "s3cret")]);
    // `admin:s3cret`, and with `root` and a wrong password.
    let [basic, root, wrong] =
        ["YWRtaW46czNjcmV0", "cm9vdDpzM2NyZXQ=", "YWRtaW46czNjcmU="].map(|text| format!("Basic {text}"));
    let ask = |headers: &[(&str, &str)]| server.request("GET", "/admin/tenants", headers, None);
    for headers in [
        &[][..],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Bearer s3cre")],
        &[("authorization", "Bearer s3cret2")],
        &[("authorization", "Basic s3cret")],
        &[("authorization", &root)],
        &[("authorization", &wrong)],
        &[("authorization", "s3cret")],
        &[("authorization", "Bearer s3cret"), ("authorization", "Bearer s3cret")],
    ] {
        let answer = ask(headers);
        answer.is_problem(401, "unauthenticated");
        assert!(answer.header("www-authenticate").is_some());
    }
    ask(&[("authorization", "Bearer s3cret")]).ok(200);
    ask(&[("authorization", "bearer s3cret")]).ok(200);
    ask(&[("authorization", &basic)]).ok(200);
    // A browser sends the password along from any page.
    let page = [("authorization", &*basic), ("origin", "https://evil.example")];
    let suspend = |headers| server.request("POST", "/admin/tenants/acme/suspend", headers, None);
    suspend(&page).is_problem(403, "csrf_failed");
    suspend(&page[..1]).is_problem(404, "tenant_not_found");
    server.request("GET", "/metrics", &[], None).is_problem(401, "unauthenticated");
    server.request("GET", "/health", &[], None).ok(200);
}

#[test]
fn without_a_token_no_web_page_is_let_in() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let origin = [("origin", "https://evil.example")];
    server.request("POST", "/admin/tenants/acme/suspend", &origin, None).is_problem(403, "csrf_failed");
    let rebound = "GET /admin/tenants HTTP/1.1\r\nhost: evil.example:8080\r\nconnection: close\r\n\r\n";
    client::raw(server.address, rebound.as_bytes()).unwrap().is_problem(403, "csrf_failed");
    let target = format!(
        "GET http://evil.example/admin/tenants HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        server.address
    );
    client::raw(server.address, target.as_bytes()).unwrap().is_problem(403, "csrf_failed");
    server.request("GET", "/admin/tenants", &[("origin", "http://localhost:8080")], None).ok(200);
    server.get("acme", "/api/users").ok(200);
}
