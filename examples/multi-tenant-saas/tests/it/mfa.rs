//! Second factors. The authenticator is another implementation than the server's.
//!
//! Ways in which somebody could come in, or get at another tenant through it:
//! - who has the password alone comes in; or learns from the answer that it is right where nothing else is;
//! - a session or a token of before the tenant required a second factor goes on, or one of another tenant does;
//! - who is let in to enrol does anything else; or whoever has somebody's cookie enrols for them, and locks them out;
//! - a code is used twice, also on two instances; somebody guesses;
//! - one tenant's setting holds for another, or tells of it; what somebody does with their factor in one tenant weakens another;
//! - the log or the database tells a secret.

use multi_tenant_saas::{ROUTES, Route};
use serde_json::{Value, json};
use tenant::Clock;
use totp_rs::Totp;

use crate::{
    callers::{PASSWORD, SECRET, bearer, join, make_key, of, server, session, sign_in, token},
    client::Answer,
    matrix::body as body_of,
    server::{TestServer, eventually},
};

const STEP: u64 = 30;
const PATHS: [&str; 3] = ["/api/me", "/api/me/mfa", "/api/me/mfa/verify"];

/// What stands on somebody's phone, and on their paper.
struct App {
    totp: Totp,
    recovery: Vec<String>,
}

impl App {
    fn of(enrolment: &Value) -> Self {
        let recovery = enrolment["recovery_codes"].as_array().unwrap();
        let recovery = recovery.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { totp: Totp::from_url(enrolment["otpauth_url"].as_str().unwrap()).unwrap(), recovery }
    }

    fn shows(&self, server: &TestServer) -> String {
        self.totp.generate(server.clock.unix().as_secs()).to_string()
    }

    fn never_shows(&self, server: &TestServer) -> String {
        let now = server.clock.unix().as_secs();
        let shown = [now - STEP, now, now + STEP].map(|moment| self.totp.generate(moment).to_string());
        (0..).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
    }
}

/// A sign-in: the cookie, what unsafe requests need, and the token.
struct Signed {
    cookie: String,
    csrf: String,
    token: String,
}

impl Signed {
    fn of(answer: &Answer) -> Self {
        let (cookie, csrf) = session(answer);
        let token = bearer(answer.ok(200)["token"].as_str().unwrap());
        Self { cookie, csrf, token }
    }

    fn ask(&self, server: &TestServer, method: &str, path: &str, body: Option<&Value>) -> Answer {
        server.request(method, path, &[("cookie", &self.cookie), ("x-csrf-token", &self.csrf)], body)
    }

    /// By the cookie, and by the token.
    fn status(&self, server: &TestServer, path: &str) -> [u16; 2] {
        let ask = |shown| calm(|| server.request("GET", path, &[shown], None).status);
        [ask(("cookie", &self.cookie)), ask(("authorization", &self.token))]
    }
}

/// While the clock jumps, nobody knows for a moment whether tokens were revoked: 503.
fn calm(ask: impl FnMut() -> u16) -> u16 {
    eventually(ask, |status| *status != 503)
}

fn try_as(server: &TestServer, tenant: &str, email: &str, code: Option<&str>) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "code": code });
    server.request("POST", "/login", &[("x-tenant-id", tenant)], Some(&body))
}

fn signed_in(server: &TestServer, tenant: &str, email: &str, code: Option<&str>) -> Signed {
    Signed::of(&try_as(server, tenant, email, code))
}

/// Begins with a second factor and shows that it works; its code of now was not used afterwards.
fn enrol(server: &TestServer, signed: &Signed) -> (App, Signed) {
    let begun = signed.ask(server, "POST", "/api/me/mfa", None);
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let app = App::of(&begun.ok(200));
    let code = json!({ "code": app.shows(server) });
    let renewed = Signed::of(&signed.ask(server, "POST", "/api/me/mfa/verify", Some(&code)));
    server.advance(2 * STEP);
    (app, renewed)
}

fn require(server: &TestServer, tenant: &str, is_required: bool) {
    let body = json!({ "settings": { "require_mfa": is_required } });
    server.admin("PUT", &format!("/admin/tenants/{tenant}"), Some(&body)).ok(200);
}

const ADA: &str = "ada@example.com";

/// `acme` and `globex`, and Ada in both.
fn with_ada() -> TestServer {
    let server = server();
    join(&server, "acme", ADA, "owner").ok(201);
    join(&server, "globex", ADA, "member").ok(201);
    server
}

#[test]
fn who_has_a_second_factor_signs_in_with_a_code_in_each_of_their_tenants() {
    let server = with_ada();
    join(&server, "acme", "bob@example.com", "member").ok(201);
    let standing = |signed: &Signed| signed.ask(&server, "GET", "/api/me/mfa", None).ok(200);
    let before = signed_in(&server, "acme", ADA, None);
    let none = json!({ "active": false, "required": false, "recovery_codes_left": 0 });
    assert_eq!(standing(&before), none);
    let (app, renewed) = enrol(&server, &before);
    assert_eq!(app.totp.account_name(), ADA);
    let active = json!({ "active": true, "required": false, "recovery_codes_left": 10 });
    assert_eq!(standing(&renewed), active);
    assert_eq!(before.status(&server, "/api/users"), [401, 401], "it goes on as the one that was proved");
    assert_eq!(renewed.status(&server, "/api/users"), [200, 200]);
    for tenant in ["acme", "globex"] {
        let asked = try_as(&server, tenant, ADA, None);
        asked.is_problem(403, "mfa_required");
        assert_eq!(asked.header("set-cookie"), None);
        try_as(&server, tenant, ADA, Some(&app.never_shows(&server))).is_problem(401, "unauthenticated");
        let signed = signed_in(&server, tenant, ADA, Some(&app.shows(&server)));
        assert_eq!(standing(&signed), active);
        server.advance(STEP);
    }
    let paper = signed_in(&server, "globex", ADA, Some(&app.recovery[4]));
    assert_eq!(standing(&paper)["recovery_codes_left"], 9);
    try_as(&server, "globex", ADA, Some(&app.recovery[4])).is_problem(401, "unauthenticated");
    signed_in(&server, "acme", "bob@example.com", None);
    signed_in(&server, "acme", "bob@example.com", Some("123456"));
}

#[test]
fn nobody_learns_that_a_password_is_right_where_anything_else_is_wrong() {
    let server = with_ada();
    join(&server, "acme", "bob@example.com", "member").ok(201);
    server.create(&json!({ "tenant_id": "office", "settings": { "allowed_networks": ["192.0.2.0/24"] } }));
    join(&server, "office", ADA, "member").ok(201);
    server.create_tenant("initech");
    join(&server, "initech", ADA, "owner").ok(201);
    server.admin("POST", "/admin/tenants/initech/suspend", None).ok(200);
    let (app, _) = enrol(&server, &signed_in(&server, "acme", ADA, None));
    let shown = app.shows(&server);
    let attempt = |tenant: &str, email: &str, password: &str, code: Option<&str>| {
        let body = json!({ "email": email, "password": password, "code": code });
        server.request("POST", "/login", &[("x-tenant-id", tenant)], Some(&body))
    };
    let wrong = "wrong password";
    let failures = [
        attempt("acme", ADA, wrong, Some(&shown)),
        attempt("acme", ADA, wrong, None),
        attempt("acme", "nobody@example.com", PASSWORD, Some(&shown)),
        attempt("acme", "bob@example.com", wrong, Some(&shown)),
        attempt("acme", ADA, PASSWORD, Some(&app.never_shows(&server))),
        attempt("acme", ADA, PASSWORD, Some("")),
        attempt("nobody", ADA, PASSWORD, None),
        attempt("initech", ADA, PASSWORD, None),
        attempt("office", ADA, PASSWORD, None),
        attempt("office", ADA, PASSWORD, Some(&shown)),
    ];
    for answer in &failures {
        answer.is_problem(401, "unauthenticated");
        assert_eq!((&answer.body, answer.header("set-cookie")), (&failures[0].body, None));
    }
    // None of these has used it up.
    signed_in(&server, "acme", ADA, Some(&shown));
}

#[test]
fn a_code_signs_in_once_whichever_instance_is_asked() {
    let one = with_ada();
    let (app, _) = enrol(&one, &signed_in(&one, "acme", ADA, None));
    let other = TestServer::beside(&one, &[("JWT_SECRET", SECRET)]);
    other.advance(2 * STEP);
    for round in 0..3 {
        let code = if round == 2 { app.recovery[0].clone() } else { app.shows(&one) };
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let attempt = |server| {
                let code = &code;
                scope.spawn(move || try_as(server, "acme", ADA, Some(code)).status)
            };
            let all = [attempt(&one), attempt(&other), attempt(&one), attempt(&other)];
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| matches!(status, 200 | 401 | 429)), "{answers:?}");
        for server in [&one, &other] {
            server.advance(3_600);
        }
    }
}

#[test]
fn who_guesses_codes_has_five_and_keeps_nobody_else_out() {
    let server = with_ada();
    join(&server, "globex", "gus@example.com", "owner").ok(201);
    let (app, _) = enrol(&server, &signed_in(&server, "acme", ADA, None));
    let (guss, _) = enrol(&server, &signed_in(&server, "globex", "gus@example.com", None));
    for tenant in ["acme", "globex", "acme", "globex", "acme"] {
        let guess = app.never_shows(&server);
        try_as(&server, tenant, ADA, Some(&guess)).is_problem(401, "unauthenticated");
    }
    for tenant in ["acme", "globex"] {
        let refused = try_as(&server, tenant, ADA, Some(&app.shows(&server)));
        let problem = refused.is_problem(429, "quota_exceeded");
        assert_eq!((&problem["retry_after"], refused.header("retry-after")), (&json!(300), Some("300")));
    }
    sign_in(&server, &[("x-tenant-id", "acme")], ADA, "wrong password").is_problem(401, "unauthenticated");
    signed_in(&server, "globex", "gus@example.com", Some(&guss.shows(&server)));
    signed_in(&server, "acme", ADA, Some(&app.recovery[0]));
    server.advance(300);
    signed_in(&server, "acme", ADA, Some(&app.shows(&server)));
}

/// All but where who has not shown the second factor that is required enrols.
fn rest() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| !PATHS.contains(&route.path))
}

fn call(server: &TestServer, route: &Route, headers: &[(&str, &str)]) -> Answer {
    let path = route.path.replace("{id}", "none").replace("{host}", "nobody.example");
    server.request(route.method, &path, headers, body_of(route).as_ref())
}

#[test]
fn who_has_none_where_one_is_required_enrols_and_does_nothing_else() {
    let server = with_ada();
    require(&server, "acme", true);
    let answer = try_as(&server, "acme", ADA, None);
    assert_eq!(answer.json()["mfa_enrolment_required"], true);
    let half = Signed::of(&answer);
    let shown: [&[(&str, &str)]; 2] =
        [&[("cookie", &half.cookie), ("x-csrf-token", &half.csrf)], &[("authorization", &half.token)]];
    for headers in shown {
        for route in rest() {
            call(&server, route, headers).is_problem(403, "mfa_required");
        }
        for path in ["/api/me/", "/api//me", "/api/%6de", "/api/me/mfa/", "/api/me/mfa/x", "/api/me/../users"]
        {
            server.request("GET", path, headers, None).is_problem(403, "mfa_required");
        }
        server.request("GET", "/api/me", headers, None).ok(200);
    }
    for table in ["users", "workflows", "tenant_api_keys", "tenant_host_claims"] {
        let rows = match table {
            "users" => server.count("SELECT count(*) FROM users"),
            "workflows" => server.count("SELECT count(*) FROM workflows"),
            "tenant_api_keys" => server.count("SELECT count(*) FROM tenant_api_keys"),
            _ => server.count("SELECT count(*) FROM tenant_host_claims"),
        };
        assert_eq!(rows, 0, "{table}");
    }
    let standing = half.ask(&server, "GET", "/api/me/mfa", None).ok(200);
    assert_eq!(standing, json!({ "active": false, "required": true, "recovery_codes_left": 0 }));
    let (app, whole) = enrol(&server, &half);
    assert_eq!(half.status(&server, "/api/me"), [401, 401]);
    assert_eq!(whole.status(&server, "/api/users"), [200, 200]);
    let again = try_as(&server, "acme", ADA, Some(&app.shows(&server)));
    assert_eq!(again.json().get("mfa_enrolment_required"), None);
    // And whoever is let in goes out.
    join(&server, "acme", "bob@example.com", "member").ok(201);
    let bob = signed_in(&server, "acme", "bob@example.com", None);
    bob.ask(&server, "POST", "/logout", None).ok(204);
    assert_eq!(bob.status(&server, "/api/me"), [401, 401]);
}

#[test]
fn what_was_signed_in_before_a_tenant_required_a_second_factor_does_not_go_on() {
    let server = with_ada();
    let acme = signed_in(&server, "acme", ADA, None);
    let globex = signed_in(&server, "globex", ADA, None);
    let (key, _) = make_key(&server, "acme", &json!({ "name": "robot", "scopes": ["read:users"] }));
    let foreign = |amr: Value| {
        let claims = json!({ "tenants": { "acme": ["owner"], "globex": ["owner"] }, "amr": amr });
        bearer(&token(SECRET, &claims))
    };
    let (half, whole) = (foreign(Value::Null), foreign(json!(["pwd", "mfa"])));
    let by_token = |token: &str, tenant| {
        let shown = [("authorization", token), ("x-tenant-id", tenant)];
        calm(|| server.request("GET", "/api/users", &shown, None).status)
    };
    let all = || {
        let [cookie, token] = acme.status(&server, "/api/users");
        let key = server.request("GET", "/api/users", &[("x-api-key", &key)], None).status;
        [cookie, token, key, by_token(&half, "acme"), by_token(&whole, "acme")]
    };
    assert_eq!(all(), [200; 5]);
    require(&server, "acme", true);
    assert_eq!(all(), [403, 403, 200, 403, 200], "keys are programs', and tokens say what was shown");
    acme.ask(&server, "GET", "/api/users", None).is_problem(403, "mfa_required");
    assert_eq!(globex.status(&server, "/api/users"), [200, 200], "another tenant's are another's");
    assert_eq!([&half, &whole].map(|token| by_token(token, "globex")), [200, 200]);
    let standing = globex.ask(&server, "GET", "/api/me/mfa", None).ok(200);
    assert_eq!(standing["required"], false, "nor does it tell of the one that does");
    // A credential of the other tenant leads to none of this one.
    let crossing = [("cookie", &*globex.cookie), ("x-tenant-id", "acme")];
    server.request("GET", "/api/users", &crossing, None).is_problem(403, "tenant_mismatch");
    // Who was let in to enrol is served everywhere once they have; what the other tenant's session is stays as it was.
    let (_, renewed) = enrol(&server, &acme);
    assert_eq!(renewed.status(&server, "/api/users"), [200, 200]);
    assert_eq!(globex.status(&server, "/api/users"), [200, 200]);
    require(&server, "globex", true);
    assert_eq!(globex.status(&server, "/api/users"), [403, 403]);
    require(&server, "acme", false);
    assert_eq!(by_token(&half, "acme"), 200);
    for wrong in [json!("true"), json!(1), Value::Null] {
        let body = json!({ "settings": { "require_mfa": wrong } });
        let problem =
            server.admin("PUT", "/admin/tenants/acme", Some(&body)).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], "settings.require_mfa");
    }
}

#[test]
fn a_factor_is_replaced_and_given_up_with_a_code_and_not_where_one_is_required() {
    let server = with_ada();
    let (app, acme) = enrol(&server, &signed_in(&server, "acme", ADA, None));
    let globex = signed_in(&server, "globex", ADA, Some(&app.shows(&server)));
    let ask = |signed: &Signed, method: &str, code: Option<&str>| {
        signed.ask(&server, method, "/api/me/mfa", code.map(|code| json!({ "code": code })).as_ref())
    };
    for method in ["POST", "DELETE"] {
        ask(&acme, method, None).is_problem(403, "mfa_required");
        ask(&acme, method, Some(&app.never_shows(&server))).is_problem(401, "unauthenticated");
        ask(&acme, method, Some(&app.shows(&server))).is_problem(401, "unauthenticated");
    }
    server.advance(600);
    require(&server, "acme", true);
    ask(&acme, "DELETE", Some(&app.recovery[0])).is_problem(403, "policy_denied");
    let new = App::of(&ask(&acme, "POST", Some(&app.recovery[0])).ok(200));
    try_as(&server, "acme", ADA, Some(&new.shows(&server))).is_problem(401, "unauthenticated");
    let verify = |code: &str| acme.ask(&server, "POST", "/api/me/mfa/verify", Some(&json!({ "code": code })));
    verify(&app.shows(&server)).is_problem(401, "unauthenticated");
    let renewed = Signed::of(&verify(&new.shows(&server)));
    server.advance(STEP);
    try_as(&server, "acme", ADA, Some(&app.recovery[1])).is_problem(401, "unauthenticated");
    signed_in(&server, "acme", ADA, Some(&new.recovery[1]));
    let again = renewed.ask(&server, "POST", "/api/me/mfa/verify", Some(&json!({ "code": "123456" })));
    again.is_problem(404, "not_found");
    // What is given up in a tenant that requires none is asked for anew where one is.
    ask(&globex, "DELETE", Some(&new.shows(&server))).ok(204);
    signed_in(&server, "globex", ADA, None);
    let half = signed_in(&server, "acme", ADA, None);
    assert_eq!(half.status(&server, "/api/users"), [403, 403]);
    ask(&globex, "DELETE", None).is_problem(404, "not_found");
}

#[test]
fn who_has_somebodys_cookie_does_not_enrol_for_them_later_nor_does_a_page_of_others() {
    let server = with_ada();
    let signed = signed_in(&server, "acme", ADA, None);
    let cookie = ("cookie", &*signed.cookie);
    server.request("POST", "/api/me/mfa", &[cookie], None).is_problem(403, "csrf_failed");
    let foreign = [cookie, ("x-csrf-token", &*signed.csrf), ("origin", "https://evil.example")];
    server.request("POST", "/api/me/mfa", &foreign, None).is_problem(403, "csrf_failed");
    server.advance(15 * 60 - 1);
    signed.ask(&server, "POST", "/api/me/mfa", None).ok(200);
    server.advance(1);
    signed.ask(&server, "POST", "/api/me/mfa", None).is_problem(403, "forbidden");
    let undated = bearer(&token(SECRET, &json!({ "tenant_id": "acme", "sub": user_id(&server, &signed) })));
    let by_token = |shown: &str| server.request("POST", "/api/me/mfa", &[("authorization", shown)], None);
    eventually(|| by_token(&undated), |answer| answer.status != 503).is_problem(403, "forbidden");
    by_token(&signed.token).is_problem(403, "forbidden");
    // Neither programs nor narrow credentials have one, nor do tenants' own names for people.
    let claims = json!({ "tenant_id": "acme", "sub": user_id(&server, &signed), "scope": "read:users" });
    by_token(&bearer(&token(SECRET, &claims))).is_problem(403, "forbidden");
    let (key, _) = make_key(&server, "acme", &json!({ "name": "robot", "scopes": ["read:users"] }));
    server.request("POST", "/api/me/mfa", &[("x-api-key", &key)], None).is_problem(403, "forbidden");
    by_token(&bearer(&token(SECRET, &of("acme", "owner")))).is_problem(404, "not_found");
    assert_eq!(server.count("SELECT count(*) FROM tenant_second_factors WHERE factor_id IS NOT NULL"), 0);
}

fn user_id(server: &TestServer, signed: &Signed) -> Value {
    signed.ask(server, "GET", "/api/me", None).ok(200)["user_id"].clone()
}

/// They have left while they were enrolling.
#[test]
fn who_is_no_member_any_more_does_not_go_on_with_another_session() {
    let server = with_ada();
    let signed = signed_in(&server, "acme", ADA, None);
    let app = App::of(&signed.ask(&server, "POST", "/api/me/mfa", None).ok(200));
    server.sql("DELETE FROM tenant_memberships WHERE tenant_id = 'acme'");
    let code = json!({ "code": app.shows(&server) });
    let answer = signed.ask(&server, "POST", "/api/me/mfa/verify", Some(&code));
    answer.is_problem(404, "not_found");
    assert_eq!(answer.header("set-cookie"), None);
}

#[test]
fn the_log_tells_what_was_done_and_neither_it_nor_the_database_a_secret() {
    let server = TestServer::with(&[
        ("JWT_SECRET", SECRET),
        ("MFA_KEY", "c2l4IGJ5dGVzIGFyZSBub3QgZW5vdWdoLCAzMiBhcmU="),
    ]);
    for tenant in ["acme", "globex"] {
        server.create_tenant(tenant);
    }
    join(&server, "acme", ADA, "owner").ok(201);
    join(&server, "globex", ADA, "member").ok(201);
    let half = signed_in(&server, "acme", ADA, None);
    let (app, renewed) = enrol(&server, &half);
    let guess = app.never_shows(&server);
    try_as(&server, "acme", ADA, Some(&guess)).is_problem(401, "unauthenticated");
    let code = json!({ "code": app.shows(&server) });
    renewed.ask(&server, "DELETE", "/api/me/mfa", Some(&code)).ok(204);
    let log = |query: &str| server.admin("GET", &format!("/admin/audit?{query}"), None).ok(200);
    let acmes = eventually(|| log("tenant_id=acme"), |log| log.to_string().contains("mfa.denied"));
    let me = user_id(&server, &renewed);
    let own: Vec<_> = acmes["events"].as_array().unwrap().iter().collect();
    for action in ["mfa.begun", "mfa.activated", "mfa.denied", "mfa.removed"] {
        let event = own.iter().find(|event| event["action"] == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(event["actor"], me, "{action}");
    }
    assert!(!log("tenant_id=globex").to_string().contains("mfa."), "it was not done there");

    let enrolment = half_secret(&app);
    let file = std::fs::read(server.database()).unwrap();
    let wal = std::fs::read(server.database().with_extension("db-wal")).unwrap_or_default();
    let kept = [String::from_utf8_lossy(&file), String::from_utf8_lossy(&wal)].concat();
    let whole = log("limit=1000").to_string();
    for text in [&kept, &whole] {
        assert!(!text.contains(&enrolment) && !text.contains(&app.recovery[0]));
        assert!(!text.contains(&app.recovery[0].replace('-', "")));
    }
    assert!(kept.contains("gcm."), "it is there, sealed");
}

fn half_secret(app: &App) -> String {
    app.totp.secret().to_base32()
}
