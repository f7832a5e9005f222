//! A tenant's way out of the deployment, and into it, as the operator has it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    client::{self, Answer},
    server::{TestServer, eventually},
};

/// The job, once it is over.
#[track_caller]
fn over(server: &TestServer, accepted: &Answer) -> Value {
    let job_id = accepted.ok(202)["job_id"].as_str().unwrap().to_owned();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(30) {
        let job = server.admin("GET", &format!("/admin/jobs/{job_id}"), None).ok(200);
        assert_eq!(job["job_id"], job_id);
        if job["status"] == "done" || job["status"] == "failed" {
            return job;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the job does not come to its end");
}

fn start(server: &TestServer, path: &str) -> Answer {
    server.admin("POST", path, None)
}

fn import(server: &TestServer, query: &str, kind: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST /admin/tenants/import{query} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: {kind}\r\n\
         content-length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    client::raw(server.address, &[head.as_bytes(), body].concat()).unwrap()
}

fn exported(server: &TestServer, tenant: &str) -> Vec<u8> {
    let job = over(server, &start(server, &format!("/admin/tenants/{tenant}/export")));
    assert_eq!((&job["status"], &job["kind"]), (&json!("done"), &json!("export")), "{job}");
    assert_eq!(job["progress"]["done"], job["progress"]["total"]);
    let path = format!("/admin/jobs/{}/archive", job["job_id"].as_str().unwrap());
    let archive = server.admin("GET", &path, None);
    assert_eq!((archive.status, archive.header("content-type")), (200, Some("application/x-tar")));
    archive.body
}

fn add_users(server: &TestServer, tenant: &str, count: u32) {
    for number in 0..count {
        let body = json!({ "email": format!("u{number}@{tenant}.example"), "name": "U" });
        server.of(tenant, "POST", "/api/users", Some(&body)).ok(201);
    }
}

fn users(server: &TestServer, tenant: &str) -> Vec<(String, String)> {
    let users = server.get(tenant, "/api/users").ok(200);
    let text = |user: &Value, name: &str| user[name].as_str().unwrap().to_owned();
    users.as_array().unwrap().iter().map(|user| (text(user, "id"), text(user, "email"))).collect()
}

#[test]
fn a_tenant_is_exported_and_imported_under_another_id_and_into_another_deployment() {
    let (server, other) = (TestServer::start(), TestServer::start());
    server.create_tenant("acme");
    server.create_tenant("globex");
    add_users(&server, "acme", 5);
    add_users(&server, "globex", 2);
    let archive = exported(&server, "acme");
    let text = String::from_utf8_lossy(&archive);
    assert!(
        text.contains("manifest.json") && text.contains("users.jsonl") && text.contains("u4@acme.example")
    );
    assert!(!text.contains("globex"), "another tenant is in it");

    let job = over(&server, &import(&server, "?tenant_id=initech", "application/x-tar", &archive));
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(job["result"]["tenant_id"], "initech");
    assert_eq!(users(&server, "initech"), users(&server, "acme"));
    assert_eq!(users(&server, "globex").len(), 2);

    let job = over(&other, &import(&other, "", "application/x-tar", &archive));
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(users(&other, "acme"), users(&server, "acme"));
}

#[test]
fn an_import_over_a_tenant_is_a_conflict_and_one_of_nonsense_changes_nothing() {
    let server = TestServer::start();
    server.create_tenant("acme");
    let archive = exported(&server, "acme");
    import(&server, "?tenant_id=acme", "application/x-tar", &archive).is_problem(409, "conflict");
    import(&server, "", "application/x-tar", &archive).is_problem(409, "conflict");
    import(&server, "?tenant_id=a%20b", "application/x-tar", &archive).is_problem(400, "invalid_request");
    import(&server, "?tenant=x", "application/x-tar", &archive).is_problem(400, "invalid_request");
    import(&server, "", "application/json", b"{}").is_problem(415, "unsupported_media_type");
    import(&server, "", "application/x-tar", b"nonsense").is_problem(400, "invalid_request");
    let mut damaged = archive;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let job = over(&server, &import(&server, "?tenant_id=new", "application/x-tar", &damaged));
    assert_eq!((&job["status"], &job["result"]), (&json!("failed"), &Value::Null));
    assert!(job["error"].as_str().unwrap().contains("refused"), "{job}");
    server.admin("GET", "/admin/tenants/new", None).is_problem(404, "tenant_not_found");
    let reserved = server.admin("POST", "/admin/tenants", Some(&json!({ "tenant_id": "import" })));
    assert_eq!(reserved.is_problem(400, "invalid_request")["field"], "tenant_id");
}

#[test]
fn an_archive_may_be_longer_than_other_bodies_and_not_longer_than_is_said() {
    let server = TestServer::with(&[("IMPORT_MAX_MEGABYTES", "2")]);
    let body = vec![0; (2 << 20) + 1];
    import(&server, "?tenant_id=x", "application/x-tar", &body).is_problem(413, "body_too_large");
    let job = over(&server, &import(&server, "?tenant_id=x", "application/x-tar", &body[1..]));
    assert_eq!(job["status"], "failed", "it was taken, and is no archive");
    let folder = server.database().with_file_name("archives");
    // It is removed once the job is over.
    eventually(|| std::fs::read_dir(&folder).unwrap().count(), |left| *left == 0);
}

#[test]
fn a_purged_tenant_is_gone_and_its_id_is_free() {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_tenant("globex");
    add_users(&server, "acme", 3);
    add_users(&server, "globex", 3);
    let globex = users(&server, "globex");
    let early = start(&server, "/admin/tenants/acme/purge");
    early.is_problem(409, "conflict");
    server.admin("DELETE", "/admin/tenants/acme", None).ok(204);
    server.admin("POST", "/admin/tenants", Some(&json!({ "tenant_id": "acme" }))).is_problem(409, "conflict");
    let job = over(&server, &start(&server, "/admin/tenants/acme/purge"));
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(job["result"]["residue"]["users"], 0);
    assert_eq!(job["result"]["residue"]["tenant_sessions"], 0);
    server.admin("GET", "/admin/tenants/acme", None).is_problem(404, "tenant_not_found");
    start(&server, "/admin/tenants/acme/purge").is_problem(404, "tenant_not_found");
    server.get("acme", "/api/users").is_problem(404, "tenant_not_found");
    server.create_tenant("acme");
    assert!(users(&server, "acme").is_empty());
    assert_eq!(users(&server, "globex"), globex);
    let log = server.admin("GET", "/admin/audit?tenant_id=acme&action=tenant.purge_requested", None).ok(200);
    assert_eq!(log["events"].as_array().unwrap().len(), 1, "{log}");
}

#[test]
fn jobs_and_archives_that_are_not_there_are_not_found() {
    let server = TestServer::start();
    server.create_tenant("acme");
    for path in ["/admin/jobs/x", "/admin/jobs/x/archive", "/admin/jobs/..%2f..%2ftenants/archive"] {
        server.admin("GET", path, None).is_problem(404, "not_found");
    }
    start(&server, "/admin/tenants/nobody/export").is_problem(404, "tenant_not_found");
    server.admin("DELETE", "/admin/tenants/acme", None).ok(204);
    let purge = over(&server, &start(&server, "/admin/tenants/acme/purge"));
    let path = format!("/admin/jobs/{}/archive", purge["job_id"].as_str().unwrap());
    server.admin("GET", &path, None).is_problem(404, "not_found");
}

#[cfg(unix)]
#[test]
fn nobody_else_on_the_machine_reads_an_archive() {
    use std::os::unix::fs::PermissionsExt;

    let server = TestServer::start();
    server.create_tenant("acme");
    exported(&server, "acme");
    let folder = server.database().with_file_name("archives");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(mode(&files[0]), 0o600);
}
