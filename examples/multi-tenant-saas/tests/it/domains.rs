//! Hosts that tenants bring along.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, UdpSocket},
    sync::Arc,
    thread,
    time::Duration,
};

use async_trait::async_trait;
use multi_tenant_saas::Settings;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tenant::{
    auth::{Dns, DomainProof, NotProved, WellKnownProof},
    danger::Loopback,
};

use crate::{
    callers::{SECRET, token},
    client::Answer,
    server::{TestServer, eventually},
};

/// What is where: a token on a host.
#[derive(Clone, Default)]
struct Internet {
    tokens: Arc<Mutex<BTreeSet<(String, String)>>>,
    looks: Arc<Mutex<Vec<String>>>,
    /// A look at this host waits.
    slow: Arc<Mutex<Option<String>>>,
}

#[async_trait]
impl DomainProof for Internet {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        self.looks.lock().push(host.to_owned());
        while self.slow.lock().as_deref() == Some(host) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let is_there = self.tokens.lock().contains(&(host.to_owned(), token.to_owned()));
        if is_there { Ok(()) } else { Err(NotProved) }
    }
}

impl Internet {
    fn publish(&self, claim: &Value) {
        let text = |name: &str| claim[name].as_str().unwrap().to_owned();
        self.tokens.lock().insert((text("host"), text("token")));
    }

    fn looks(&self, host: &str) -> usize {
        self.looks.lock().iter().filter(|looked| *looked == host).count()
    }

    fn server(&self, variables: &[(&str, &str)]) -> TestServer {
        let proof = Arc::new(self.clone());
        TestServer::set(variables, |settings: &mut Settings| settings.domain_proof = Some(proof))
    }
}

fn start() -> (TestServer, Internet) {
    let internet = Internet::default();
    let server = internet.server(&[("BASE_DOMAINS", "app.example")]);
    for tenant in ["acme", "globex"] {
        server.create_tenant(tenant);
    }
    (server, internet)
}

fn claim(server: &TestServer, tenant: &str, host: &str) -> Answer {
    server.of(tenant, "POST", "/api/hosts", Some(&json!({ "host": host })))
}

fn verify(server: &TestServer, tenant: &str, host: &str) -> Answer {
    server.of(tenant, "POST", &format!("/api/hosts/{host}/verify"), None)
}

fn hosts(server: &TestServer, tenant: &str) -> Vec<(String, String)> {
    let all = server.get(tenant, "/api/hosts").ok(200);
    let pair = |host: &Value| {
        (host["host"].as_str().unwrap().to_owned(), host["status"].as_str().unwrap().to_owned())
    };
    all["hosts"].as_array().unwrap().iter().map(pair).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(host, status)| ((*host).to_owned(), (*status).to_owned())).collect()
}

/// Whose users a request to this host sees.
fn leads(server: &TestServer, host: &str) -> u16 {
    let head = format!("GET /api/users HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    crate::client::raw(server.address, head.as_bytes()).unwrap().status
}

#[test]
fn a_claimed_host_leads_nowhere_until_its_token_was_found() {
    let (server, internet) = start();
    let answer = claim(&server, "acme", "Shop.Acme.Example");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.ok(201);
    assert_eq!((&made["host"], &made["status"]), (&json!("shop.acme.example"), &json!("pending")));
    assert_eq!(made["expires_at"], "2023-11-21T22:14:00Z");
    assert_eq!(server.get("acme", "/api/hosts").ok(200), json!({ "hosts": [made] }));
    assert_eq!(verify(&server, "acme", "shop.acme.example").ok(200), made);
    assert_eq!(leads(&server, "shop.acme.example"), 401);
    internet.publish(&made);
    let live = json!({ "host": "shop.acme.example", "status": "live" });
    assert_eq!(verify(&server, "acme", "SHOP.acme.example").ok(200), live);
    assert_eq!(leads(&server, "shop.acme.example"), 200);
    assert_eq!(server.get("acme", "/api/hosts").ok(200), json!({ "hosts": [live] }));
    assert_eq!(verify(&server, "acme", "shop.acme.example").ok(200), live, "it stays so");
    claim(&server, "acme", "shop.acme.example").is_problem(409, "conflict");
    // The operator sees it where all hosts are.
    let config = server.admin("GET", "/admin/tenants/acme/hosts", None).ok(200);
    assert_eq!(config, json!({ "hosts": ["shop.acme.example"] }));
    // It is given back.
    assert_eq!(server.of("acme", "DELETE", "/api/hosts/shop.acme.example", None).status, 204);
    assert_eq!(leads(&server, "shop.acme.example"), 401);
    assert_eq!(hosts(&server, "acme"), []);
}

#[test]
fn who_proves_a_host_first_has_it_and_others_learn_nothing_before_they_prove_it() {
    let (server, internet) = start();
    let squatter = claim(&server, "globex", "shop.acme.example").ok(201);
    let owner = claim(&server, "acme", "shop.acme.example").ok(201);
    assert_ne!(owner["token"], squatter["token"]);
    internet.publish(&owner);
    assert_eq!(verify(&server, "globex", "shop.acme.example").ok(200), squatter);
    assert_eq!(verify(&server, "acme", "shop.acme.example").ok(200)["status"], "live");
    // Byte for byte as before it was somebody's.
    assert_eq!(verify(&server, "globex", "shop.acme.example").ok(200), squatter);
    let later = claim(&server, "globex", "other.example").ok(201);
    assert_eq!(later["status"], "pending");
    assert_eq!(server.of("globex", "DELETE", "/api/hosts/other.example", None).status, 204);
    internet.publish(&squatter);
    let problem = verify(&server, "globex", "shop.acme.example").is_problem(409, "conflict");
    assert!(!problem.to_string().contains("acme\""), "{problem}");
    assert_eq!(hosts(&server, "globex"), pairs(&[("shop.acme.example", "conflict")]));
    assert_eq!(hosts(&server, "acme"), pairs(&[("shop.acme.example", "live")]));
    // Another's is not deleted, live or pending.
    assert_eq!(
        server.of("globex", "DELETE", "/api/hosts/shop.acme.example", None).status,
        204,
        "its own claim"
    );
    server.of("globex", "DELETE", "/api/hosts/shop.acme.example", None).is_problem(404, "not_found");
    let mine = claim(&server, "acme", "mine.example").ok(201);
    server.of("globex", "DELETE", "/api/hosts/mine.example", None).is_problem(404, "not_found");
    verify(&server, "globex", "mine.example").is_problem(404, "not_found");
    assert_eq!(verify(&server, "acme", "mine.example").ok(200), mine);
}

#[test]
fn a_host_goes_live_by_itself_once_its_token_is_there() {
    let (server, internet) = start();
    let made = claim(&server, "acme", "shop.acme.example").ok(201);
    internet.publish(&made);
    assert_eq!(leads(&server, "shop.acme.example"), 401);
    server.advance(60);
    eventually(|| leads(&server, "shop.acme.example"), |status| *status == 200);
    eventually(|| hosts(&server, "acme"), |hosts| *hosts == pairs(&[("shop.acme.example", "live")]));
    assert_eq!(internet.looks("shop.acme.example"), 1);
}

#[test]
fn of_two_instances_one_looks_and_both_know() {
    let internet = Internet::default();
    let one = internet.server(&[]);
    let url = format!("sqlite://{}", one.database().display());
    let other = internet.server(&[("DATABASE_URL", &url)]);
    one.create_tenant("acme");
    for number in 0..5 {
        claim(&one, "acme", &format!("host{number}.example")).ok(201);
    }
    one.advance(60);
    other.advance(60);
    let looks = || internet.looks.lock().len();
    eventually(looks, |looks| *looks == 5);
    thread::sleep(Duration::from_millis(2_500));
    assert_eq!(looks(), 5, "nobody looked twice");
}

#[test]
fn a_tenant_that_is_not_served_proves_nothing() {
    let (server, internet) = start();
    for tenant in ["acme", "globex"] {
        internet.publish(&claim(&server, tenant, &format!("{tenant}.example")).ok(201));
    }
    server.create_tenant("initech");
    internet.publish(&claim(&server, "initech", "initech.example").ok(201));
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    assert_eq!(server.admin("DELETE", "/admin/tenants/globex", None).status, 204);
    verify(&server, "acme", "acme.example").is_problem(403, "tenant_inactive");
    server.advance(60);
    eventually(|| leads(&server, "initech.example"), |status| *status == 200);
    assert_eq!((internet.looks("acme.example"), internet.looks("globex.example")), (0, 0));
    assert_eq!((leads(&server, "acme.example"), leads(&server, "globex.example")), (401, 401));
    // It goes on where it was.
    server.admin("POST", "/admin/tenants/acme/activate", None).ok(200);
    assert_eq!(verify(&server, "acme", "acme.example").ok(200)["status"], "live");
}

#[test]
fn what_was_withdrawn_while_it_was_looked_at_does_not_go_live() {
    let (server, internet) = start();
    internet.publish(&claim(&server, "acme", "shop.example").ok(201));
    *internet.slow.lock() = Some("shop.example".into());
    thread::scope(|scope| {
        let looking = scope.spawn(|| verify(&server, "acme", "shop.example"));
        eventually(|| internet.looks("shop.example"), |looks| *looks == 1);
        // One look of a tenant's at once; another tenant's goes on.
        let busy = verify(&server, "acme", "shop.example");
        busy.is_problem(429, "quota_exceeded");
        assert_eq!(busy.header("retry-after"), Some("1"));
        claim(&server, "globex", "other.example").ok(201);
        verify(&server, "globex", "other.example").ok(200);
        assert_eq!(server.of("acme", "DELETE", "/api/hosts/shop.example", None).status, 204);
        *internet.slow.lock() = None;
        looking.join().unwrap().is_problem(404, "not_found");
    });
    assert_eq!(leads(&server, "shop.example"), 401);
    assert_eq!(hosts(&server, "acme"), []);
}

#[test]
fn what_can_t_be_claimed_is_named() {
    let (server, _) = start();
    for wrong in [
        "",
        "*.acme.example",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "localhost",
        "acme",
        "acme.example:80",
        "http://acme.example",
        "acme.example/x",
        "a_b.example",
        "app.example",
        "globex.app.example",
        "a.b.app.example",
    ] {
        assert_eq!(
            claim(&server, "acme", wrong).is_problem(400, "invalid_request")["field"],
            "host",
            "{wrong}"
        );
    }
    for body in [json!({}), json!({ "host": 1 }), json!({ "host": "a.example", "token": "mine" })] {
        server.of("acme", "POST", "/api/hosts", Some(&body)).is_problem(400, "invalid_request");
    }
    claim(&server, "acme", "again.example").ok(201);
    claim(&server, "acme", "AGAIN.example.").is_problem(409, "conflict");
    for number in 1..20 {
        claim(&server, "acme", &format!("host{number}.example")).ok(201);
    }
    claim(&server, "acme", "one-more.example").is_problem(429, "quota_exceeded");
    claim(&server, "globex", "one-more.example").ok(201);
    // They end.
    server.advance(7 * 24 * 3_600);
    assert_eq!(hosts(&server, "acme"), []);
    verify(&server, "acme", "again.example").is_problem(404, "not_found");
    claim(&server, "acme", "one-more.example").ok(201);
}

/// A host that leads here already proves nothing by asking it: else whoever claims it first would have it.
#[test]
fn this_server_itself_never_answers_with_a_token() {
    let (server, _) = start();
    let made = claim(&server, "acme", "shop.example").ok(201);
    for host in ["shop.example", "app.example", "acme.app.example"] {
        let head =
            format!("GET {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n", WellKnownProof::PATH);
        let answer = crate::client::raw(server.address, head.as_bytes()).unwrap();
        assert_eq!(answer.status, 404, "{host}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(made["token"].as_str().unwrap()));
    }
}

#[test]
fn members_and_keys_don_t_bring_hosts_along() {
    let internet = Internet::default();
    let server = internet.server(&[("JWT_SECRET", SECRET)]);
    server.create_tenant("acme");
    let ask = |role: &str, method: &str, path: &str| {
        let bearer = format!("Bearer {}", token(SECRET, &json!({ "tenant_id": "acme", "roles": [role] })));
        let body =
            (path == "/api/hosts" && method == "POST").then(|| json!({ "host": format!("{role}.example") }));
        server.request(method, path, &[("authorization", &bearer)], body.as_ref()).status
    };
    for role in ["viewer", "member"] {
        for (method, path) in
            [("GET", "/api/hosts"), ("POST", "/api/hosts"), ("DELETE", "/api/hosts/a.example")]
        {
            assert_eq!(ask(role, method, path), 403, "{role} {method}");
        }
    }
    for role in ["admin", "owner"] {
        assert_eq!((ask(role, "POST", "/api/hosts"), ask(role, "GET", "/api/hosts")), (201, 200));
    }
}

/// Answers each question for an IPv4 address with this machine's.
fn name_server() -> std::net::SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((count, from)) = socket.recv_from(&mut query) {
            // RFC 1035, section 4.1: the id, and the question up to its type and class.
            let name = query[12..count].iter().position(|byte| *byte == 0).unwrap() + 1;
            let (question, is_a) = (&query[12..12 + name + 4], query[12 + name..][..2] == [0, 1]);
            let mut answer =
                [&query[..2], &[0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0], question].concat();
            if is_a {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

/// A web server that says this to whoever asks.
fn web_server(body: Arc<Mutex<String>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let body = body.lock().clone();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    port
}

#[test]
fn a_real_name_server_and_a_real_web_server_prove_a_host() {
    let body = Arc::new(Mutex::new("nothing yet".to_owned()));
    let port = web_server(Arc::clone(&body));
    let proof =
        WellKnownProof::new(Dns::at(&[name_server()]).unwrap()).with_danger(Loopback::on_ports(port, 9));
    let server = TestServer::set(&[], |settings| settings.domain_proof = Some(Arc::new(proof)));
    server.create_tenant("acme");
    let made = claim(&server, "acme", "shop.acme.example").ok(201);
    assert_eq!(verify(&server, "acme", "shop.acme.example").ok(200), made);
    *body.lock() = format!("{}\n", made["token"].as_str().unwrap());
    assert_eq!(verify(&server, "acme", "shop.acme.example").ok(200)["status"], "live");
    assert_eq!(leads(&server, "shop.acme.example"), 200);
}
