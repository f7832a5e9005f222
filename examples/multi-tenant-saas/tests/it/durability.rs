//! What was acknowledged survives; what is in flight finishes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;

use crate::process::Process;

#[test]
fn kill_9_during_writes_loses_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("tenants.db");
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    let mut tenants: Vec<String> = Vec::new();
    for round in 0..5 {
        let server = Process::start(&database);
        let (stop, begun) = (AtomicBool::new(false), Barrier::new(5));
        let written: Vec<(String, Vec<String>)> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let (server, stop, begun) = (&server, &stop, &begun);
                    scope.spawn(move || write_until(server, &format!("t{round}-{writer}"), begun, stop))
                })
                .collect();
            begun.wait();
            std::thread::sleep(Duration::from_millis(100 + 60 * round));
            // The process dies while all four are writing.
            let killed =
                std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status().unwrap();
            assert!(killed.success());
            stop.store(true, Ordering::SeqCst);
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        server.kill();
        for (tenant, emails) in written {
            acknowledged.extend(emails.into_iter().map(|email| (tenant.clone(), email)));
            tenants.push(tenant);
        }
    }
    assert!(acknowledged.len() > 20, "too few writes to tell: {}", acknowledged.len());
    let server = Process::start(&database);
    for (tenant, id) in &acknowledged {
        let path = format!("/api/users/{id}");
        assert_eq!(
            server.request("GET", &path, &[("x-tenant-id", tenant)], None).status,
            200,
            "{tenant} {id}"
        );
    }
    for tenant in tenants {
        let status = server.request("GET", &format!("/admin/tenants/{tenant}"), &[], None).status;
        assert_eq!(status, 200, "{tenant}");
    }
    server.terminate();
    assert!(server.wait().success());
}

/// Creates a tenant and users in it until the server is gone; answers with the ids that were acknowledged.
fn write_until(server: &Process, tenant: &str, begun: &Barrier, stop: &AtomicBool) -> (String, Vec<String>) {
    let created =
        server.try_request("POST", "/admin/tenants", &[], Some(&format!("{{\"tenant_id\":\"{tenant}\"}}")));
    assert_eq!(created.expect("the tenant is created before the kill").status, 201);
    begun.wait();
    let mut ids = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let body = format!("{{\"email\":\"u{number}@x.example\",\"name\":\"x\"}}");
        let Some(answer) = server.try_request("POST", "/api/users", &[("x-tenant-id", tenant)], Some(&body))
        else {
            break;
        };
        assert_eq!(answer.status, 201);
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    (tenant.to_owned(), ids)
}

#[test]
fn sigterm_lets_requests_in_flight_finish() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(&folder.path().join("tenants.db"));
    assert_eq!(server.request("POST", "/admin/tenants", &[], Some("{\"tenant_id\":\"acme\"}")).status, 201);
    // Half a body: the request is in flight.
    let body = "{\"email\":\"late@acme.example\",\"name\":\"Late\"}";
    let (first, second) = body.split_at(10);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /api/users HTTP/1.1\r\nhost: x\r\nx-tenant-id: acme\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{first}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    std::thread::sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(server.address).is_err(), "no new connections");
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.wait().success());
    let server = Process::start(&folder.path().join("tenants.db"));
    let users = server.request("GET", "/api/users", &[("x-tenant-id", "acme")], None);
    assert_eq!(users.json()[0]["email"], "late@acme.example");
    server.kill();
}

#[test]
fn executions_hold_up_no_end_and_leave_no_place_taken() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("tenants.db");
    let acme = [("x-tenant-id", "acme")];
    let server = Process::start(&database);
    let tenant = r#"{"tenant_id":"acme","limits":{"concurrent_executions":1}}"#;
    assert_eq!(server.request("POST", "/admin/tenants", &[], Some(tenant)).status, 201);
    let workflow = server.request("POST", "/api/workflows", &acme, Some(r#"{"name":"w"}"#)).ok(201);
    let path = format!("/api/workflows/{}/execute", workflow["id"].as_str().unwrap());
    let execute = |server: &Process| {
        let started = server.request("POST", &path, &acme, Some(r#"{"duration_ms":3600000}"#)).ok(202);
        format!("/api/executions/{}", started["execution_id"].as_str().unwrap())
    };
    let killed = execute(&server);
    server.kill();
    let server = Process::start(&database);
    assert_eq!(
        server.request("GET", &killed, &acme, None).ok(200)["status"],
        "running",
        "until it is overdue"
    );
    let stopped = execute(&server);
    let asked = std::time::Instant::now();
    server.terminate();
    assert!(server.wait().success());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let server = Process::start(&database);
    let execution = server.request("GET", &stopped, &acme, None).ok(200);
    assert_eq!((&execution["status"], &execution["outcome"]), (&"completed".into(), &"interrupted".into()));
    execute(&server);
}
