//! Two servers behind one Redis, each a process of its own, over one database.

mod outage;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tenant_testkit::servers::{Redis, ServerOptions};

use crate::{
    client::{self, Answer},
    process::{Process, command},
    stream::Stream,
};

const SECOND: Duration = Duration::from_secs(1);

struct Pair {
    a: Process,
    b: Process,
    _folder: TempDir,
}

impl Pair {
    /// On a database of Redis that nobody else uses.
    fn start() -> Self {
        let url = Redis::shared().unwrap().database().unwrap();
        Self::on(&url, &url)
    }

    fn on(a: &str, b: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("tenants.db");
        let start = |url| Process::start_with(&database, &[("REDIS_URL", url)]);
        Self { a: start(a), b: start(b), _folder: folder }
    }

    fn both(&self) -> [&Process; 2] {
        [&self.a, &self.b]
    }

    /// Runs a statement on the database, past both.
    fn sql(&self, statement: &'static str) {
        let database = format!("sqlite://{}", self._folder.path().join("tenants.db").display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&database).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        });
    }

    /// Creates a tenant through the first.
    #[track_caller]
    fn create(&self, tenant: &Value) {
        admin(&self.a, "POST", "/admin/tenants", Some(tenant)).ok(201);
    }

    /// A tenant with this one limit of requests per hour.
    #[track_caller]
    fn create_limited(&self, id: &str, limit: u64, policy: &str) {
        let hourly = json!({
            "kind": "rate", "dimension": "requests", "limit": limit, "window": "hour", "failure_policy": policy,
        });
        self.create(&json!({ "tenant_id": id, "limits": { "hourly": hourly } }));
    }

    /// How many of so many requests, over both at once, were admitted; none had another answer than that or a denial.
    fn hammer(&self, tenant: &str, requests: usize) -> usize {
        let (next, admitted) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for server in [&self.a, &self.b, &self.a, &self.b] {
                let (next, admitted) = (&next, &admitted);
                scope.spawn(move || {
                    while next.fetch_add(1, Ordering::SeqCst) < requests {
                        match get(server, tenant).status {
                            200 => admitted.fetch_add(1, Ordering::SeqCst),
                            status => {
                                assert_eq!(status, 429);
                                0
                            }
                        };
                    }
                });
            }
        });
        admitted.into_inner()
    }
}

fn admin(server: &Process, method: &str, path: &str, body: Option<&Value>) -> Answer {
    server.request(method, path, &[], body.map(Value::to_string).as_deref())
}

fn get(server: &Process, tenant: &str) -> Answer {
    server.request("GET", "/api/users", &[("x-tenant-id", tenant)], None)
}

fn by_host(server: &Process, host: &str) -> Answer {
    let request = format!("GET /api/tenant/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    client::raw(server.address, request.as_bytes()).unwrap()
}

fn used(server: &Process, tenant: &str, limit: &str) -> Value {
    let usage = admin(server, "GET", &format!("/admin/tenants/{tenant}/usage"), None).ok(200);
    usage["limits"][limit]["used"].clone()
}

/// Starts an execution of an hour.
fn execute(server: &Process, tenant: &str) -> Answer {
    let headers = [("x-tenant-id", tenant)];
    let workflow = server.request("POST", "/api/workflows", &headers, Some(r#"{"name":"Nightly"}"#)).ok(201);
    let path = format!("/api/workflows/{}/execute", workflow["id"].as_str().unwrap());
    server.request("POST", &path, &headers, Some(r#"{"duration_ms":3600000}"#))
}

fn health(server: &Process) -> Answer {
    server.request("GET", "/health", &[], None)
}

/// Asks again until the answer satisfies; it may be asked until the time is over.
#[track_caller]
fn within<T: std::fmt::Debug>(
    time: Duration,
    mut ask: impl FnMut() -> T,
    satisfied: impl Fn(&T) -> bool,
) -> T {
    let begin = Instant::now();
    loop {
        let is_last = begin.elapsed() >= time;
        let answer = ask();
        if satisfied(&answer) {
            return answer;
        }
        assert!(!is_last, "it did not happen within {time:?}: {answer:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn two_instances_enforce_one_limit_and_no_other_tenant_is_counted_against_it() {
    let pair = Pair::start();
    pair.create_limited("acme", 40, "local");
    pair.create_limited("globex", 40, "local");
    get(&pair.b, "globex").ok(200);
    assert_eq!(pair.hammer("acme", 100), 40);
    for server in pair.both() {
        get(server, "acme").is_problem(429, "quota_exceeded");
        assert_eq!(used(server, "acme", "hourly"), 40);
        assert_eq!(used(server, "globex", "hourly"), 1, "another tenant's requests are not counted here");
    }
    get(&pair.a, "globex").ok(200);
}

#[test]
fn each_warning_is_one_line_over_both() {
    let pair = Pair::start();
    pair.create_limited("acme", 20, "local");
    pair.create_limited("globex", 20, "local");
    get(&pair.b, "globex").ok(200);
    pair.hammer("acme", 60);
    let warned = || {
        let lines = pair.both().into_iter().flat_map(|server| server.logged("limit_warning"));
        let warning = |line: Value| format!("{} {} {}", line["tenant"], line["limit"], line["percent"]);
        let mut warned: Vec<String> = lines.map(warning).collect();
        warned.sort();
        warned
    };
    let both = [r#""acme" "hourly" 100"#, r#""acme" "hourly" 80"#];
    within(SECOND, warned, |warned| *warned == both);
    // Not told again, and nothing of another tenant.
    pair.hammer("acme", 20);
    std::thread::sleep(SECOND / 2);
    assert_eq!(warned(), both);
}

#[test]
fn a_tenant_suspended_or_deleted_through_one_is_refused_by_the_other_within_a_second() {
    let pair = Pair::start();
    for tenant in ["acme", "globex"] {
        pair.create(&json!({ "tenant_id": tenant }));
        get(&pair.b, tenant).ok(200);
    }
    admin(&pair.a, "POST", "/admin/tenants/acme/suspend", None).ok(200);
    within(SECOND, || get(&pair.b, "acme"), |answer| answer.status == 403).is_problem(403, "tenant_inactive");
    get(&pair.b, "globex").ok(200);
    admin(&pair.b, "POST", "/admin/tenants/acme/activate", None).ok(200);
    within(SECOND, || get(&pair.a, "acme"), |answer| answer.status == 200);
    admin(&pair.a, "DELETE", "/admin/tenants/acme", None).ok(204);
    within(SECOND, || get(&pair.b, "acme"), |answer| answer.status == 403).is_problem(403, "tenant_inactive");
    get(&pair.b, "globex").ok(200);
}

#[test]
fn events_travel_to_the_other_and_streams_there_end_with_what_ends_here() {
    let pair = Pair::start();
    for tenant in ["acme", "globex"] {
        pair.create(&json!({ "tenant_id": tenant }));
        within(SECOND, || get(&pair.b, tenant), |answer| answer.status == 200);
    }
    let open = |tenant| Stream::get(pair.b.address, "/api/events", &[("x-tenant-id", tenant)]);
    let [mut acme, mut globex] = ["acme", "globex"].map(open);
    let create = |tenant: &str, name: &str| {
        let body = json!({ "name": name }).to_string();
        pair.a.request("POST", "/api/workflows", &[("x-tenant-id", tenant)], Some(&body)).ok(201)
    };
    // The reader may begin to listen only now: what it can't know of is told to be missed.
    let hear = |stream: &mut Stream, id: &Value| loop {
        let block = stream.block().unwrap();
        if block.contains("event: workflow.created") {
            assert!(block.contains(id.as_str().unwrap()), "{block}");
            return;
        }
        assert!(block.contains("stream.missed"), "{block}");
    };
    for number in 0..20 {
        let [own, other] = ["acme", "globex"].map(|tenant| create(tenant, &number.to_string()));
        hear(&mut acme, &own["id"]);
        hear(&mut globex, &other["id"]);
    }
    admin(&pair.a, "POST", "/admin/tenants/acme/suspend", None).ok(200);
    let begin = Instant::now();
    assert!(acme.block().is_none() && begin.elapsed() < 2 * SECOND, "{:?}", begin.elapsed());
    let last = create("globex", "last");
    hear(&mut globex, &last["id"]);
}

#[test]
fn a_host_that_moved_through_one_leads_to_its_new_tenant_through_the_other() {
    let pair = Pair::start();
    let with = |tenant: &str, hosts: &Value| json!({ "tenant_id": tenant, "hosts": hosts });
    let replace = |tenant: &str, hosts: &Value| {
        let path = format!("/admin/tenants/{tenant}");
        admin(&pair.a, "PUT", &path, Some(&with(tenant, hosts))).ok(200);
    };
    let by_host = || by_host(&pair.b, "app.example");
    pair.create(&with("globex", &json!([])));
    pair.create(&with("acme", &json!(["app.example"])));
    let leads_to =
        |tenant: &'static str| move |answer: &Answer| answer.status == 200 && answer.json()["id"] == tenant;
    within(SECOND, by_host, leads_to("acme"));
    replace("acme", &json!([]));
    replace("globex", &json!(["app.example"]));
    within(SECOND, by_host, leads_to("globex"));
    admin(&pair.a, "DELETE", "/admin/tenants/globex", None).ok(204);
    within(SECOND, by_host, |answer| answer.status == 401).is_problem(401, "tenant_required");
}

#[test]
fn a_tenant_that_the_other_remembers_as_unknown_is_served_within_a_second() {
    let pair = Pair::start();
    get(&pair.b, "acme").is_problem(404, "tenant_not_found");
    pair.create(&json!({ "tenant_id": "acme" }));
    within(SECOND, || get(&pair.b, "acme"), |answer| answer.status == 200);
}

#[test]
fn changed_limits_and_a_changed_policy_are_heard_within_a_second() {
    let pair = Pair::start();
    let with = |requests: u64, models: &Value| json!({ "tenant_id": "acme", "quota_requests_per_minute": requests, "allowed_models": models });
    pair.create(&with(1_000, &json!([])));
    let ask = || pair.b.request("GET", "/api/users", &[("x-tenant-id", "acme"), ("x-model", "gpt-4")], None);
    ask().ok(200);
    let quota = json!({ "requests_per_minute": 500 });
    admin(&pair.a, "PUT", "/admin/tenants/acme/quota", Some(&quota)).ok(200);
    let lowered = |answer: &Answer| answer.header("ratelimit-policy") == Some("\"rpm\";q=500;w=60");
    within(SECOND, ask, lowered).ok(200);
    admin(&pair.a, "PUT", "/admin/tenants/acme", Some(&with(500, &json!(["small"])))).ok(200);
    within(SECOND, ask, |answer| answer.status == 403).is_problem(403, "policy_denied");
}

#[test]
fn executions_at_once_are_limited_over_both_and_a_server_that_stops_gives_its_places_back() {
    let pair = Pair::start();
    for tenant in ["acme", "globex"] {
        pair.create(&json!({ "tenant_id": tenant, "limits": { "concurrent_executions": 2 } }));
    }
    for server in pair.both() {
        execute(server, "acme").ok(202);
    }
    for server in pair.both() {
        let denied = execute(server, "acme");
        denied.is_problem(429, "quota_exceeded");
        assert!(denied.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() >= 1));
        execute(server, "globex").ok(202);
    }
    let Pair { a, b, _folder } = pair;
    a.terminate();
    assert!(a.wait().success());
    // By its lease the place would be free after 25 seconds only.
    for tenant in ["acme", "globex"] {
        assert_eq!(used(&b, tenant, "concurrent_executions"), 1, "{tenant}");
    }
    within(SECOND, || execute(&b, "acme"), |answer| answer.status == 202);
}

#[test]
fn a_redis_that_can_not_be_used_is_a_start_up_error_that_tells_no_password() {
    let redis = Redis::shared().unwrap();
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("tenants.db");
    for url in [
        format!("redis://:wr0ng@127.0.0.1:{}", redis.port()),
        "redis://:wr0ng@127.0.0.1:1".to_owned(),
        "redis://:wr0ng@".to_owned(),
        "redis://:wr0ng@127.0.0.1:x".to_owned(),
        "redis://:wr0ng@127.0.0.1/first".to_owned(),
    ] {
        let output = command(&database).env("REDIS_URL", &url).output().unwrap();
        assert!(!output.status.success(), "{url}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("REDIS_URL") && !text.contains("wr0ng"), "{url}: {text}");
    }
    assert!(!database.exists(), "nothing is written before it is known where limits are counted");
}

#[test]
fn a_user_of_redis_who_may_no_more_than_the_book_says_is_enough() {
    let book = include_str!("../../../../docs/src/redis.md");
    let (_, after) = book.split_once("ACL SETUSER ").unwrap();
    let user = after.split_once("```").unwrap().0.split_whitespace().collect::<Vec<_>>().join(" ");
    let options =
        ServerOptions::default().setting("user", user).setting("user", "auditor on nopass -@all +acl");
    let redis = Redis::start_with(&options).unwrap();
    let url = format!("redis://app:password@127.0.0.1:{}/1", redis.port());
    let pair = Pair::on(&url, &url);
    pair.create(&json!({ "tenant_id": "busy", "limits": { "concurrent_executions": 1 } }));
    pair.create_limited("acme", 40, "closed");
    assert_eq!(pair.hammer("acme", 60), 40);
    let messages = json!([{ "role": "user", "content": "one two" }]);
    let chat = json!({ "model": "m", "messages": messages }).to_string();
    for server in pair.both() {
        within(SECOND, || get(server, "busy"), |answer| answer.status == 200);
        Stream::post(server.address, "/api/chat", &[("x-tenant-id", "busy")], &chat).rest();
    }
    execute(&pair.a, "busy").ok(202);
    execute(&pair.b, "busy").is_problem(429, "quota_exceeded");
    admin(&pair.a, "POST", "/admin/tenants/busy/suspend", None).ok(200);
    within(SECOND, || get(&pair.b, "busy"), |answer| answer.status == 403);
    admin(&pair.a, "DELETE", "/admin/tenants/busy", None).ok(204);
    let purge = admin(&pair.a, "POST", "/admin/tenants/busy/purge", None).ok(202);
    let job = format!("/admin/jobs/{}", purge["job_id"].as_str().unwrap());
    let done = |answer: &Answer| answer.ok(200)["status"] == "done";
    within(Duration::from_secs(20), || admin(&pair.a, "GET", &job, None), done);
    let Pair { a, b, _folder } = pair;
    for server in [a, b] {
        server.terminate();
        assert!(server.wait().success());
    }
    let mut connection = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    connection.write_all(b"AUTH auditor none\r\nACL LOG\r\nQUIT\r\n").unwrap();
    let mut refused = String::new();
    connection.read_to_string(&mut refused).unwrap();
    assert!(refused.starts_with("+OK\r\n*0\r\n"), "{refused}");
}

#[test]
fn without_the_variable_health_does_not_speak_of_redis() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(&folder.path().join("tenants.db"));
    assert_eq!(health(&server).ok(200), json!({ "status": "ok", "stores": { "database": "ok" } }));
}
