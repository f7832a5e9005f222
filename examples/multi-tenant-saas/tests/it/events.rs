//! Streams of events: of one's own tenant alone, and no longer than one may.
//!
//! How a tenant could reach another one through them, or stay when it should not, and which test holds against it:
//! events that cross; a burst, a reader who does not read, or many streams that take what others need; a stream that
//! outlives its tenant, its key, its session or its token; ids that count what others do; a server that can't stop.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    callers::{self, NOW, PASSWORD, SECRET, bearer, join, make_key, of, session, sign_in, token},
    server::{TestServer, eventually},
    stream::Stream,
    websocket::{Heard, WebSocket},
};

const PATH: &str = "/api/events";
const SOON: Duration = Duration::from_secs(2);

/// An event as a browser would dispatch it.
#[derive(Debug)]
struct Event {
    id: Option<String>,
    name: String,
    data: Value,
}

#[track_caller]
fn open(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Stream {
    let stream = Stream::get(server.address, path, headers);
    assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(stream.header("cache-control"), Some("no-store"));
    stream
}

fn listen(server: &TestServer, tenant: &str) -> Stream {
    open(server, PATH, &[("x-tenant-id", tenant)])
}

/// The next event; `None` at the end.
fn next(stream: &mut Stream) -> Option<Event> {
    loop {
        let block = stream.block()?;
        if block.starts_with(':') {
            continue;
        }
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
        return Some(Event { id: field("id: "), name: field("event: ").unwrap(), data });
    }
}

/// The names of so many events.
fn names(stream: &mut Stream, count: usize) -> Vec<String> {
    (0..count).map(|_| next(stream).unwrap().name).collect()
}

fn new_user(number: usize) -> Value {
    json!({ "email": format!("u{number}@example.com"), "name": "Somebody" })
}

/// Open servers: whoever names a tenant is believed.
fn plain(tenants: &[&str]) -> TestServer {
    let server = TestServer::start();
    for tenant in tenants {
        server.create_tenant(tenant);
    }
    server
}

#[test]
fn each_tenant_hears_all_of_its_own_events_and_none_of_anothers() {
    let server = plain(&["acme", "globex"]);
    let mut streams = ["acme", "globex"].map(|tenant| (tenant, listen(&server, tenant)));
    let mut sockets = ["acme", "globex"]
        .map(|tenant| (tenant, WebSocket::open(server.address, PATH, &[("x-tenant-id", tenant)])));
    let created = |tenant: &str, part: usize| -> Vec<String> {
        let create = |number: usize| {
            let user = server.of(tenant, "POST", "/api/users", Some(&new_user(part * 100 + number))).ok(201);
            user["id"].as_str().unwrap().to_owned()
        };
        (0..20).map(create).collect()
    };
    let parts = [("acme", 0), ("globex", 1), ("acme", 2), ("globex", 3)];
    let made: Vec<(&str, Vec<String>)> = std::thread::scope(|scope| {
        let all = parts.map(|(tenant, part)| (tenant, scope.spawn(move || created(tenant, part))));
        all.into_iter().map(|(tenant, made)| (tenant, made.join().unwrap())).collect()
    });
    for tenant in ["acme", "globex"] {
        server.create_workflow(tenant, "the last one");
    }
    let own = |tenant: &str| -> BTreeSet<String> {
        made.iter().filter(|(of, _)| *of == tenant).flat_map(|(_, ids)| ids.clone()).collect()
    };
    let check = |tenant: &str, events: Vec<(String, Value)>, last: (String, Value)| {
        assert!(events.iter().all(|(name, data)| name == "user.created" && data["tenant_id"] == tenant));
        let ids = events.iter().map(|(_, data)| data["id"].as_str().unwrap().to_owned());
        assert_eq!(ids.collect::<BTreeSet<_>>(), own(tenant));
        assert_eq!((&*last.0, &last.1["tenant_id"]), ("workflow.created", &json!(tenant)));
    };
    for (tenant, stream) in &mut streams {
        let mut hear = || next(stream).map(|event| (event.name, event.data)).unwrap();
        let events = (0..40).map(|_| hear()).collect();
        check(tenant, events, hear());
    }
    for (tenant, socket) in &mut sockets {
        let mut hear = || {
            let event = socket.event();
            assert!(event["id"].is_string());
            (event["event"].as_str().unwrap().to_owned(), event["data"].clone())
        };
        let events = (0..40).map(|_| hear()).collect();
        check(tenant, events, hear());
    }
}

#[test]
fn what_was_committed_is_told_and_what_was_refused_is_not() {
    let server = plain(&["acme"]);
    let mut stream = listen(&server, "acme");
    let user = server.create_user("acme", "ada@example.com")["id"].as_str().unwrap().to_owned();
    let again = json!({ "email": "ada@example.com", "name": "Again" });
    server.of("acme", "POST", "/api/users", Some(&again)).is_problem(409, "conflict");
    server.of("acme", "DELETE", "/api/users/none", None).is_problem(404, "not_found");
    server.of("acme", "DELETE", &format!("/api/users/{user}"), None).ok(204);
    let workflow = server.create_workflow("acme", "w");
    let execution = server.execute("acme", &workflow, 0);
    let told: Vec<Event> = (0..5).map(|_| next(&mut stream).unwrap()).collect();
    let names: Vec<&str> = told.iter().map(|event| &*event.name).collect();
    let expected =
        ["user.created", "user.deleted", "workflow.created", "execution.started", "execution.completed"];
    assert_eq!(names, expected);
    assert_eq!((&told[0].data["id"], &told[1].data["id"]), (&json!(user), &json!(user)));
    for event in &told[3..] {
        assert_eq!(event.data["execution_id"], json!(execution));
        assert_eq!(event.data["workflow_id"], json!(workflow));
    }
    assert_eq!(told[4].data["outcome"], "finished");
    server.of("acme", "DELETE", &format!("/api/workflows/{workflow}"), None).ok(204);
    assert_eq!(next(&mut stream).unwrap().name, "workflow.deleted");
    // Ids and nothing else: to read a user takes another scope.
    assert!(!format!("{told:?}").contains("ada@example.com"));
}

#[test]
fn who_asks_for_some_types_hears_of_those_alone() {
    let server = plain(&["acme"]);
    let path = "/api/events?types=workflow.created,user.deleted";
    let mut stream = open(&server, path, &[("x-tenant-id", "acme")]);
    let mut socket = WebSocket::open(server.address, path, &[("x-tenant-id", "acme")]);
    server.create_user("acme", "ada@example.com");
    server.create_workflow("acme", "w");
    assert_eq!(next(&mut stream).unwrap().name, "workflow.created");
    assert_eq!(socket.event()["event"], "workflow.created");
    for wrong in ["types=", "types=user", "types=user.created,", "type=user.created", "types=a&types=b"] {
        let answer = server.get("acme", &format!("{PATH}?{wrong}"));
        answer.is_problem(400, "invalid_request");
    }
}

fn auth(token: &str) -> [(&'static str, String); 1] {
    [("authorization", bearer(token))]
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, &**value)).collect()
}

#[test]
fn of_api_keys_hear_those_who_may_see_them() {
    let server = callers::server();
    let by = |role: &str| auth(&token(SECRET, &of("acme", role)));
    let (admin, member) = (by("admin"), by("member"));
    let (key, _) = make_key(&server, "acme", &json!({ "name": "a", "scopes": ["read:events"] }));
    let mut admins = open(&server, PATH, &borrowed(&admin));
    let mut members = open(&server, PATH, &borrowed(&member));
    let mut keys = open(&server, PATH, &[("x-api-key", &key)]);
    let (_, id) = make_key(&server, "acme", &json!({ "name": "b", "scopes": [] }));
    server.request("DELETE", &format!("/api/api-keys/{id}"), &borrowed(&admin), None).ok(204);
    server.request("POST", "/api/users", &borrowed(&member), Some(&new_user(0))).ok(201);
    for expected in ["api_key.created", "api_key.revoked"] {
        let event = next(&mut admins).unwrap();
        assert_eq!((&*event.name, &event.data["key_id"]), (expected, &json!(id)));
    }
    for stream in [&mut admins, &mut members, &mut keys] {
        assert_eq!(next(stream).unwrap().name, "user.created");
    }
}

/// A stream of each kind, opened with the same headers.
struct Both {
    stream: Stream,
    socket: WebSocket,
}

impl Both {
    #[track_caller]
    fn open(server: &TestServer, headers: &[(&str, &str)]) -> Self {
        let origin = format!("http://{}", server.address);
        let for_socket = [headers, &[("origin", &*origin)]].concat();
        Self {
            stream: open(server, PATH, headers),
            socket: WebSocket::open(server.address, PATH, &for_socket),
        }
    }

    #[track_caller]
    fn end_soon(mut self, code: u16) {
        let begin = Instant::now();
        let end = match self.socket.hear(SOON) {
            Heard::Closed(code) => code,
            other => panic!("the socket goes on: {other:?}"),
        };
        assert_eq!(end, code);
        self.stream.patience(SOON);
        assert!(next(&mut self.stream).is_none());
        assert!(begin.elapsed() <= SOON, "{:?}", begin.elapsed());
    }

    #[track_caller]
    fn hear(&mut self, name: &str) {
        assert_eq!(next(&mut self.stream).unwrap().name, name);
        assert_eq!(self.socket.event()["event"], name);
    }
}

const POLICY: u16 = 1008;
const AWAY: u16 = 1001;

#[test]
fn a_stream_ends_with_its_tenant_and_others_go_on() {
    let server = plain(&["acme", "initech", "globex"]);
    let mut other = Both::open(&server, &[("x-tenant-id", "globex")]);
    let suspended = Both::open(&server, &[("x-tenant-id", "acme")]);
    server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200);
    suspended.end_soon(POLICY);
    let deleted = Both::open(&server, &[("x-tenant-id", "initech")]);
    server.admin("DELETE", "/admin/tenants/initech", None).ok(204);
    deleted.end_soon(POLICY);
    server.create_user("globex", "ada@example.com");
    other.hear("user.created");
}

#[test]
fn a_stream_ends_with_its_key_its_session_and_its_token() {
    let server = callers::server();
    let admin =
        auth(&token(SECRET, &json!({ "tenant_id": "acme", "roles": ["admin"], "exp": NOW + 90_000 })));
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let mut stays = Both::open(&server, &borrowed(&admin));

    let (key, id) = make_key(&server, "acme", &json!({ "name": "a", "scopes": ["read:events"] }));
    let by_key = Both::open(&server, &[("x-api-key", &key)]);
    server.request("DELETE", &format!("/api/api-keys/{id}"), &borrowed(&admin), None).ok(204);
    by_key.end_soon(POLICY);

    // One sign-in: its token ends with its session.
    let answer = sign_in(&server, &[], "ada@example.com", PASSWORD);
    let (cookie, csrf) = session(&answer);
    let by_session = Both::open(&server, &[("cookie", &cookie)]);
    let of_it = Both::open(&server, &borrowed(&auth(answer.json()["token"].as_str().unwrap())));
    server.request("POST", "/logout", &[("cookie", &cookie), ("x-csrf-token", &csrf)], None).ok(204);
    by_session.end_soon(POLICY);
    of_it.end_soon(POLICY);

    let answer = sign_in(&server, &[], "ada@example.com", PASSWORD);
    let by_token = auth(answer.json()["token"].as_str().unwrap());
    let revoked = Both::open(&server, &borrowed(&by_token));
    server.request("POST", "/logout", &borrowed(&by_token), None).ok(204);
    revoked.end_soon(POLICY);

    let ends = json!({ "name": "b", "scopes": ["read:events"], "expires_at": "2023-11-14T22:44:00Z" });
    let (key, _) = make_key(&server, "acme", &ends);
    let by_key = Both::open(&server, &[("x-api-key", &key)]);
    server.advance(1_801);
    by_key.end_soon(POLICY);
    let short = json!({ "tenant_id": "acme", "roles": ["member"], "exp": NOW + 3_600 });
    let expires = Both::open(&server, &borrowed(&auth(&token(SECRET, &short))));
    server.advance(1_800);
    expires.end_soon(POLICY);

    for expected in ["api_key.created", "api_key.revoked", "api_key.created"] {
        stays.hear(expected);
    }
    server.request("POST", "/api/users", &borrowed(&admin), Some(&new_user(0))).ok(201);
    stays.hear("user.created");
}

#[test]
fn a_stream_is_no_use_of_a_session() {
    let variables =
        [("JWT_SECRET", SECRET), ("SESSION_IDLE_SECONDS", "60"), ("SESSION_ABSOLUTE_SECONDS", "100")];
    let server = TestServer::with(&variables);
    server.create_tenant("acme");
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let (cookie, _) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    let idle = Both::open(&server, &[("cookie", &cookie)]);
    server.advance(61);
    idle.end_soon(POLICY);
    let (cookie, _) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    let in_use = Both::open(&server, &[("cookie", &cookie)]);
    for _ in 0..2 {
        server.advance(49);
        server.request("GET", "/api/me", &[("cookie", &cookie)], None).ok(200);
    }
    server.advance(3);
    in_use.end_soon(POLICY);
}

#[test]
fn what_ends_a_stream_may_happen_on_another_instance() {
    let one = callers::server();
    let admin = auth(&token(SECRET, &of("acme", "admin")));
    let (key, id) = make_key(&one, "acme", &json!({ "name": "a", "scopes": ["read:events"] }));
    join(&one, "acme", "ada@example.com", "member").ok(201);
    let answer = sign_in(&one, &[], "ada@example.com", PASSWORD);
    let (cookie, csrf) = session(&answer);
    let another = sign_in(&one, &[], "ada@example.com", PASSWORD);
    let by_token = auth(another.json()["token"].as_str().unwrap());
    let other = TestServer::beside(&one, &[("JWT_SECRET", SECRET)]);
    let by_key = Both::open(&other, &[("x-api-key", &key)]);
    let by_session = Both::open(&other, &[("cookie", &cookie)]);
    let by_token_there = Both::open(&other, &borrowed(&by_token));
    one.request("DELETE", &format!("/api/api-keys/{id}"), &borrowed(&admin), None).ok(204);
    one.request("POST", "/logout", &[("cookie", &cookie), ("x-csrf-token", &csrf)], None).ok(204);
    one.request("POST", "/logout", &borrowed(&by_token), None).ok(204);
    // What was believed is of that instance's clock.
    other.advance(1);
    by_key.end_soon(POLICY);
    by_session.end_soon(POLICY);
    by_token_there.end_soon(POLICY);
}

#[test]
fn a_server_that_stops_ends_all_streams_and_waits_for_none() {
    let server = plain(&["acme"]);
    let mut both = Both::open(&server, &[("x-tenant-id", "acme")]);
    both.stream.patience(2 * SOON);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let heard = scope.spawn(|| (next(&mut both.stream).is_none(), both.socket.hear(5 * SOON)));
        server.stop();
        let (ended, heard) = heard.join().unwrap();
        assert!(ended && matches!(heard, Heard::Closed(AWAY)), "{heard:?}");
    });
    assert!(begin.elapsed() < 2 * SOON, "{:?}", begin.elapsed());
}

#[test]
fn a_tenant_has_so_many_streams_and_no_more_and_others_have_theirs() {
    let server = plain(&["acme", "globex"]);
    let mut streams: Vec<Stream> = (0..100).map(|_| listen(&server, "acme")).collect();
    let denied = server.get("acme", PATH);
    denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), Some("1"));
    let denied = WebSocket::try_open(server.address, PATH, &[("x-tenant-id", "acme")]);
    assert_eq!(denied.err().unwrap().status(), 429);
    drop(listen(&server, "globex"));
    drop(streams.pop());
    eventually(
        || Stream::get(server.address, PATH, &[("x-tenant-id", "acme")]).status,
        |status| *status == 200,
    );
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let server = plain(&["acme", "globex"]);
    let _silent: Vec<Stream> = (0..20).map(|_| listen(&server, "acme")).collect();
    let (mut reads, mut other) = (listen(&server, "acme"), listen(&server, "globex"));
    for number in 0..200 {
        server.of("acme", "POST", "/api/users", Some(&new_user(number))).ok(201);
    }
    server.create_user("globex", "ada@example.com");
    assert_eq!(names(&mut reads, 200), vec!["user.created"; 200]);
    assert_eq!(names(&mut other, 1), ["user.created"]);
}

#[test]
fn streams_hold_no_slots_of_requests_and_are_one_request_each() {
    let server = TestServer::with(&[("MAX_CONCURRENT_REQUESTS", "2")]);
    server.create(&json!({ "tenant_id": "acme", "quota": { "requests_per_minute": 100 } }));
    let mut streams: Vec<Both> = (0..5).map(|_| Both::open(&server, &[("x-tenant-id", "acme")])).collect();
    for number in 0..10 {
        server.of("acme", "POST", "/api/users", Some(&new_user(number))).ok(201);
    }
    for both in &mut streams {
        for _ in 0..10 {
            both.hear("user.created");
        }
    }
    assert_eq!(server.usage("acme")["limits"]["rpm"]["used"], 20);
}

#[test]
fn who_was_cut_off_goes_on_where_it_was_or_knows_that_it_did_not() {
    let server = plain(&["acme", "globex"]);
    let mut stream = listen(&server, "acme");
    let mut kept = listen(&server, "globex");
    server.create_user("acme", "a@example.com");
    let last = next(&mut stream).unwrap().id.unwrap();
    drop(stream);
    server.create_user("acme", "b@example.com");
    let headers = [("x-tenant-id", "acme"), ("last-event-id", &*last)];
    let mut again = open(&server, PATH, &headers);
    let event = next(&mut again).unwrap();
    assert_eq!(event.name, "user.created");
    let number = |id: &str| id.split_once('-').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(number(&event.id.unwrap()), number(&last) + 1);
    // Another tenant's id, and none at all, are worth nothing.
    server.create_user("globex", "a@example.com");
    let theirs = next(&mut kept).unwrap().id.unwrap();
    for foreign in [&*theirs, "1", "\u{ff}", "-1"] {
        let headers = [("x-tenant-id", "acme"), ("last-event-id", foreign)];
        let event = next(&mut open(&server, PATH, &headers)).unwrap();
        assert_eq!((&*event.name, event.data), ("stream.missed", json!({ "missed": null })), "{foreign}");
    }
    let path = format!("{PATH}?last_event_id={last}");
    let mut socket = WebSocket::open(server.address, &path, &[("x-tenant-id", "acme")]);
    assert_eq!(socket.event()["event"], "user.created");
}

#[test]
fn a_page_of_another_origin_opens_no_stream_by_a_session() {
    let server = callers::server();
    join(&server, "acme", "ada@example.com", "member").ok(201);
    let (cookie, _) = session(&sign_in(&server, &[], "ada@example.com", PASSWORD));
    let own = format!("http://{}", server.address);
    let open = |more: &[(&str, &str)]| {
        let headers = [&[("cookie", &*cookie)], more].concat();
        WebSocket::try_open(server.address, PATH, &headers)
            .map_or_else(|answer| answer.status().as_u16(), |_| 101)
    };
    assert_eq!(open(&[]), 403, "a browser names its origin");
    assert_eq!(open(&[("origin", "https://evil.example")]), 403);
    assert_eq!(open(&[("origin", "null")]), 403);
    assert_eq!(open(&[("origin", &own), ("sec-fetch-site", "same-site")]), 403);
    assert_eq!(open(&[("origin", &own)]), 101);
    let get = |header: (&str, &str)| Stream::get(server.address, PATH, &[("cookie", &cookie), header]);
    get(("sec-fetch-site", "same-site")).answer().is_problem(403, "csrf_failed");
    get(("origin", "https://evil.example")).answer().is_problem(403, "csrf_failed");
    assert_eq!(get(("sec-fetch-site", "same-origin")).status, 200);
    // A program that shows a token names none.
    let token = auth(&token(SECRET, &of("acme", "viewer")));
    WebSocket::open(server.address, PATH, &borrowed(&token));
}

#[test]
fn nothing_is_to_be_said_over_a_socket() {
    let server = plain(&["acme"]);
    let open = || WebSocket::open(server.address, PATH, &[("x-tenant-id", "acme")]);
    for message in [Message::text("{}"), Message::binary(vec![0; 10])] {
        let mut socket = open();
        socket.send(message);
        assert!(matches!(socket.hear(SOON), Heard::Closed(1003)));
    }
    let mut pings = open();
    pings.send(Message::Ping(Vec::new().into()));
    server.create_user("acme", "ada@example.com");
    assert_eq!(pings.event()["event"], "user.created");
    // One that is too large is not even read.
    let mut large = open();
    large.send(Message::binary(vec![0; 1 << 20]));
    let headers = [("x-tenant-id", "acme"), ("connection", "upgrade"), ("upgrade", "websocket")];
    server.request("GET", PATH, &headers, None).is_problem(400, "invalid_request");
    assert_eq!(Stream::get(server.address, PATH, &[("x-tenant-id", "acme"), ("upgrade", "h2c")]).status, 200);
}

#[test]
fn a_chat_does_not_outlive_its_token() {
    let server = callers::server();
    let claims = json!({ "tenant_id": "acme", "roles": ["member"], "exp": NOW + 600 });
    let headers = auth(&token(SECRET, &claims));
    let messages = json!([{ "role": "user", "content": "a ".repeat(500_000) }]);
    let body = json!({ "model": "m", "messages": messages, "max_tokens": 500_000 }).to_string();
    let mut chat = Stream::post(server.address, "/api/chat", &borrowed(&headers), &body);
    assert!(chat.event().is_some());
    server.advance(600);
    std::thread::sleep(SOON);
    let rest = chat.rest();
    assert!(rest.len() < 500_000 && rest.iter().all(|event| event.get("usage").is_none()));
}
