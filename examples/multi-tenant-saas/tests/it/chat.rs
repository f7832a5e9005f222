//! The chat: what it says, what it costs, and what becomes of the cost when the reader does not read.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    client::{self, Answer},
    server::{TestServer, eventually},
    stream::{Stream, post},
};

const ACME: [(&str, &str); 1] = [("x-tenant-id", "acme")];

fn limited(requests: u64, tokens: u64) -> TestServer {
    let server = TestServer::start();
    server.create(&json!({
        "tenant_id": "acme", "allowed_models": ["small", "large"], "allowed_tools": ["search"],
        "quota": { "requests_per_minute": requests, "tokens_per_minute": tokens },
    }));
    server
}

fn body(text: &str, max_tokens: u64) -> String {
    let messages = json!([{ "role": "user", "content": text }]);
    json!({ "model": "small", "messages": messages, "max_tokens": max_tokens }).to_string()
}

fn chat(server: &TestServer, body: &str) -> Stream {
    Stream::post(server.address, "/api/chat", &ACME, body)
}

/// An answer that is no stream.
fn rejected(server: &TestServer, headers: &[(&str, &str)], body: &str) -> Answer {
    client::request(server.address, "POST", "/api/chat", &[&ACME, headers].concat(), Some(body))
}

fn used(server: &TestServer, limit: &str) -> u64 {
    server.usage("acme")["limits"][limit]["used"].as_u64().unwrap()
}

/// A message so long that its echo does not fit into the buffers between server and reader.
fn long() -> (String, u64) {
    const WORDS: u64 = 500_000;
    ("a ".repeat(500_000), WORDS)
}

#[test]
fn the_model_says_again_what_it_was_told_word_by_word_and_then_what_was_used() {
    let server = limited(10, 100);
    let messages = json!([
        { "role": "system", "content": "be brief" },
        { "role": "user", "content": "  one \"two\"\n\u{e9}t\u{e9} " },
    ]);
    let body = json!({ "model": "small", "messages": messages, "tools": ["search"] }).to_string();
    // The default of max_tokens alone is more than the tenant ever has.
    rejected(&server, &[], &body).is_problem(429, "quota_exceeded");
    let body = body.replacen('{', "{\"max_tokens\":20,", 1);
    let stream = chat(&server, &body);
    assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
    assert!(stream.header("ratelimit").is_some());
    let expected = [
        json!({ "delta": "one" }),
        json!({ "delta": "\"two\"" }),
        json!({ "delta": "\u{e9}t\u{e9}" }),
        json!({ "usage": { "prompt_tokens": 5, "completion_tokens": 3 } }),
    ];
    assert_eq!(stream.rest(), expected);
    assert_eq!(used(&server, "tpm"), 8);
}

#[test]
fn max_tokens_bounds_the_answer_and_256_is_the_default() {
    let server = limited(0, 0);
    let words = "w ".repeat(300);
    let usage = |events: &[Value]| events.last().unwrap()["usage"].clone();
    let events = chat(&server, &body(&words, 7)).rest();
    assert_eq!((events.len(), usage(&events)), (8, json!({ "prompt_tokens": 300, "completion_tokens": 7 })));
    let default = body(&words, 7).replacen("\"max_tokens\":7,", "", 1);
    let events = chat(&server, &default).rest();
    assert_eq!(
        (events.len(), usage(&events)),
        (257, json!({ "prompt_tokens": 300, "completion_tokens": 256 }))
    );
    let events = chat(&server, &body("", 7)).rest();
    assert_eq!(events, [json!({ "usage": { "prompt_tokens": 0, "completion_tokens": 0 } })]);
}

#[test]
fn prompt_and_max_tokens_are_reserved_before_and_settled_with_what_was_used() {
    let server = limited(0, 100);
    // 3 + 97: just what there is.
    chat(&server, &body("one two three", 97)).rest();
    assert_eq!(used(&server, "tpm"), 6);
    // 3 + 92 would be one too many, and a minute later it would not.
    let denied = rejected(&server, &[], &body("one two three", 92));
    denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), Some("60"));
    let never = rejected(&server, &[], &body("one two three", 98));
    never.is_problem(429, "quota_exceeded");
    assert_eq!(never.header("retry-after"), None, "waiting does not help");
    assert_eq!(used(&server, "tpm"), 6, "a denial costs no tokens");
    chat(&server, &body("one two three", 91)).rest();
    assert_eq!(used(&server, "tpm"), 12);
}

#[test]
fn the_fields_of_a_chat_tell_of_its_own_reservation() {
    let server = limited(10, 100);
    let told = |stream: &Stream| stream.header("ratelimit").unwrap().to_owned();
    let first = chat(&server, &body("one two three", 57));
    assert_eq!(told(&first), "\"rpm\";r=9;t=60, \"tpm\";r=40;t=60");
    first.rest();
    // 6 are used; the others came back.
    let with_header = [ACME[0], ("x-token-count", "4")];
    let second = Stream::post(server.address, "/api/chat", &with_header, &body("one two three", 7));
    assert_eq!(told(&second), "\"rpm\";r=8;t=60, \"tpm\";r=80;t=60");
}

#[test]
fn one_chat_costs_one_request_and_one_that_policy_denies_costs_nothing() {
    let server = limited(10, 1_000);
    chat(&server, &body("hello", 5)).rest();
    assert_eq!((used(&server, "rpm"), used(&server, "tpm")), (1, 2));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body: Value = serde_json::from_str(&body("hello", 5)).unwrap();
        change(&mut body);
        body.to_string()
    };
    let model = with(&|body| body["model"] = "other".into());
    let tool = with(&|body| body["tools"] = json!(["search", "shell"]));
    let announced: &[(&str, &str)] = &[("x-token-count", "50")];
    for (headers, body) in [
        (&[][..], &model),
        (&[], &tool),
        (&[("x-model", "small")], &model),
        (&[("x-model", "other")], &with(&|_| ())),
        (&[("x-tool", "shell")], &with(&|_| ())),
        (announced, &model),
    ] {
        let denied = rejected(&server, headers, body);
        assert!(denied.is_problem(403, "policy_denied")["reason"].is_string());
        assert_eq!(denied.header("ratelimit"), Some("\"rpm\";r=9;t=60, \"tpm\";r=998;t=60"));
    }
    assert_eq!((used(&server, "rpm"), used(&server, "tpm")), (1, 2));
    let both = Stream::post(server.address, "/api/chat", &[ACME[0], ("x-model", "large")], &body("hello", 5));
    assert_eq!(both.status, 200, "each is allowed");
}

#[test]
fn a_wrong_body_is_a_400_that_names_the_field_and_costs_no_tokens() {
    let server = limited(0, 1_000);
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    for (body, field) in [
        (format!("{{{messages}}}"), "model"),
        (format!(r#"{{"model":"",{messages}}}"#), "model"),
        (format!(r#"{{"model":null,{messages}}}"#), "model"),
        (r#"{"model":"small"}"#.to_owned(), "messages"),
        (r#"{"model":"small","messages":[]}"#.to_owned(), "messages"),
        (r#"{"model":"small","messages":"x"}"#.to_owned(), "messages"),
        (r#"{"model":"small","messages":[["user","x"]]}"#.to_owned(), "messages[0]"),
        (r#"{"model":"small","messages":[{"role":"user"}]}"#.to_owned(), "messages[0].content"),
        (r#"{"model":"small","messages":[{"role":"","content":"x"}]}"#.to_owned(), "messages"),
        (format!(r#"{{"model":"small","model":"small",{messages}}}"#), "model"),
        (format!(r#"{{"model":"small",{messages},{messages}}}"#), "messages"),
        (
            r#"{"model":"small","messages":[{"role":"user","content":"x","content":"y"}]}"#.to_owned(),
            "messages[0].content",
        ),
        (format!(r#"{{"model":"small",{messages},"max_tokens":0}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"max_tokens":-1}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"max_tokens":1.5}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"max_tokens":"9"}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"max_tokens":9007199254740993}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"max_tokens":1,"max_tokens":2}}"#), "max_tokens"),
        (format!(r#"{{"model":"small",{messages},"tools":"search"}}"#), "tools"),
        (format!(r#"{{"model":"small",{messages},"tools":[""]}}"#), "tools"),
        (format!(r#"{{"model":"small",{messages},"tools":{}}}"#, json!(vec!["search"; 129])), "tools"),
        (format!(r#"{{"model":"small",{messages},"temperature":1}}"#), "temperature"),
    ] {
        let problem = rejected(&server, &[], &body).is_problem(400, "invalid_request");
        assert_eq!(problem["field"], field, "{body}");
    }
    rejected(&server, &[("x-model", "small"), ("x-model", "small")], &body("x", 1))
        .is_problem(400, "invalid_request");
    assert_eq!(used(&server, "tpm"), 0);
}

#[test]
fn a_reader_who_leaves_half_way_is_charged_what_was_made_until_then() {
    let server = limited(0, 10_000_000);
    let (text, words) = long();
    let mut stream = chat(&server, &body(&text, words));
    for _ in 0..10 {
        assert_eq!(stream.event(), Some(json!({ "delta": "a" })));
    }
    assert_eq!(used(&server, "tpm"), 2 * words, "reserved while it goes on");
    drop(stream);
    let charged = eventually(|| used(&server, "tpm"), |used| *used != 2 * words);
    assert!((words + 10..2 * words).contains(&charged), "{charged}");
}

#[test]
fn callers_who_never_read_leave_no_reservation_behind() {
    let server = limited(0, 1_000_000);
    for _ in 0..40 {
        drop(post(server.address, "/api/chat", &ACME, &body("one two three", 1_000)));
    }
    // At most what each could use: 3 of the prompt and 3 of the answer.
    eventually(|| used(&server, "tpm"), |used| *used <= 40 * 6);
}

#[test]
fn a_reader_who_stalls_keeps_the_reservation_until_the_answer_has_ended() {
    let server = limited(0, 10_000_000);
    let (text, words) = long();
    let mut stream = chat(&server, &body(&text, words + 77));
    assert_eq!(stream.event(), Some(json!({ "delta": "a" })));
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(used(&server, "tpm"), 2 * words + 77);
    }
    let events = stream.rest();
    let usage = json!({ "usage": { "prompt_tokens": words, "completion_tokens": words } });
    assert_eq!(events.last(), Some(&usage));
    assert_eq!(used(&server, "tpm"), 2 * words, "settled before the last event was sent");
}

#[test]
fn a_reservation_of_a_window_that_has_ended_does_not_count_against_the_next() {
    let server = limited(0, 10_000_000);
    let (text, words) = long();
    let mut stream = chat(&server, &body(&text, words));
    stream.event();
    server.advance(60);
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(used(&server, "tpm"), 0);
}

#[test]
fn many_chats_at_once_never_pass_the_limit_and_leave_what_they_used() {
    let server = limited(0, 60);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || {
            let stream = chat(&server, &body("one two", 8));
            let status = stream.status;
            if status == 200 {
                assert_eq!(stream.rest().len(), 3);
            }
            status
        };
        let all: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let admitted = statuses.iter().filter(|status| **status == 200).count() as u64;
    assert!(admitted >= 6, "{statuses:?}");
    assert_eq!(used(&server, "tpm"), 4 * admitted);
}

#[test]
fn a_chat_ends_with_its_tenant_and_is_charged_what_was_made_until_then() {
    let server = limited(0, 10_000_000);
    server.create(&json!({ "tenant_id": "globex" }));
    let (text, words) = ("a ".repeat(200_000), 200_000);
    for end in ["suspend", "delete"] {
        let mut stream = chat(&server, &body(&text, words));
        let other =
            Stream::post(server.address, "/api/chat", &[("x-tenant-id", "globex")], &body(&text, words));
        assert_eq!(stream.event(), Some(json!({ "delta": "a" })));
        let before = used(&server, "tpm");
        match end {
            "suspend" => server.admin("POST", "/admin/tenants/acme/suspend", None).ok(200),
            _ => server.admin("DELETE", "/admin/tenants/acme", None).ok(204),
        };
        // What was on its way already still comes; no usage, because it is no whole answer.
        let said = 1 + stream.rest().iter().filter(|event| event["delta"] == "a").count() as u64;
        assert!(said < words, "{end}: {said}");
        let charged = eventually(|| used(&server, "tpm"), |used| *used < before);
        assert_eq!(charged, before - 2 * words + words + said, "{end}");
        assert_eq!(other.rest().len() as u64, words + 1, "another tenant's goes on");
        server.admin("POST", "/admin/tenants/acme/activate", None);
    }
}
