//! A day in the life of an organisation: what its people, the operator and another deployment see of it, from its first mail until
//! nothing is left.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tenant_testkit::servers::Redis;

use crate::{
    callers::{NOW, SECRET, bearer, token},
    client::{self, Answer},
    organisations::{House, house, house_with},
};

/// The job, once it is done.
#[track_caller]
fn done(house: &House, accepted: &Answer) -> Value {
    let path = format!("/admin/jobs/{}", accepted.ok(202)["job_id"].as_str().unwrap());
    for _ in 0..1_500 {
        let job = house.operator("GET", &path, None).ok(200);
        match job["status"].as_str().unwrap() {
            "done" => return job,
            "failed" => panic!("{job}"),
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("the job does not come to its end");
}

fn import(house: &House, archive: &[u8]) -> Answer {
    let address = house.server.address;
    let head = format!(
        "POST /admin/tenants/import HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         authorization: Bearer s3cret\r\ncontent-type: application/x-tar\r\ncontent-length: {}\r\n\r\n",
        archive.len()
    );
    client::raw(address, &[head.as_bytes(), archive].concat()).unwrap()
}

/// Every row that names it in a table beside those that stay.
fn left(house: &House, tenant: &str) -> i64 {
    let tables = house.server.texts(
        "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' \
         WHERE m.type = 'table' AND m.name NOT IN ('tenant_audit', 'tenant_jobs')",
    );
    assert!(tables.len() > 20, "{tables:?}");
    let rows = |table: &String| {
        house.server.count(&format!("SELECT count(*) FROM \"{table}\" WHERE tenant_id = '{tenant}'"))
    };
    tables.iter().map(rows).sum()
}

#[test]
fn from_the_first_mail_until_nothing_is_left_and_once_more_elsewhere() {
    day(&house(), &house());
}

#[test]
fn the_same_where_limits_and_caches_are_shared_and_nothing_is_left_there() {
    let redis = Redis::shared().unwrap();
    let (one, other) = (redis.database().unwrap(), redis.database().unwrap());
    let (here, elsewhere) = (house_with(&[("REDIS_URL", &one)]), house_with(&[("REDIS_URL", &other)]));
    day(&here, &elsewhere);
    let ask = |commands: &str| {
        let (user, place) = one.strip_prefix("redis://").unwrap().split_once('@').unwrap();
        let (address, database) = place.split_once('/').unwrap();
        let password = user.split_once(':').unwrap().1;
        let mut connection = TcpStream::connect(address).unwrap();
        write!(connection, "AUTH {password}\r\nSELECT {database}\r\n{commands}\r\nQUIT\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    };
    // Somebody else has the name by now. Purged once more, with what an instance elsewhere may have kept of either.
    here.operator("DELETE", "/admin/tenants/acme", None).ok(204);
    ask("SET tenant:{acme}:c:0:planted 1\r\nSET tenant:{globex}:c:0:planted 1");
    done(&here, &here.operator("POST", "/admin/tenants/acme/purge", None));
    assert_eq!(ask("KEYS *{acme}*"), "+OK\r\n+OK\r\n*0\r\n+OK\r\n");
    assert!(ask("KEYS *{globex}*").contains("planted"), "a neighbour's");
}

fn day(here: &House, elsewhere: &House) {
    // Created, and somebody who was invited comes.
    let (ada, _) = here.organisation("acme", "free");
    here.organisation("globex", "pro");
    let (bob, bob_id) = here.join(&ada, "acme", "bob@acme.example", "member");
    // A project, a key for it, and what is used with that.
    let ask = |who: &str, method: &str, rest: &str, body: Option<Value>| {
        here.ask(who, method, &format!("/organizations/acme{rest}"), body.as_ref())
    };
    let web = ask(&bob, "POST", "/projects", Some(json!({ "name": "Web", "slug": "web" }))).ok(201);
    let key = json!({ "name": "web", "scopes": ["write:resources"], "project_id": web["id"] });
    let key = ask(&ada, "POST", "/api-keys", Some(key)).ok(201);
    let record = |quantity: u64, once: &str| {
        let body = json!({ "type": "api_call", "quantity": quantity, "idempotency_key": once });
        let headers = [("x-api-key", key["key"].as_str().unwrap())];
        here.server.request("POST", "/organizations/acme/resources", &headers, Some(&body))
    };
    let first = record(9_999, "a").ok(201);
    assert_eq!(record(9_999, "a").ok(200), first, "said twice, counted once");
    record(1, "b").ok(201);
    // Somebody whom another issuer knows, for as long as it says.
    let foreign = json!({ "tenant_id": "acme", "roles": ["owner"], "iat": NOW, "exp": NOW + 600 });
    let foreign = bearer(&token(SECRET, &foreign));
    ask(&foreign, "GET", "", None).ok(200);
    let report = ask(&bob, "GET", "/usage", None).ok(200);
    assert_eq!(
        (&report["api_requests"], &report["plan"], &report["status"]),
        (&json!(10_000), &json!("free"), &json!("open"))
    );
    // Beyond the plan, which a better one lifts at once.
    let beyond = record(1, "c").is_problem(429, "quota_exceeded");
    assert_eq!((&beyond["plan"], &beyond["next_plan"]), (&json!("free"), &json!("starter")));
    ask(&ada, "PUT", "/plan", Some(json!({ "plan": "pro" }))).ok(200);
    record(1, "c").ok(201);
    let used = ask(&bob, "GET", "/usage", None).ok(200)["breakdown"].clone();
    let projects = ask(&ada, "GET", "/projects", None).ok(200)["projects"].clone();

    // Out, into another deployment: its people are asked to come along, and all else is as it was.
    let exported = done(here, &here.operator("POST", "/admin/tenants/acme/export", None));
    let path = format!("/admin/jobs/{}/archive", exported["job_id"].as_str().unwrap());
    let archive = here.operator("GET", &path, None);
    assert_eq!(archive.status, 200);
    for secret in [key["key"].as_str().unwrap(), "globex", "$argon2"] {
        assert!(!String::from_utf8_lossy(&archive.body).contains(secret), "{secret} is in the archive");
    }
    done(elsewhere, &import(elsewhere, &archive.body));
    let (there, _) = elsewhere.come("acme", "owner@acme.example");
    let seen = |path: &str| elsewhere.ask(&there, "GET", &format!("/organizations/acme{path}"), None).ok(200);
    let plain = |mut projects: Value| {
        for project in projects.as_array_mut().unwrap() {
            project["team"] = Value::Null;
        }
        projects
    };
    assert_eq!(plain(seen("/projects")["projects"].clone()), plain(projects));
    assert_eq!((&seen("/usage")["breakdown"], &seen("")["plan"]), (&used, &json!("pro")));
    let pending = seen("/users?status=invited");
    assert_eq!(pending["users"][0]["email"], "bob@acme.example");

    // Suspended, deleted, purged.
    here.operator("POST", "/admin/tenants/acme/suspend", None).ok(200);
    here.ask(&bob, "GET", "/organizations/acme", None).is_problem(403, "tenant_inactive");
    here.operator("POST", "/admin/tenants/acme/purge", None).is_problem(409, "conflict");
    here.operator("DELETE", "/admin/tenants/acme", None).ok(204);
    assert!(left(here, "acme") > 5);
    let neighbour = left(here, "globex");
    done(here, &here.operator("POST", "/admin/tenants/acme/purge", None));
    assert_eq!((left(here, "acme"), left(here, "globex")), (0, neighbour));
    let people = format!("SELECT count(*) FROM tenant_people WHERE person_id = '{bob_id}'");
    assert_eq!(here.server.count(&people), 0);
    // Nobody who was there comes in, once what is believed of a key is asked for again, where the name is somebody else's now.
    here.server.advance(2);
    let former = here.mailed("owner@acme.example", "acme");
    let new = json!({ "name": "Acme", "slug": "acme", "owner_email": "eve@acme.example", "plan": "free" });
    here.operator("POST", "/organizations", Some(&new)).ok(201);
    here.accept(&former, "correct horse battery").is_problem(404, "not_found");
    let (again, _) = here.come("acme", "eve@acme.example");
    for former in [&bob, &foreign] {
        here.ask(former, "GET", "/organizations/acme", None).is_problem(401, "unauthenticated");
    }
    record(1, "d").is_problem(401, "unauthenticated");
    let new = here.ask(&again, "GET", "/organizations/acme/usage", None).ok(200);
    assert_eq!((&new["api_requests"], &new["user_count"]), (&json!(0), &json!(1)));
}
