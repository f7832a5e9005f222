//! Webhooks. What an organisation could do through them: hear of another, have this server talk to its own network, or miss what
//! happened while the server was away.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    callers::{SECRET, bearer, of, token},
    server::{TestServer, eventually},
};

/// A server of an organisation's own: it answers 500 so often, and 204 from then on.
struct Receiver {
    url: String,
    told: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    fn failing(times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        thread::spawn(move || {
            for stream in listener.incoming() {
                hear(stream.unwrap(), &seen, times);
            }
        });
        Self { url, told }
    }

    fn told(&self) -> Vec<(String, Value)> {
        self.told.lock().unwrap().clone()
    }

    fn wait_for(&self, count: usize) -> Vec<(String, Value)> {
        eventually(|| self.told(), |told| told.len() >= count)
    }
}

fn hear(mut stream: TcpStream, told: &Mutex<Vec<(String, Value)>>, failing: usize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name {
            "webhook-id" => id = value.to_owned(),
            "webhook-signature" => assert!(value.starts_with("v1,")),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut told = told.lock().unwrap();
    let status = if told.len() < failing { "500 X" } else { "204 X" };
    told.push((id, serde_json::from_slice(&body).unwrap()));
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes());
}

const VARIABLES: [(&str, &str); 3] =
    [("JWT_SECRET", SECRET), ("ADMIN_TOKEN", "s3cret"), ("WEBHOOK_ALLOW_PRIVATE", "on")];

fn house(variables: &[(&str, &str)]) -> TestServer {
    let server = TestServer::with(variables);
    for tenant in ["acme", "globex"] {
        let headers = [("authorization", "Bearer s3cret")];
        server.request("POST", "/admin/tenants", &headers, Some(&json!({ "tenant_id": tenant }))).ok(201);
    }
    server
}

fn ask(
    server: &TestServer,
    tenant: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> crate::client::Answer {
    let admin = bearer(&token(SECRET, &of(tenant, "admin")));
    server.request(method, path, &[("authorization", &admin)], body)
}

fn listen(server: &TestServer, tenant: &str, url: &str, events: &[&str]) -> Value {
    let body = json!({ "url": url, "events": events });
    ask(server, tenant, "POST", &format!("/organizations/{tenant}/webhooks"), Some(&body)).ok(201)
}

fn create_user(server: &TestServer, tenant: &str, name: &str) -> String {
    let body = json!({ "email": format!("{name}@{tenant}.example"), "name": name });
    let user = ask(server, tenant, "POST", "/api/users", Some(&body)).ok(201);
    user["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_organisation_makes_lists_and_deletes_its_own() {
    let server = house(&VARIABLES);
    let body = json!({ "url": "https://hooks.acme.example/x", "events": ["user.created", "user.deleted"] });
    let made = ask(&server, "acme", "POST", "/organizations/acme/webhooks", Some(&body));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let location = made.header("location").unwrap().to_owned();
    let made = made.ok(201);
    let id = made["webhook_id"].as_str().unwrap();
    assert_eq!(location, format!("/organizations/acme/webhooks/{id}"));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&made["url"], &made["events"]), (&body["url"], &body["events"]));
    let list = ask(&server, "acme", "GET", "/organizations/acme/webhooks", None).ok(200);
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(list, json!({ "webhooks": [expected], "next_cursor": null }), "the secret is shown once");
    let theirs = ask(&server, "globex", "GET", "/organizations/globex/webhooks", None).ok(200);
    assert_eq!(theirs["webhooks"], json!([]));
    let foreign = format!("/organizations/globex/webhooks/{id}");
    ask(&server, "globex", "DELETE", &foreign, None).is_problem(404, "not_found");
    ask(&server, "acme", "DELETE", &location, None).ok(204);
    ask(&server, "acme", "DELETE", &location, None).is_problem(404, "not_found");
    let audit = ask(&server, "acme", "GET", "/organizations/acme/audit?resource_type=webhook", None).ok(200);
    let actions: Vec<_> = audit["events"].as_array().unwrap().iter().map(|event| &event["action"]).collect();
    assert_eq!(actions, ["webhook.deleted", "webhook.created"]);
    assert_eq!(audit["events"][1]["resource_id"], id);
}

#[test]
fn a_url_that_is_private_carries_credentials_or_is_not_http_is_refused() {
    let server = house(&VARIABLES[..2]);
    for (url, events) in [
        ("http://127.0.0.1:9/", json!(["*"])),
        ("http://localhost/", json!(["*"])),
        ("http://[::1]/", json!(["*"])),
        ("http://169.254.169.254/latest/meta-data", json!(["*"])),
        ("http://0x7f.1/", json!(["*"])),
        ("https://ada:secret@hooks.acme.example/", json!(["*"])),
        ("ftp://hooks.acme.example/", json!(["*"])),
        ("hooks.acme.example", json!(["*"])),
        ("https://hooks.acme.example/", json!([])),
        ("https://hooks.acme.example/", json!(["a b"])),
        ("https://hooks.acme.example/", json!("*")),
    ] {
        let body = json!({ "url": url, "events": events });
        let answer = ask(&server, "acme", "POST", "/organizations/acme/webhooks", Some(&body));
        let problem = answer.is_problem(400, "invalid_request");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    assert_eq!(server.count("SELECT count(*) FROM tenant_webhooks"), 0);
    listen(&server, "acme", "http://hooks.acme.example:8080/", &["*"]);
}

#[test]
fn what_happens_is_told_to_its_own_organisation_and_again_until_it_is_taken() {
    let server = house(&VARIABLES);
    let (acme, globex) = (Receiver::failing(1), Receiver::failing(0));
    listen(&server, "acme", &acme.url, &["user.created", "workflow.deleted"]);
    listen(&server, "globex", &globex.url, &["*"]);
    let id = create_user(&server, "acme", "ann");
    let first = acme.wait_for(1);
    assert_eq!(first[0].1["type"], "user.created");
    assert_eq!((&first[0].1["tenant_id"], &first[0].1["data"]["id"]), (&json!("acme"), &json!(id)));
    assert_eq!(
        (&first[0].1["id"], &first[0].1["created_at"]),
        (&json!(first[0].0), &json!("2023-11-14T22:14:00Z"))
    );
    thread::sleep(Duration::from_millis(400));
    assert_eq!(acme.told().len(), 1, "a second is not over");
    server.advance(1);
    assert_eq!(acme.wait_for(2)[1], first[0], "the same, under the same id");
    // Of what it does not want to hear it is not told.
    ask(&server, "acme", "DELETE", &format!("/api/users/{id}"), None).ok(204);
    let workflow = ask(&server, "acme", "POST", "/api/workflows", Some(&json!({ "name": "w" }))).ok(201);
    let workflow = format!("/api/workflows/{}", workflow["id"].as_str().unwrap());
    ask(&server, "acme", "DELETE", &workflow, None).ok(204);
    assert_eq!(acme.wait_for(3)[2].1["type"], "workflow.deleted");
    server.advance(60);
    thread::sleep(Duration::from_millis(400));
    assert_eq!((acme.told().len(), globex.told().len()), (3, 0));
    let key = json!({ "name": "k", "scopes": [] });
    ask(&server, "globex", "POST", "/organizations/globex/api-keys", Some(&key)).ok(201);
    let project = json!({ "name": "P", "slug": "p" });
    ask(&server, "globex", "POST", "/organizations/globex/projects", Some(&project)).ok(201);
    let mut kinds: Vec<_> =
        globex.wait_for(2).into_iter().map(|(_, told)| told["type"].as_str().unwrap().to_owned()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["api_key.created", "project.created"]);
    assert_eq!(acme.told().len(), 3);
}

#[test]
fn what_was_not_taken_when_the_server_ended_is_told_by_the_next() {
    let server = house(&VARIABLES);
    let receiver = Receiver::failing(1);
    listen(&server, "acme", &receiver.url, &["*"]);
    create_user(&server, "acme", "ann");
    let first = receiver.wait_for(1);
    let folder: TempDir = server.stop();
    let server = TestServer::on(folder, &VARIABLES);
    server.advance(2);
    assert_eq!(receiver.wait_for(2)[1], first[0]);
    let waiting = || server.count("SELECT count(*) FROM tenant_deliveries");
    assert_eq!(eventually(waiting, |waiting| *waiting == 0), 0);
}

#[test]
fn nothing_is_told_of_what_was_not_done() {
    let server = house(&VARIABLES);
    let receiver = Receiver::failing(0);
    listen(&server, "acme", &receiver.url, &["*"]);
    create_user(&server, "acme", "ann");
    let twice = json!({ "email": "ann@acme.example", "name": "ann" });
    ask(&server, "acme", "POST", "/api/users", Some(&twice)).is_problem(409, "conflict");
    ask(&server, "acme", "DELETE", "/api/users/none", None).is_problem(404, "not_found");
    ask(&server, "acme", "POST", "/api/workflows/none/execute", Some(&json!({})))
        .is_problem(404, "not_found");
    create_user(&server, "acme", "bob");
    let told = receiver.wait_for(2);
    assert!(told.iter().all(|(_, told)| told["type"] == "user.created"));
    assert_eq!(server.count("SELECT count(*) FROM tenant_outbox"), 2);
}
