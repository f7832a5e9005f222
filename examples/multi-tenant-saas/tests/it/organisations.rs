//! Organisations. What a tenant could do through them: see, invite into, change or count another's; come in by a path; keep what was
//! taken from somebody; or take a seat that there is not.

use std::{fs, thread, time::Duration};

use multi_tenant_saas::ORGANISATION_ROUTES;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    callers::{NOW, PASSWORD, SECRET, bearer, of, session, sign_in, token},
    client::Answer,
    matrix::body,
    server::TestServer,
};

pub struct House {
    pub server: TestServer,
    mail: TempDir,
}

const OPERATOR: &str = "Bearer s3cret";

pub fn house() -> House {
    house_with(&[])
}

pub fn house_with(more: &[(&str, &str)]) -> House {
    let mail = TempDir::new().unwrap();
    let folder = mail.path().display().to_string();
    let variables = [
        ("JWT_SECRET", SECRET),
        ("ADMIN_TOKEN", "s3cret"),
        ("MAIL_DIR", &*folder),
        ("PUBLIC_URL", "https://app.example"),
    ];
    House { server: TestServer::with(&[&variables[..], more].concat()), mail }
}

impl House {
    pub fn ask(&self, who: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.server.request(method, path, &[("authorization", who)], body)
    }

    pub fn operator(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.ask(OPERATOR, method, path, body)
    }

    /// The token in the mail to somebody, from an organisation.
    pub fn mailed(&self, email: &str, organisation: &str) -> String {
        let mails = fs::read_dir(self.mail.path()).unwrap();
        let mails = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap());
        let to = (format!("To: <{email}>\r\n"), format!("Subject: Your invitation to {organisation}\r\n"));
        let mail = mails.into_iter().find(|mail| mail.contains(&to.0) && mail.contains(&to.1)).unwrap();
        let (_, rest) = mail.split_once("https://app.example/invitations/accept?token=").unwrap();
        rest.split("\r\n").next().unwrap().to_owned()
    }

    /// The tokens in all mails to somebody.
    pub fn all_mailed(&self, email: &str) -> Vec<String> {
        let mails = fs::read_dir(self.mail.path()).unwrap();
        let mails = mails.map(|mail| fs::read_to_string(mail.unwrap().path()).unwrap());
        let mails = mails.filter(|mail| mail.contains(&format!("To: <{email}>\r\n")));
        let token = |mail: String| {
            let (_, rest) = mail.split_once("https://app.example/invitations/accept?token=").unwrap();
            rest.split("\r\n").next().unwrap().to_owned()
        };
        mails.map(token).collect()
    }

    pub fn accept(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "password": password, "first_name": "Ada", "username": "ada" });
        self.server.request("POST", "/invitations/accept", &[], Some(&body))
    }

    /// An organisation, and its owner's credential and id.
    pub fn organisation(&self, slug: &str, plan: &str) -> (String, String) {
        let owner = format!("owner@{slug}.example");
        let body = json!({ "name": slug, "slug": slug, "owner_email": owner, "plan": plan });
        self.operator("POST", "/organizations", Some(&body)).ok(201);
        self.come(slug, &owner)
    }

    pub fn come(&self, slug: &str, email: &str) -> (String, String) {
        let accepted = self.accept(&self.mailed(email, slug), PASSWORD).ok(200);
        let id = accepted["user"]["id"].as_str().unwrap().to_owned();
        (bearer(accepted["token"].as_str().unwrap()), id)
    }

    pub fn invite(&self, who: &str, slug: &str, email: &str, role: &str) -> Answer {
        let body = json!({ "email": email, "role": role });
        self.ask(who, "POST", &format!("/organizations/{slug}/invitations"), Some(&body))
    }

    pub fn join(&self, owner: &str, slug: &str, email: &str, role: &str) -> (String, String) {
        self.invite(owner, slug, email, role).ok(201);
        self.come(slug, email)
    }

    /// Until revocations are known again, which were read long ago by this clock.
    pub fn advance(&self, seconds: u64) {
        self.server.advance(seconds);
        let anybody = bearer(&token(SECRET, &json!({ "tenant_id": "acme", "exp": NOW + seconds + 60 })));
        let is_known = || self.ask(&anybody, "GET", "/api/me", None).status != 503;
        let tries = (0..500).take_while(|_| !is_known());
        tries.for_each(|_| thread::sleep(Duration::from_millis(20)));
        assert!(is_known());
    }

    pub fn actions(&self, query: &str) -> Vec<String> {
        let page = self.operator("GET", &format!("/admin/audit?{query}"), None).ok(200);
        let events = page["events"].as_array().unwrap();
        events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn in_another_organisations_path_nothing_is_there_and_the_attempt_is_told() {
    let house = house();
    let (acme, _) = house.organisation("acme", "pro");
    let (globex, globex_owner) = house.organisation("globex", "pro");
    let project = json!({ "name": "Secret", "slug": "secret" });
    let theirs = house.ask(&globex, "POST", "/organizations/globex/projects", Some(&project)).ok(201);
    let (project_id, before) =
        (theirs["id"].as_str().unwrap(), house.server.count("SELECT count(*) FROM tenant_projects"));
    for route in ORGANISATION_ROUTES {
        let ask = |organisation: &str, headers: &[(&str, &str)]| {
            let path = route.path.replacen("{id}", organisation, 1);
            let path = path.replace("{project_id}", project_id).replace("{user_id}", &globex_owner);
            let path = path.replace("{key_id}", "none").replace("{webhook_id}", "none");
            let headers = [&[("authorization", &*acme)], headers].concat();
            house.server.request(route.method, &path, &headers, body(route).as_ref())
        };
        let (foreign, missing) = (ask("globex", &[]), ask("nobody", &[]));
        foreign.is_problem(403, "tenant_mismatch");
        assert_eq!(foreign.body, missing.body, "{route:?}");
        // Whatever else speaks has to agree, too.
        ask("acme", &[("x-tenant-id", "globex")]).is_problem(403, "tenant_mismatch");
        // Of the own organisation what another has is not there.
        if route.path.contains("{user_id}") || route.path.contains("{project_id}") {
            ask("acme", &[]).is_problem(404, "not_found");
        }
        ask("Not%20an%20id", &[]).is_problem(400, "invalid_tenant_id");
    }
    assert_eq!(house.server.count("SELECT count(*) FROM tenant_projects"), before);
    assert!(house.actions("tenant_id=acme").contains(&"tenant.crossed".to_owned()));
    assert!(!house.actions("tenant_id=globex").contains(&"tenant.crossed".to_owned()));
    house.ask(&globex, "GET", &format!("/organizations/globex/projects/{project_id}"), None).ok(200);
}

#[test]
fn an_organisation_begins_with_a_mail_to_its_owner() {
    let house = house();
    let new =
        json!({ "name": "Acme", "slug": "acme", "owner_email": "Ada@Acme.example", "plan": "professional" });
    let made = house.operator("POST", "/organizations", Some(&new));
    assert_eq!(made.header("location"), Some("/organizations/acme"));
    let settings = json!({ "require_mfa": false, "allowed_domains": [], "session_timeout": null });
    let expected = json!({
        "id": "acme", "name": "Acme", "slug": "acme", "plan": "pro", "status": "active",
        "trial_ends_at": "2023-11-28T22:14:00Z", "next_plan": null, "settings": settings,
        "created_at": "2023-11-14T22:14:00Z",
    });
    assert_eq!(made.ok(201), expected);
    house.operator("POST", "/organizations", Some(&new)).is_problem(409, "conflict");
    let token = house.mailed("ada@acme.example", "acme");
    // A weak password does not use it up.
    house.accept(&token, "short").is_problem(400, "invalid_request");
    let accepted = house.accept(&token, PASSWORD);
    let (cookie, _) = session(&accepted);
    let user = &accepted.ok(200)["user"];
    assert_eq!((&user["email"], &user["role"]), (&json!("ada@acme.example"), &json!("owner")));
    assert_eq!((&user["first_name"], &user["status"]), (&json!("Ada"), &json!("active")));
    let shown = house.server.request("GET", "/organizations/acme", &[("cookie", &cookie)], None);
    assert_eq!(shown.ok(200), expected);
    house.accept(&token, PASSWORD).is_problem(410, "gone");
    house.accept("nonsense", PASSWORD).is_problem(404, "not_found");
    sign_in(&house.server, &[], "ada@acme.example", PASSWORD).ok(200);
    assert_eq!(
        house.actions("tenant_id=acme"),
        ["session.started", "invitation.accepted", "organisation.created"]
    );
}

#[test]
fn who_is_signed_in_owns_what_they_make_and_nobody_else_makes_one() {
    let house = house();
    let (ada, _) = house.organisation("acme", "free");
    let new = json!({ "name": "Mine", "slug": "mine" });
    let stranger = bearer(&token(SECRET, &of("acme", "owner")));
    house.ask(&stranger, "POST", "/organizations", Some(&new)).is_problem(403, "forbidden");
    house.server.request("POST", "/organizations", &[], Some(&new)).is_problem(401, "unauthenticated");
    let foreign = json!({ "name": "Mine", "slug": "mine", "owner_email": "eve@evil.example" });
    house.ask(&ada, "POST", "/organizations", Some(&foreign)).is_problem(400, "invalid_request");
    let made = house.ask(&ada, "POST", "/organizations", Some(&new)).ok(201);
    assert_eq!((&made["plan"], &made["trial_ends_at"]), (&Value::Null, &Value::Null));
    let entered = sign_in(&house.server, &[("x-tenant-id", "mine")], "owner@acme.example", PASSWORD).ok(200);
    assert_eq!(entered["user"]["role"], "owner");
    for wrong in [
        json!({ "name": "x", "slug": "Upper" }),
        json!({ "name": "x", "slug": "a.b" }),
        json!({ "name": "", "slug": "x" }),
    ] {
        house.ask(&ada, "POST", "/organizations", Some(&wrong)).is_problem(400, "invalid_request");
    }
    let unknown = json!({ "name": "x", "slug": "x", "plan": "gold" });
    assert_eq!(
        house.ask(&ada, "POST", "/organizations", Some(&unknown)).is_problem(400, "invalid_request")["field"],
        "plan"
    );
    house.ask(&ada, "POST", "/organizations", Some(&new)).is_problem(409, "conflict");
}

#[test]
fn the_operator_works_in_every_organisation_and_is_named_in_its_log() {
    let house = house();
    house.organisation("acme", "pro");
    let project = json!({ "name": "Web", "slug": "web", "type": "web", "environment": "production" });
    let made = house.operator("POST", "/organizations/acme/projects", Some(&project)).ok(201);
    assert_eq!(
        (&made["type"], &made["environment"], &made["team"]),
        (&json!("web"), &json!("production"), &json!([]))
    );
    house.operator("GET", "/organizations/nobody/projects", None).is_problem(404, "tenant_not_found");
    let log = house.operator("GET", "/organizations/acme/audit?action=project.created", None).ok(200);
    let event = &log["events"][0];
    assert_eq!((&event["actor"], &event["tenant_id"]), (&json!("admin"), &json!("acme")));
    assert_eq!(event["resource_id"], made["id"]);
    house
        .operator("GET", "/organizations/acme/audit?tenant_id=globex", None)
        .is_problem(400, "invalid_request");
    for route in ORGANISATION_ROUTES {
        let path = route.path.replacen("{id}", "acme", 1);
        let answer = house.operator(route.method, &path.replace(['{', '}'], ""), body(route).as_ref());
        assert!(!matches!(answer.status, 401 | 403 | 405 | 500..), "{route:?}: {}", answer.status);
    }
}

#[test]
fn who_is_demoted_or_removed_has_nothing_left_of_it_here_and_all_of_it_elsewhere() {
    let house = house();
    let (owner, owner_id) = house.organisation("acme", "pro");
    let (other_owner, _) = house.organisation("globex", "pro");
    let (bob, bob_id) = house.join(&owner, "acme", "bob@example.com", "admin");
    let (elsewhere, _) = house.join(&other_owner, "globex", "bob@example.com", "admin");
    let demote = json!({ "role": "viewer" });
    let path = format!("/organizations/acme/users/{bob_id}");
    let shown = house.ask(&owner, "PUT", &path, Some(&demote)).ok(200);
    assert_eq!((&shown["role"], &shown["email"]), (&json!("viewer"), &json!("bob@example.com")));
    // The token of before said admin.
    house.ask(&bob, "GET", "/api/me", None).is_problem(401, "unauthenticated");
    house.ask(&elsewhere, "GET", "/api/me", None).ok(200);
    let again = sign_in(&house.server, &[("x-tenant-id", "acme")], "bob@example.com", PASSWORD).ok(200);
    let again = bearer(again["token"].as_str().unwrap());
    house.invite(&again, "acme", "eve@example.com", "viewer").is_problem(403, "forbidden");
    house.ask(&owner, "DELETE", &path, None).ok(204);
    house.ask(&again, "GET", "/organizations/acme", None).is_problem(401, "unauthenticated");
    sign_in(&house.server, &[("x-tenant-id", "acme")], "bob@example.com", PASSWORD)
        .is_problem(401, "unauthenticated");
    house.ask(&elsewhere, "GET", "/organizations/globex", None).ok(200);
    house.ask(&owner, "DELETE", &path, None).is_problem(404, "not_found");
    // The last owner stays, whatever anybody says.
    let own = format!("/organizations/acme/users/{owner_id}");
    house.ask(&owner, "PUT", &own, Some(&json!({ "role": "admin" }))).is_problem(409, "conflict");
    house.operator("DELETE", &own, None).is_problem(409, "conflict");
}

#[test]
fn nobody_gives_a_role_above_their_own() {
    let house = house();
    let (owner, owner_id) = house.organisation("acme", "pro");
    let (admin, admin_id) = house.join(&owner, "acme", "admin@example.com", "admin");
    let (member, _) = house.join(&owner, "acme", "member@example.com", "member");
    house.invite(&admin, "acme", "eve@example.com", "owner").is_problem(403, "forbidden");
    let promote = json!({ "role": "owner" });
    house
        .ask(&admin, "PUT", &format!("/organizations/acme/users/{admin_id}"), Some(&promote))
        .is_problem(403, "forbidden");
    house
        .ask(&admin, "DELETE", &format!("/organizations/acme/users/{owner_id}"), None)
        .is_problem(403, "forbidden");
    house
        .ask(&admin, "PUT", "/organizations/acme/plan", Some(&json!({ "plan": "enterprise" })))
        .is_problem(403, "forbidden");
    house.invite(&member, "acme", "eve@example.com", "viewer").is_problem(403, "forbidden");
    house
        .ask(&member, "POST", "/organizations/acme/projects", Some(&json!({ "name": "x", "slug": "x" })))
        .ok(201);
}

#[test]
fn the_last_seat_is_taken_once() {
    let house = house();
    let (owner, _) = house.organisation("acme", "free");
    let (_, _) = house.join(&owner, "acme", "b@example.com", "member");
    let emails = ["c@example.com", "d@example.com", "e@example.com"];
    let statuses = thread::scope(|scope| {
        let invite = |email| {
            let (house, owner) = (&house, &owner);
            scope.spawn(move || house.invite(owner, "acme", email, "member"))
        };
        emails.map(invite).map(|asked| asked.join().unwrap())
    });
    let full: Vec<_> = statuses.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!(full.len(), 2);
    for answer in full {
        let problem = answer.is_problem(429, "quota_exceeded");
        assert_eq!(
            (&problem["limit"], &problem["plan"], &problem["next_plan"]),
            (&json!("users"), &json!("free"), &json!("starter"))
        );
    }
    let pending = house.ask(&owner, "GET", "/organizations/acme/users?status=invited", None).ok(200);
    assert_eq!(pending["users"].as_array().unwrap().len(), 1);
    // An invitation that has expired frees its seat.
    let email = pending["users"][0]["email"].as_str().unwrap();
    let token = house.mailed(email, "acme");
    house.advance(604_800);
    house.accept(&token, PASSWORD).is_problem(410, "gone");
    let owner = sign_in(&house.server, &[], "owner@acme.example", PASSWORD).ok(200);
    let owner = bearer(owner["token"].as_str().unwrap());
    house.invite(&owner, "acme", "f@example.com", "member").ok(201);
}

#[test]
fn a_plan_counts_at_once_and_none_is_too_small_for_what_there_is() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    let make = |slug: &str| {
        house.ask(
            &owner,
            "POST",
            "/organizations/acme/projects",
            Some(&json!({ "name": slug, "slug": slug })),
        )
    };
    ["a", "b", "c", "d", "e"].iter().for_each(|slug| drop(make(slug).ok(201)));
    assert_eq!(make("f").is_problem(429, "quota_exceeded")["next_plan"], "pro");
    let switch =
        |plan: &str| house.ask(&owner, "PUT", "/organizations/acme/plan", Some(&json!({ "plan": plan })));
    let problem = switch("free").is_problem(409, "conflict");
    assert_eq!(problem["over"], json!([{ "limit": "projects", "used": 5, "allowed": 1 }]));
    let upgraded = switch("professional").ok(200);
    assert_eq!((&upgraded["plan"], &upgraded["trial_ends_at"]), (&json!("pro"), &Value::Null));
    make("f").ok(201);
    assert_eq!(switch("gold").is_problem(400, "invalid_request")["field"], "plan");
    assert_eq!(
        house.operator("PUT", "/organizations/acme/plan", Some(&json!({ "plan": "enterprise" }))).ok(200)["plan"],
        "enterprise"
    );
}

#[test]
fn whom_their_organisation_would_not_serve_makes_no_other() {
    let new = json!({ "name": "Mine", "slug": "mine" });
    for (setting, status, code) in [
        (json!({ "require_mfa": true }), 403, "mfa_required"),
        (json!({ "session_timeout": 1 }), 401, "unauthenticated"),
    ] {
        let house = house();
        let (owner, _) = house.organisation("acme", "pro");
        house.ask(&owner, "PUT", "/organizations/acme/settings", Some(&setting)).ok(200);
        house.advance(90);
        house.ask(&owner, "GET", "/organizations/acme", None).is_problem(status, code);
        house.ask(&owner, "POST", "/organizations", Some(&new)).is_problem(status, code);
        assert_eq!(house.server.count("SELECT count(*) FROM tenants WHERE id = 'mine'"), 0);
    }
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    let elsewhere = json!({ "plan": "pro", "settings": { "allowed_networks": ["192.0.2.0/24"] } });
    house.operator("PUT", "/admin/tenants/acme", Some(&elsewhere)).ok(200);
    house.ask(&owner, "GET", "/organizations/acme", None).is_problem(403, "policy_denied");
    house.ask(&owner, "POST", "/organizations", Some(&new)).is_problem(403, "policy_denied");
}

#[test]
fn settings_merge_and_are_heeded() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    let set = |body: Value| house.ask(&owner, "PUT", "/organizations/acme/settings", Some(&body));
    set(json!({ "allowed_domains": ["Acme.example"] })).ok(200);
    let all = set(json!({ "session_timeout": 30 })).ok(200);
    assert_eq!((&all["allowed_domains"], &all["session_timeout"]), (&json!(["Acme.example"]), &json!(30)));
    for (wrong, field) in [
        (json!({ "session_timeout": "30" }), "settings.session_timeout"),
        (json!({ "allowed_domains": "acme.example" }), "settings.allowed_domains"),
        (json!({ "allowed_networks": [] }), "allowed_networks"),
    ] {
        assert_eq!(set(wrong).is_problem(400, "invalid_request")["field"], field);
    }
    house.invite(&owner, "acme", "eve@evil.example", "viewer").is_problem(403, "policy_denied");
    house.invite(&owner, "acme", "bob@acme.example", "viewer").ok(201);
    house.advance(30 * 60);
    house.ask(&owner, "GET", "/organizations/acme", None).is_problem(401, "unauthenticated");
    let again = sign_in(&house.server, &[], "owner@acme.example", PASSWORD).ok(200);
    let again = bearer(again["token"].as_str().unwrap());
    let unset = house
        .ask(&again, "PUT", "/organizations/acme/settings", Some(&json!({ "session_timeout": null })))
        .ok(200);
    assert_eq!(unset["session_timeout"], Value::Null);
}

#[test]
fn a_key_for_one_project_knows_no_other() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    let project = |slug: &str| {
        let made = house.ask(
            &owner,
            "POST",
            "/organizations/acme/projects",
            Some(&json!({ "name": slug, "slug": slug })),
        );
        made.ok(201)["id"].as_str().unwrap().to_owned()
    };
    let (one, other) = (project("one"), project("other"));
    let scopes = ["read:resources", "write:resources"];
    let missing = json!({ "name": "k", "scopes": scopes, "project_id": "none" });
    house.ask(&owner, "POST", "/organizations/acme/api-keys", Some(&missing)).is_problem(404, "not_found");
    let new = json!({ "name": "k", "scopes": scopes, "project_id": one });
    let made = house.ask(&owner, "POST", "/organizations/acme/api-keys", Some(&new)).ok(201);
    let ask = |method: &str, path: &str, body: Option<&Value>| {
        house.server.request(method, path, &[("x-api-key", made["key"].as_str().unwrap())], body)
    };
    let listed = ask("GET", "/organizations/acme/projects", None).ok(200);
    assert_eq!(listed["projects"].as_array().unwrap().len(), 1);
    assert_eq!(listed["projects"][0]["id"], json!(one));
    ask("GET", &format!("/organizations/acme/projects/{other}"), None).is_problem(404, "not_found");
    let rename = json!({ "name": "Other" });
    ask("PUT", &format!("/organizations/acme/projects/{other}"), Some(&rename)).is_problem(404, "not_found");
    assert_eq!(
        ask("PUT", &format!("/organizations/acme/projects/{one}"), Some(&rename)).ok(200)["slug"],
        "one"
    );
    ask("POST", "/organizations/acme/projects", Some(&json!({ "name": "x", "slug": "x" })))
        .is_problem(403, "forbidden");
    ask("DELETE", &format!("/organizations/acme/projects/{one}"), None).is_problem(403, "forbidden");
    let keys = house.ask(&owner, "GET", "/organizations/acme/api-keys", None).ok(200);
    assert_eq!((&keys["api_keys"][0]["key_id"], &keys["next_cursor"]), (&made["key_id"], &Value::Null));
    assert!(keys["api_keys"][0].get("key").is_none());
    let id = made["key_id"].as_str().unwrap();
    house.ask(&owner, "DELETE", &format!("/organizations/acme/api-keys/{id}"), None).ok(204);
    ask("GET", "/organizations/acme/projects", None).is_problem(401, "unauthenticated");
}

#[test]
fn lists_go_on_behind_their_cursor() {
    let house = house();
    let (owner, _) = house.organisation("acme", "pro");
    let project = |slug: &str| json!({ "name": slug, "slug": slug });
    ["a", "b", "c"].iter().for_each(|slug| {
        house.ask(&owner, "POST", "/organizations/acme/projects", Some(&project(slug))).ok(201);
        house.invite(&owner, "acme", &format!("{slug}@example.com"), "viewer").ok(201);
        let key = json!({ "name": slug, "scopes": [] });
        house.ask(&owner, "POST", "/organizations/acme/api-keys", Some(&key)).ok(201);
    });
    for (path, list, total) in
        [("projects", "projects", 3), ("users", "users", 4), ("api-keys", "api_keys", 3)]
    {
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let path = format!("/organizations/acme/{path}?limit=2{cursor}");
            let page = house.ask(&owner, "GET", &path, None).ok(200);
            seen.extend(page[list].as_array().unwrap().iter().map(Value::to_string));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total, "{path}");
        for wrong in ["limit=0", "limit=101", "limit=x", "page=1", "limit=1&limit=2"] {
            let path = format!("/organizations/acme/{path}?{wrong}");
            house.ask(&owner, "GET", &path, None).is_problem(400, "invalid_request");
        }
    }
    for wrong in ["role=king", "status=suspended", "role="] {
        house
            .ask(&owner, "GET", &format!("/organizations/acme/users?{wrong}"), None)
            .is_problem(400, "invalid_request");
    }
}

#[test]
fn how_limits_stand_counts_seats_and_projects() {
    let house = house();
    let (owner, _) = house.organisation("acme", "starter");
    house.organisation("globex", "starter");
    house.invite(&owner, "acme", "b@example.com", "viewer").ok(201);
    let project = json!({ "name": "a", "slug": "a" });
    house.ask(&owner, "POST", "/organizations/acme/projects", Some(&project)).ok(201);
    let used = |limits: &Value| (limits["users"]["used"].clone(), limits["projects"]["used"].clone());
    let info = house.ask(&owner, "GET", "/api/tenant/info", None).ok(200);
    assert_eq!(used(&info["limits"]), (json!(2), json!(1)));
    house.operator("POST", "/admin/tenants/acme/suspend", None).ok(200);
    let usage = house.operator("GET", "/admin/tenants/acme/usage", None).ok(200);
    assert_eq!(used(&usage["limits"]), (json!(2), json!(1)));
}
