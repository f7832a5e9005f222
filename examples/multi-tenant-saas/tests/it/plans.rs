//! Plans that change by themselves, and more than a plan has for a while. What a tenant could gain by it: go on with what it does not
//! pay for, be let through longer or further than was given, or see what another's projects use.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    organisations::{House, house, house_with},
    server::{TestServer, eventually},
};

impl House {
    fn plan(&self, who: &str, body: &Value) -> Answer {
        self.ask(who, "PUT", "/organizations/acme/plan", Some(body))
    }

    fn tenant(&self, name: &str) -> Value {
        self.operator("GET", &format!("/admin/tenants/{name}"), None).ok(200)
    }

    fn projects(&self, who: &str, slugs: &[&str]) -> Vec<String> {
        let make = |slug: &&str| {
            let body = json!({ "name": slug, "slug": slug });
            let made = self.ask(who, "POST", "/organizations/acme/projects", Some(&body)).ok(201);
            made["id"].as_str().unwrap().to_owned()
        };
        slugs.iter().map(make).collect()
    }
}

const DAY: u64 = 86_400;

#[test]
fn a_trial_ends_in_the_free_plan_is_told_and_holds_at_once() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    house.organisation("globex", "pro");
    house.operator("PUT", "/organizations/globex/plan", Some(&json!({ "plan": "pro" }))).ok(200);
    house.advance(14 * DAY - 60);
    assert_eq!(house.tenant("acme")["plan"], "pro");
    house.advance(61);
    let acme = eventually(|| house.tenant("acme"), |acme| acme["plan"] == "free");
    assert_eq!((&acme["status"], acme.get("trial_ends_at")), (&json!("active"), None));
    assert_eq!(house.tenant("globex")["plan"], "pro", "who pays goes on");
    eventually(|| house.actions("tenant_id=acme&action=organisation.trial_ended"), |told| told.len() == 1);
    assert_eq!(house.actions("tenant_id=globex&action=organisation.trial_ended").len(), 0);
    let shown = house.operator("GET", "/organizations/acme", None).ok(200);
    assert_eq!((&shown["plan"], &shown["trial_ends_at"]), (&json!("free"), &Value::Null));
    drop(owner);
}

#[test]
fn who_uses_more_is_suspended_as_its_trial_ends_and_loses_nothing() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    house.projects(&owner, &["a", "b"]);
    house.advance(14 * DAY + 1);
    eventually(|| house.tenant("acme"), |acme| acme["status"] == "suspended");
    eventually(
        || house.actions("tenant_id=acme&action=organisation.trial_suspended"),
        |told| told.len() == 1,
    );
    assert_eq!(house.server.count("SELECT count(*) FROM tenant_projects"), 2);
    // Once: whom the operator lets go on goes on, when others' trials end.
    house.operator("POST", "/admin/tenants/acme/activate", None).ok(200);
    house.organisation("globex", "starter");
    house.advance(14 * DAY + 1);
    eventually(|| house.tenant("globex"), |globex| globex["plan"] == "free");
    let acme = house.tenant("acme");
    assert_eq!((&acme["status"], &acme["plan"]), (&json!("active"), &json!("starter")));
}

#[test]
fn choosing_the_plan_that_is_tried_is_paying_for_it() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    let paid = house.plan(&owner, &json!({ "plan": "starter" })).ok(200);
    assert_eq!((&paid["plan"], &paid["trial_ends_at"]), (&json!("starter"), &Value::Null));
    // The operator's replacing it takes no trial from anybody.
    house.organisation("globex", "starter");
    house
        .operator("PUT", "/admin/tenants/globex", Some(&json!({ "name": "Globex", "plan": "starter" })))
        .ok(200);
    assert_eq!(house.tenant("globex")["trial_ends_at"], "2023-11-28T22:14:00Z");
    house.operator("PUT", "/admin/tenants/globex", Some(&json!({ "plan": "pro" }))).ok(200);
    assert_eq!(house.tenant("globex").get("trial_ends_at"), None);
}

#[test]
fn a_smaller_plan_begins_at_the_cycles_end_if_what_is_used_fits_by_then() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    let ids = house.projects(&owner, &["a", "b"]);
    house.plan(&owner, &json!({ "plan": "starter" })).ok(200);
    house.plan(&owner, &json!({ "plan": "free" })).is_problem(409, "conflict");
    house.plan(&owner, &json!({ "plan": "free", "at": "now" })).is_problem(409, "conflict");
    house.plan(&owner, &json!({ "plan": "free", "at": "tomorrow" })).is_problem(400, "invalid_request");
    let later = json!({ "plan": "free", "at": "cycle_end" });
    let next = json!({ "plan": "free", "at": "2023-12-01T00:00:00Z" });
    let shown = house.plan(&owner, &later).ok(200);
    assert_eq!((&shown["plan"], &shown["next_plan"]), (&json!("starter"), &next));
    assert_eq!(house.tenant("acme")["next_plan"], next);
    // It is taken back by choosing the present one.
    let back = house.plan(&owner, &json!({ "plan": "starter" })).ok(200);
    assert_eq!((&back["plan"], &back["next_plan"]), (&json!("starter"), &Value::Null));
    house.plan(&owner, &later).ok(200);
    house.advance(17 * DAY);
    let acme = eventually(|| house.tenant("acme"), |acme| acme["next_plan"]["at"] == "2024-01-01T00:00:00Z");
    assert_eq!((&acme["plan"], &acme["status"]), (&json!("starter"), &json!("active")));
    eventually(
        || house.actions("tenant_id=acme&action=organisation.plan_change_put_off"),
        |told| told.len() == 1,
    );
    house.operator("DELETE", &format!("/organizations/acme/projects/{}", ids[0]), None).ok(204);
    house.advance(31 * DAY);
    let acme = eventually(|| house.tenant("acme"), |acme| acme["plan"] == "free");
    assert_eq!(acme.get("next_plan"), None);
}

#[test]
fn a_deployment_may_put_off_what_does_not_fit() {
    let house = house_with(&[("DOWNGRADES", "schedule")]);
    let (owner, _) = house.organisation("acme", "starter");
    house.projects(&owner, &["a", "b"]);
    let later = house.plan(&owner, &json!({ "plan": "free" })).ok(200);
    assert_eq!((&later["plan"], &later["next_plan"]["plan"]), (&json!("starter"), &json!("free")));
    let both = house.plan(&owner, &json!({ "plan": "free", "at": "now" }));
    both.is_problem(409, "conflict");
    let larger = house.plan(&owner, &json!({ "plan": "pro" })).ok(200);
    assert_eq!((&larger["plan"], &larger["next_plan"]), (&json!("pro"), &Value::Null));
}

#[test]
fn a_boost_lets_exactly_so_many_more_through_until_it_ends_and_nobody_else() {
    let server = TestServer::start();
    for tenant in ["acme", "globex"] {
        server.create(&json!({
            "tenant_id": tenant, "quota_requests_per_minute": 5, "limits": { "workflows": 1 },
        }));
    }
    let path = "/admin/tenants/acme/boosts";
    let sale = json!({
        "name": "sale", "quota": { "requests_per_minute": 3 }, "limits": { "workflows": 1 },
        "until": "2023-11-14T22:15:30Z",
    });
    let made = server.admin("POST", path, Some(&sale));
    assert_eq!(made.header("location"), Some("/admin/tenants/acme/boosts/sale"));
    assert_eq!(made.ok(201)["boosts"][0]["name"], "sale");
    let admitted = |tenant: &str| (0..20).filter(|_| server.get(tenant, "/api/users").status == 200).count();
    assert_eq!((admitted("acme"), admitted("globex")), (8, 5));
    let workflow =
        |name: &str| server.of("acme", "POST", "/api/workflows", Some(&json!({ "name": name }))).status;
    server.advance(60);
    assert_eq!([workflow("a"), workflow("b"), workflow("c")], [201, 201, 429]);
    server.advance(29);
    assert_eq!(admitted("acme"), 6, "8, of which 2 are spent");
    server.advance(1);
    assert_eq!(admitted("acme"), 0);
    server.advance(30);
    assert_eq!((workflow("d"), admitted("acme"), admitted("globex")), (429, 5, 5));
    let usage = server.usage("acme");
    assert_eq!(usage["limits"]["rpm"]["limit"], 5);
    assert_eq!(server.admin("GET", path, None).ok(200)["boosts"], json!([]));
    // Its name and its place are free again.
    let again = json!({ "name": "sale", "limits": { "workflows": 1 }, "until": "2023-12-01T00:00:00Z" });
    server.admin("POST", path, Some(&again)).ok(201);
    server.admin("POST", path, Some(&again)).is_problem(409, "conflict");
    assert_eq!(
        server.admin("GET", "/admin/tenants/acme", None).ok(200)["boosts"].as_array().unwrap().len(),
        1
    );
    server.admin("PUT", "/admin/tenants/acme", Some(&json!({ "limits": { "workflows": 2 } }))).ok(200);
    assert_eq!(server.usage("acme")["limits"]["workflows"]["limit"], 3, "what is replaced is the config");
    server.admin("DELETE", "/admin/tenants/acme/boosts/sale", None).ok(204);
    server.admin("DELETE", "/admin/tenants/acme/boosts/sale", None).is_problem(404, "not_found");
    assert_eq!(server.usage("acme")["limits"]["workflows"]["limit"], 2);
}

#[test]
fn a_boost_that_makes_no_sense_is_named_and_changes_nothing() {
    let server = TestServer::start();
    server.create(
        &json!({ "tenant_id": "acme", "quota_requests_per_minute": 5, "limits": { "workflows": 1 } }),
    );
    let path = "/admin/tenants/acme/boosts";
    let until = "2023-11-15T00:00:00Z";
    for (wrong, field) in [
        (json!({ "name": "sale", "until": until }), "limits"),
        (json!({ "name": "a sale", "limits": { "workflows": 1 }, "until": until }), "name"),
        (json!({ "name": "sale", "limits": { "workflows": 1 }, "until": "2023-11-14T22:14:00Z" }), "until"),
        (json!({ "name": "sale", "limits": { "workflows": 1 }, "until": "2033-11-14T22:14:00Z" }), "until"),
        (json!({ "name": "sale", "limits": { "workflows": 0 }, "until": until }), "limits.workflows"),
        (json!({ "name": "sale", "limits": { "projects": 1 }, "until": until }), "limits.projects"),
        (
            json!({ "name": "sale", "quota": { "tokens_per_minute": 1 }, "until": until }),
            "quota.tokens_per_minute",
        ),
    ] {
        let problem = server.admin("POST", path, Some(&wrong)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{wrong}");
    }
    for wrong in [
        json!({ "name": "sale", "limits": { "workflows": -1 }, "until": until }),
        json!({ "name": "sale", "limits": { "workflows": "unlimited" }, "until": until }),
        json!({ "name": "sale", "limits": { "workflows": 1 }, "until": "tomorrow" }),
        json!({ "name": "sale", "limits": { "workflows": 1 } }),
        json!({ "name": "sale", "limits": { "workflows": 1 }, "until": until, "more": 1 }),
    ] {
        server.admin("POST", path, Some(&wrong)).is_problem(400, "invalid_request");
    }
    let boost = |number: usize| {
        let name = format!("b{number}");
        server.admin(
            "POST",
            path,
            Some(&json!({ "name": name, "limits": { "workflows": 1 }, "until": until })),
        )
    };
    (0..16).for_each(|number| drop(boost(number).ok(201)));
    assert_eq!(boost(16).is_problem(400, "invalid_request")["field"], "boosts");
    assert_eq!(server.usage("acme")["limits"]["workflows"]["limit"], 17);
    server
        .admin(
            "POST",
            "/admin/tenants/nobody/boosts",
            Some(&json!({ "name": "a", "limits": { "x": 1 }, "until": until })),
        )
        .is_problem(404, "tenant_not_found");
}

#[test]
fn projects_tell_what_they_use_and_nothing_of_anothers() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    let (theirs, _) = house.organisation("globex", "starter");
    let ids = house.projects(&owner, &["a", "b", "c"]);
    let record = |who: &str, slug: &str, body: Value| {
        house.ask(who, "POST", &format!("/organizations/{slug}/resources"), Some(&body)).ok(201)
    };
    record(&owner, "acme", json!({ "project_id": ids[0], "type": "api_call", "quantity": 3 }));
    record(&owner, "acme", json!({ "project_id": ids[0], "type": "storage", "quantity": 50 }));
    record(&owner, "acme", json!({ "project_id": ids[1], "type": "api_call", "quantity": 4 }));
    record(&owner, "acme", json!({ "type": "api_call", "quantity": 1_000 }));
    record(&theirs, "globex", json!({ "type": "tokens", "quantity": 777 }));
    // As if another had a project of the same id.
    house
        .server
        .sql(&format!("UPDATE tenant_usage_days SET project = '{}' WHERE tenant_id = 'globex'", ids[0]));
    let get = |path: &str| house.ask(&owner, "GET", &format!("/organizations/acme/projects{path}"), None);
    let page = get("?include=resources").ok(200);
    let resources: Vec<_> =
        page["projects"].as_array().unwrap().iter().map(|project| project["resources"].clone()).collect();
    let expected = [json!({ "api_call": 3, "storage": 50 }), json!({ "api_call": 4 }), json!({})];
    assert_eq!(resources, expected);
    let second = get("?include=resources&limit=1").ok(200);
    let cursor = second["next_cursor"].as_str().unwrap();
    let second = get(&format!("?include=resources&limit=1&cursor={cursor}")).ok(200);
    assert_eq!(second["projects"][0]["resources"], expected[1]);
    assert_eq!(get(&format!("/{}?include=resources", ids[0])).ok(200)["resources"], expected[0]);
    assert_eq!(get(&format!("/{}", ids[0])).ok(200).get("resources"), None);
    assert_eq!(get("").ok(200)["projects"][0].get("resources"), None);
    for wrong in
        ["?include=", "?include=secrets", "?include=resources,team", "?include=resources&include=resources"]
    {
        get(wrong).is_problem(400, "invalid_request");
        get(&format!("/{}{wrong}", ids[0])).is_problem(400, "invalid_request");
    }
    // A key for one project sees that one's alone.
    let key = json!({ "name": "k", "project_id": ids[1], "scopes": ["read:resources"] });
    let key = house.ask(&owner, "POST", "/organizations/acme/api-keys", Some(&key)).ok(201);
    let bound = [("x-api-key", key["key"].as_str().unwrap())];
    let page =
        house.server.request("GET", "/organizations/acme/projects?include=resources", &bound, None).ok(200);
    assert_eq!(page["projects"].as_array().unwrap().len(), 1);
    assert_eq!(page["projects"][0]["resources"], expected[1]);
}
