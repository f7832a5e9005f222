//! Usage of organisations. What a tenant could do through it: be counted for another, or have another counted for it; see what another
//! uses; use its keys; or use more than its plan has, by many at once.

use std::{sync::Arc, thread};

use serde_json::{Value, json};

use crate::{
    callers::{SECRET, bearer, make_key, of, token},
    client::Answer,
    server::TestServer,
};

const GB: u64 = 1_000_000_000;

/// `acme` on a plan, and `globex` on `pro`; a key of each that records and reads.
struct House {
    server: TestServer,
    acme: String,
    globex: String,
}

fn house(plan: &str) -> House {
    let server = TestServer::with(&[("JWT_SECRET", SECRET)]);
    server.create(&json!({ "tenant_id": "acme", "plan": plan, "quota_requests_per_minute": 100_000 }));
    server.create(&json!({ "tenant_id": "globex", "plan": "pro", "quota_requests_per_minute": 100_000 }));
    let key =
        |tenant| make_key(&server, tenant, &json!({ "name": "meter", "scopes": ["write:resources"] })).0;
    let (acme, globex) = (key("acme"), key("globex"));
    House { server, acme, globex }
}

impl House {
    fn record(&self, key: &str, organisation: &str, body: &Value) -> Answer {
        let path = format!("/organizations/{organisation}/resources");
        self.server.request("POST", &path, &[("x-api-key", key)], Some(body))
    }

    fn used(&self, quantity: u64, kind: &str) -> Answer {
        self.record(&self.acme, "acme", &json!({ "type": kind, "quantity": quantity }))
    }

    fn read(&self, tenant: &str, path: &str) -> Answer {
        let viewer = bearer(&token(SECRET, &of(tenant, "viewer")));
        let path = format!("/organizations/{tenant}/{path}");
        self.server.request("GET", &path, &[("authorization", &viewer)], None)
    }

    fn usage(&self, tenant: &str) -> Value {
        self.read(tenant, "usage?billing_cycle=2023-11").ok(200)
    }

    fn project(&self, tenant: &str, slug: &str) -> String {
        let member = bearer(&token(SECRET, &of(tenant, "member")));
        let path = format!("/organizations/{tenant}/projects");
        let body = json!({ "name": slug, "slug": slug });
        let made = self.server.request("POST", &path, &[("authorization", &member)], Some(&body)).ok(201);
        made["id"].as_str().unwrap().to_owned()
    }

    fn rows(&self) -> i64 {
        self.server.count("SELECT count(*) FROM tenant_usage")
    }
}

#[test]
fn another_organisations_usage_is_neither_seen_nor_counted_nor_changed() {
    let house = house("pro");
    let theirs = house.project("globex", "theirs");
    let body = json!({ "type": "compute", "quantity": 7, "idempotency_key": "job" });
    let first = house.record(&house.globex, "globex", &body).ok(201);
    house.record(&house.acme, "globex", &body).is_problem(403, "tenant_mismatch");
    // A key is its organisation's own: here it says something else.
    let own = json!({ "type": "compute", "quantity": 8, "idempotency_key": "job" });
    assert_ne!(house.record(&house.acme, "acme", &own).ok(201)["id"], first["id"]);
    let of_theirs = json!({ "project_id": theirs, "type": "compute", "quantity": 9 });
    let foreign = house.record(&house.acme, "acme", &of_theirs);
    let missing =
        house.record(&house.acme, "acme", &json!({ "project_id": "none", "type": "compute", "quantity": 9 }));
    foreign.is_problem(404, "not_found");
    assert_eq!(foreign.body, missing.body);
    assert_eq!(house.rows(), 2);
    for (tenant, minutes) in [("acme", 8), ("globex", 7)] {
        let usage = house.usage(tenant);
        assert_eq!((&usage["org_id"], &usage["compute_minutes"]), (&json!(tenant), &json!(minutes)));
        let history = house.read(tenant, "usage/history").ok(200);
        assert_eq!(history["days"].as_array().unwrap().len(), 1);
        assert_eq!(history["days"][0]["quantity"], minutes);
    }
    let acme = bearer(&token(SECRET, &of("acme", "owner")));
    for path in ["usage", "usage/history", "usage?billing_cycle=2023-11"] {
        let path = format!("/organizations/globex/{path}");
        let shown = [("authorization", &*acme)];
        house.server.request("GET", &path, &shown, None).is_problem(403, "tenant_mismatch");
    }
}

#[test]
fn a_key_for_one_project_counts_for_that_one_and_sees_no_more() {
    let house = house("pro");
    let (one, other) = (house.project("acme", "one"), house.project("acme", "other"));
    let body = json!({ "name": "a", "scopes": ["write:resources", "read:resources"], "project_id": one });
    let (bound, _) = make_key(&house.server, "acme", &body);
    let used = |project: Option<&str>| {
        house.record(&bound, "acme", &json!({ "project_id": project, "type": "compute", "quantity": 2 }))
    };
    used(Some(&one)).ok(201);
    used(None).ok(201);
    used(Some(&other)).is_problem(404, "not_found");
    let projects = house.usage("acme")["projects"].clone();
    assert_eq!(projects.as_array().unwrap().len(), 1);
    assert_eq!(
        (&projects[0]["project_id"], &projects[0]["breakdown"][0]["quantity"]),
        (&json!(one), &json!(4))
    );
    for path in ["usage", "usage/history"] {
        let path = format!("/organizations/acme/{path}");
        house.server.request("GET", &path, &[("x-api-key", &bound)], None).is_problem(403, "forbidden");
    }
    // A key that records reads nothing.
    let shown = [("x-api-key", &*house.acme)];
    house.server.request("GET", "/organizations/acme/usage", &shown, None).is_problem(403, "forbidden");
}

#[test]
fn what_is_recorded_is_reported_and_said_again_it_counts_once() {
    let house = house("starter");
    let body =
        json!({ "type": "api_call", "quantity": 101_000, "idempotency_key": "k", "metadata": { "a": 1 } });
    let first = house.record(&house.acme, "acme", &body).ok(201)["id"].clone();
    assert_eq!(house.record(&house.acme, "acme", &body).ok(200)["id"], first);
    let mut other = body.clone();
    other["quantity"] = json!(1);
    house.record(&house.acme, "acme", &other).is_problem(409, "conflict");
    house.used(2 * GB, "storage").ok(201);
    house.used(GB, "storage").ok(201);
    let usage = house.usage("acme");
    assert_eq!(usage["api_requests"], 101_000);
    assert_eq!(
        (&usage["storage_gb"], &usage["plan"], &usage["status"]),
        (&json!(2), &json!("starter"), &json!("open"))
    );
    // A thousand calls beyond, at 50 cents less a tenth.
    assert_eq!((&usage["total_cost"], &usage["plan_price"]), (&json!(450_000), &json!(29_000_000)));
    let sum: u64 =
        usage["breakdown"].as_array().unwrap().iter().map(|line| line["cost"].as_u64().unwrap()).sum();
    assert_eq!(sum, 450_000);
    let calls =
        usage["utilisation"].as_array().unwrap().iter().find(|one| one["type"] == "api_call").unwrap();
    assert_eq!((&calls["percent"], &calls["warning"]), (&json!(101), &json!("reached")));
    let operators = house.server.usage("acme");
    assert_eq!(
        (&operators["metered"]["total_cost"], &operators["metered"]["billing_cycle"]),
        (&json!(450_000), &json!("2023-11"))
    );
    let empty = house.read("acme", "usage?billing_cycle=2023-10").ok(200);
    assert_eq!((&empty["api_requests"], &empty["status"]), (&json!(0), &json!("final")));
}

#[test]
fn what_is_no_usage_is_named() {
    let house = house("pro");
    for (body, field) in [
        (json!({ "type": "", "quantity": 1 }), json!("type")),
        (json!({ "type": "a b", "quantity": 1 }), json!("type")),
        (json!({ "type": "compute", "quantity": -1 }), json!("quantity")),
        (json!({ "type": "compute", "quantity": 1.5 }), json!("quantity")),
        (json!({ "type": "compute" }), json!("quantity")),
        (json!({ "type": "compute", "quantity": u64::MAX }), Value::Null),
        (json!({ "type": "compute", "quantity": 1, "idempotency_key": "" }), Value::Null),
        (json!({ "type": "compute", "quantity": 1, "metadata": { "a": "x".repeat(5_000) } }), Value::Null),
    ] {
        let problem = house.record(&house.acme, "acme", &body).is_problem(400, "invalid_request");
        assert_eq!(problem.get("field").cloned().unwrap_or_default(), field, "{body}");
    }
    assert_eq!(house.rows(), 0);
    for query in ["2023-13", "2023", "", "2023-11-01"] {
        let answer = house.read("acme", &format!("usage?billing_cycle={query}"));
        assert_eq!(answer.is_problem(400, "invalid_request")["field"], "billing_cycle");
    }
}

#[test]
fn a_free_plan_has_an_end_that_others_pay_for() {
    let house = house("free");
    house.used(90, "compute").ok(201);
    let key = json!({ "type": "compute", "quantity": 10, "idempotency_key": "last" });
    let last = house.record(&house.acme, "acme", &key).ok(201)["id"].clone();
    let problem = house.used(1, "compute").is_problem(429, "quota_exceeded");
    assert_eq!((&problem["limit"], &problem["plan"]), (&json!("compute"), &json!("free")));
    assert_eq!(problem["next_plan"], "starter");
    assert_eq!(house.record(&house.acme, "acme", &key).ok(200)["id"], last, "what was counted is said again");
    house.used(5, "api_call").ok(201);
    house.used(GB, "storage").ok(201);
    house.used(GB + 1, "storage").is_problem(429, "quota_exceeded");
    house.used(1, "storage").ok(201);
    assert_eq!(house.usage("acme")["compute_minutes"], 100);
    for _ in 0..2 {
        let body = json!({ "type": "compute", "quantity": 20_000 });
        house.record(&house.globex, "globex", &body).ok(201);
    }
}

#[test]
fn of_a_hundred_at_once_with_one_key_one_counts() {
    for plan in ["pro", "free"] {
        let house = Arc::new(house(plan));
        let body = json!({ "type": "compute", "quantity": 3, "idempotency_key": "job-17" });
        let all: Vec<_> = (0..100)
            .map(|_| {
                let (house, body) = (Arc::clone(&house), body.clone());
                thread::spawn(move || {
                    let answer = house.record(&house.acme, "acme", &body);
                    (answer.status, answer.json()["id"].clone())
                })
            })
            .collect();
        let all: Vec<_> = all.into_iter().map(|one| one.join().unwrap()).collect();
        assert_eq!(all.iter().filter(|(status, _)| *status == 201).count(), 1, "{plan}");
        assert!(all.iter().all(|(status, id)| matches!(status, 200 | 201) && *id == all[0].1), "{all:?}");
        assert_eq!((house.rows(), &house.usage("acme")["compute_minutes"]), (1, &json!(3)));
    }
}

#[test]
fn many_at_once_do_not_get_beyond_the_end_of_a_plan() {
    let house = Arc::new(house("free"));
    let all: Vec<_> = (0..40)
        .map(|_| {
            let house = Arc::clone(&house);
            thread::spawn(move || house.used(7, "compute").status)
        })
        .collect();
    let all: Vec<u16> = all.into_iter().map(|one| one.join().unwrap()).collect();
    assert_eq!(all.iter().filter(|status| **status == 201).count(), 14, "{all:?}");
    assert!(all.iter().all(|status| matches!(status, 201 | 429)), "{all:?}");
    assert_eq!(house.usage("acme")["compute_minutes"], 98);
}
