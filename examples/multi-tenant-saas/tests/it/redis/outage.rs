//! Redis goes away, and comes back.

use std::{
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::json;
use tenant_testkit::servers::{Redis, ServerOptions};

use super::{Pair, SECOND, admin, by_host, execute, get, health, used, within};
use crate::{client::Answer, process::Process};

/// A way to a server, which can be cut.
struct Way {
    port: u16,
    ends: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Way {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let way = Self { port: own, ends: Arc::new(Mutex::new(Some(Vec::new()))) };
        let ends = Arc::clone(&way.ends);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // While it is cut, whoever comes finds a closed door.
                if let Some(ends) = &mut *ends.lock().unwrap() {
                    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    for (from, to) in [(&client, &server), (&server, &client)] {
                        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                        std::thread::spawn(move || {
                            let _ = std::io::copy(&mut from, &mut to);
                            let _ = to.shutdown(Shutdown::Both);
                        });
                    }
                    ends.extend([client, server]);
                }
            }
        });
        way
    }

    fn cut(&self) {
        for end in self.ends.lock().unwrap().take().unwrap() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) {
        *self.ends.lock().unwrap() = Some(Vec::new());
    }
}

/// Two servers with a tenant each; the first one's way to Redis can be cut.
fn severable() -> (Way, Pair) {
    let redis = Redis::shared().unwrap();
    let (way, url) = (Way::to(redis.port()), redis.database().unwrap());
    let through = url.replace(&format!(":{}/", redis.port()), &format!(":{}/", way.port));
    let pair = Pair::on(&through, &url);
    pair.create(&json!({ "tenant_id": "acme", "limits": { "concurrent_executions": 2 } }));
    within(SECOND, || get(&pair.b, "acme"), |answer| answer.status == 200);
    (way, pair)
}

#[test]
fn a_server_that_stops_while_redis_is_away_gives_its_places_back_before_the_end() {
    let (way, Pair { a, b, _folder }) = severable();
    execute(&a, "acme").ok(202);
    way.cut();
    a.terminate();
    std::thread::sleep(SECOND);
    assert_eq!(used(&b, "acme", "concurrent_executions"), 1, "by its lease for 25 seconds");
    way.open();
    assert!(a.wait().success());
    assert_eq!(used(&b, "acme", "concurrent_executions"), 0);
}

#[test]
fn a_server_that_stops_while_redis_is_away_tells_of_a_suspension_before_the_end() {
    let (way, Pair { a, b, _folder }) = severable();
    way.cut();
    admin(&a, "POST", "/admin/tenants/acme/suspend", None).ok(200);
    a.terminate();
    std::thread::sleep(SECOND);
    get(&b, "acme").ok(200);
    way.open();
    assert!(a.wait().success());
    within(SECOND, || get(&b, "acme"), |answer| answer.status == 403);
}

/// Tenants with a host each, created in this order.
fn create_with_hosts(pair: &Pair, tenants: [(&str, &[&str]); 2]) {
    for (tenant, hosts) in tenants {
        pair.create(&json!({ "tenant_id": tenant, "hosts": hosts }));
    }
}

fn move_hosts(server: &Process, tenant: &str, hosts: &[&str]) {
    let path = format!("/admin/tenants/{tenant}");
    admin(server, "PUT", &path, Some(&json!({ "hosts": hosts }))).ok(200);
}

#[track_caller]
fn leads_to(time: Duration, server: &Process, host: &str, tenant: &str) {
    let leads = |answer: &Answer| answer.status == 200 && answer.json()["id"] == tenant;
    within(time, || by_host(server, host), leads);
}

#[test]
fn hosts_that_two_tenants_exchanged_while_redis_was_away_lead_to_their_new_tenants() {
    let (way, pair) = severable();
    create_with_hosts(&pair, [("initech", &["one.example"]), ("globex", &["two.example"])]);
    way.cut();
    for (tenant, hosts) in [("globex", &[][..]), ("initech", &["two.example"]), ("globex", &["one.example"])]
    {
        move_hosts(&pair.b, tenant, hosts);
    }
    for server in pair.both() {
        get(server, "globex").ok(200);
    }
    by_host(&pair.a, "one.example").ok(200);
    way.open();
    for server in pair.both() {
        leads_to(5 * SECOND, server, "one.example", "globex");
        leads_to(5 * SECOND, server, "two.example", "initech");
    }
}

#[test]
fn a_host_that_another_instance_has_freed_leads_to_whom_it_is_given_though_redis_is_away() {
    let (way, pair) = severable();
    create_with_hosts(&pair, [("globex", &[]), ("initech", &["one.example"])]);
    leads_to(SECOND, &pair.a, "one.example", "initech");
    way.cut();
    move_hosts(&pair.b, "initech", &[]);
    move_hosts(&pair.a, "globex", &["one.example"]);
    leads_to(SECOND, &pair.a, "one.example", "globex");
    way.open();
}

/// A server that can be stopped, and started again on its port with everything it knew lost.
struct Fragile {
    port: u16,
    server: Option<Redis>,
}

const PASSWORD: &str = "s3cret";

impl Fragile {
    fn start() -> Self {
        let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Somebody else may take it in between: then another one.
        let started = (0..9).map(|_| port()).find_map(|port| Some((port, Self::serve(port)?)));
        let (port, server) = started.expect("no port is free");
        Self { port, server: Some(server) }
    }

    fn serve(port: u16) -> Option<Redis> {
        let options =
            ServerOptions::default().setting("port", port.to_string()).setting("requirepass", PASSWORD);
        Redis::start_with(&options).ok()
    }

    fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    fn stop(&mut self) {
        self.server = None;
    }

    fn start_again(&mut self) {
        self.server = Some(within(20 * SECOND, || Self::serve(self.port), Option::is_some).unwrap());
    }
}

#[test]
fn without_redis_each_instance_counts_for_itself_and_all_is_well_again_when_it_is_back() {
    let mut redis = Fragile::start();
    let pair = Pair::on(&redis.url(), &redis.url());
    pair.create_limited("acme", 5, "local");
    pair.create_limited("closed", 5, "closed");
    pair.create_limited("later", 10, "local");
    pair.create(&json!({ "tenant_id": "globex" }));
    for server in pair.both() {
        for tenant in ["acme", "closed", "globex"] {
            get(server, tenant).ok(200);
        }
        let healthy = json!({ "status": "ok", "stores": { "database": "ok", "redis": "ok" } });
        assert_eq!(health(server).ok(200), healthy);
    }

    redis.stop();
    for server in pair.both() {
        let mut admitted = 0;
        for _ in 0..20 {
            let begin = Instant::now();
            let answer = get(server, "acme");
            assert!(begin.elapsed() < SECOND, "{:?}", begin.elapsed());
            assert!([200, 429].contains(&answer.status), "{}", answer.status);
            admitted += u32::from(answer.status == 200);
        }
        assert!((1..=5).contains(&admitted), "{admitted}");
        get(server, "closed").is_problem(503, "tenant_store_unavailable");
        get(server, "globex").ok(200);
        let degraded =
            json!({ "status": "degraded", "stores": { "database": "ok", "redis": "unavailable" } });
        assert_eq!(health(server).ok(200), degraded);
    }
    // Nobody can hear of it now.
    admin(&pair.a, "POST", "/admin/tenants/globex/suspend", None).ok(200);
    get(&pair.b, "globex").ok(200);
    pair.create(&json!({ "tenant_id": "late", "hosts": ["late.example"] }));
    by_host(&pair.b, "late.example").is_problem(401, "tenant_required");

    redis.start_again();
    let five = 5 * SECOND;
    for server in pair.both() {
        within(five, || health(server), |answer| answer.json()["status"] == "ok");
        within(five, || get(server, "closed"), |answer| answer.status == 200);
        within(five, || get(server, "globex"), |answer| answer.status == 403);
        within(five, || by_host(server, "late.example"), |answer| answer.status == 200);
    }
    assert_eq!(pair.hammer("later", 40), 10);
}

#[test]
fn a_host_that_moved_while_redis_was_away_leads_to_its_new_tenant_also_where_the_store_fails_for_long() {
    let mut redis = Fragile::start();
    let pair = Pair::on(&redis.url(), &redis.url());
    create_with_hosts(&pair, [("globex", &[]), ("acme", &["app.example"])]);
    leads_to(SECOND, &pair.b, "app.example", "acme");
    redis.stop();
    move_hosts(&pair.a, "acme", &[]);
    move_hosts(&pair.a, "globex", &["app.example"]);
    leads_to(SECOND, &pair.a, "app.example", "globex");
    pair.sql("ALTER TABLE tenants RENAME TO tenants_away");
    redis.start_again();
    within(5 * SECOND, || health(&pair.b), |answer| answer.json()["stores"]["redis"] == "ok");
    // Longer than anybody tries five times.
    std::thread::sleep(8 * SECOND);
    pair.sql("ALTER TABLE tenants_away RENAME TO tenants");
    leads_to(10 * SECOND, &pair.b, "app.example", "globex");
}
