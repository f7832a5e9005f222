//! What one tenant has under way by the hundred, and what the others feel of it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    server::{TestServer, eventually},
    stream::{Stream, post},
};

fn two() -> TestServer {
    let server = TestServer::start();
    server.create_tenant("acme");
    server.create_tenant("globex");
    server
}

#[test]
fn another_tenant_is_served_while_a_thousand_executions_end_at_once() {
    const MANY: u64 = 1_000;
    let server = two();
    let workflow = server.create_workflow("acme", "Nightly");
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < MANY {
                    server.execute("acme", &workflow, 3_600_000);
                }
            });
        }
    });
    // Nobody has more than that in one process.
    let path = format!("/api/workflows/{workflow}/execute");
    let denied = server.of("acme", "POST", &path, None);
    denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), Some("1"));
    server.advance(3_600);
    let begin = Instant::now();
    let (mut slowest, mut served) = (Duration::ZERO, 0);
    while server.count("SELECT COUNT(*) FROM executions WHERE status = 'running'") > 0 {
        let asked = Instant::now();
        server.create_user("globex", &format!("{served}@globex.example"));
        slowest = slowest.max(asked.elapsed());
        served += 1;
    }
    let whole = begin.elapsed();
    assert!(slowest * 4 < whole, "one of {served} requests took {slowest:?} of {whole:?}");
    let interrupted = server.count("SELECT COUNT(*) FROM executions WHERE outcome <> 'finished'");
    assert_eq!(interrupted, 0);
}

/// A message whose echo does not fit into the buffers between server and reader.
fn long() -> (String, u64) {
    const WORDS: usize = 200_000;
    let messages = json!([{ "role": "user", "content": "a ".repeat(WORDS) }]);
    (json!({ "model": "m", "messages": messages, "max_tokens": WORDS }).to_string(), 2 * WORDS as u64)
}

#[test]
fn readers_who_never_read_have_an_end_and_no_other_tenant_feels_it() {
    const MOST: u64 = 128;
    let server = TestServer::start();
    for tenant in ["acme", "globex"] {
        server.create(&json!({ "tenant_id": tenant, "quota_tokens_per_minute": 1_000_000_000 }));
    }
    let (body, tokens) = long();
    let reserved = || server.usage("acme")["limits"]["tpm"]["used"].as_u64().unwrap() / tokens;
    let mut silent: Vec<_> =
        (0..MOST).map(|_| post(server.address, "/api/chat", &[("x-tenant-id", "acme")], &body)).collect();
    eventually(reserved, |chats| *chats == MOST);
    let short = json!({ "model": "m", "messages": [{ "role": "user", "content": "one" }] });
    let denied = server.of("acme", "POST", "/api/chat", Some(&short));
    denied.is_problem(429, "quota_exceeded");
    assert_eq!(denied.header("retry-after"), Some("1"));
    server.get("acme", "/api/users").ok(200);
    let chat = |tenant| {
        Stream::post(server.address, "/api/chat", &[("x-tenant-id", tenant)], &short.to_string()).rest()
    };
    assert_eq!(chat("globex").len(), 2);
    silent.pop();
    eventually(reserved, |chats| *chats < MOST);
    assert_eq!(chat("acme").len(), 2);
}
