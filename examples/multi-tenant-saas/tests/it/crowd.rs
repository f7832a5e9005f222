//! What one tenant has under way by the hundred, and what the others feel of it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::server::TestServer;

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
