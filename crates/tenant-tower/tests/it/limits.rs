//! What a request costs, and what happens at the limit.

use std::{sync::Arc, time::Duration};

use tenant_core::{
    Dimension, InMemoryConfigManager, InMemoryQuotaManager, ManualClock, NamedLimit, QuotaManager,
    TenantConfig, TenantContext, Window,
};
use tenant_tower::{HeaderResolver, TenantLayer};
use tower::Layer;

use crate::support::{Answer, EchoService, Slow, clock, configs, get, id, quotas, raw, send, serve};

struct Bench {
    clock: Arc<ManualClock>,
    configs: Arc<InMemoryConfigManager>,
    quotas: Arc<InMemoryQuotaManager>,
    layer: TenantLayer,
}

impl Bench {
    fn new(is_slow: bool) -> Self {
        let clock = clock();
        let (configs, quotas) = (Arc::new(configs()), Arc::new(quotas(&clock)));
        let layer = TenantLayer::builder().resolver(HeaderResolver::default()).configs(Arc::clone(&configs));
        let layer = match is_slow {
            true => layer.quotas(Slow(Arc::clone(&quotas))),
            false => layer.quotas(Arc::clone(&quotas)),
        };
        Self { clock, configs, quotas, layer: layer.build() }
    }

    async fn ask(&self, headers: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> = [("x-tenant-id", "limited")].iter().chain(headers).copied().collect();
        send(&self.layer.layer(EchoService), get("/", &headers)).await
    }

    async fn used(&self) -> Vec<u64> {
        let tenant = TenantContext::of(&*self.configs, &id("limited")).await.unwrap();
        let usage = self.quotas.usage(tenant.record()).await.unwrap();
        usage.limits.iter().map(|limit| limit.used).collect()
    }
}

#[tokio::test]
async fn a_reached_limit_is_a_429_until_the_window_ends() {
    for is_slow in [false, true] {
        let bench = Bench::new(is_slow);
        assert_eq!(bench.ask(&[]).await.status, 200);
        assert_eq!(bench.ask(&[]).await.status, 200);
        bench.clock.advance(Duration::from_millis(500));
        let answer = bench.ask(&[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
        assert_eq!(answer.header("retry-after"), Some("40"), "39.5 s, rounded up");
        assert_eq!(answer.json()["retry_after"], 40);
        assert_eq!(answer.header("ratelimit"), Some("\"rpm\";r=0;t=40, \"tpm\";r=100;t=40"));
        bench.clock.advance(Duration::from_micros(39_499_999));
        assert_eq!(bench.ask(&[]).await.header("retry-after"), Some("1"), "never 0");
        bench.clock.advance(Duration::from_micros(1));
        assert_eq!(bench.ask(&[]).await.status, 200);
    }
}

#[tokio::test]
async fn announced_tokens_are_charged() {
    let bench = Bench::new(false);
    assert_eq!(bench.ask(&[("x-token-count", "70")]).await.status, 200);
    let answer = bench.ask(&[("x-token-count", "31")]).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("40"));
    assert_eq!(bench.used().await, [1, 70], "all limits admit, or nothing is charged");
    assert_eq!(bench.ask(&[("x-token-count", "30")]).await.status, 200);
}

#[tokio::test]
async fn more_than_the_limit_itself_is_not_worth_waiting_for() {
    let bench = Bench::new(false);
    for count in ["101", "9007199254740992"] {
        let answer = bench.ask(&[("x-token-count", count)]).await;
        assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
        assert!(answer.header("retry-after").is_none() && answer.json().get("retry_after").is_none());
    }
    assert_eq!(bench.used().await, [0, 0]);
}

#[tokio::test]
async fn a_malformed_count_is_a_400_that_costs_nothing() {
    let addr = serve(crate::support::layer().layer(EchoService)).await;
    for count in [
        "",
        " ",
        "-1",
        "+5",
        "1.5",
        "1e3",
        "0x10",
        "five",
        "1 2",
        "1,2",
        "9007199254740993",
        "18446744073709551616",
        "99999999999999999999999999",
        "\u{661}",
    ] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: limited\r\nX-Token-Count: {count}\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(addr, request.as_bytes()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{count}");
        assert_eq!(answer.json()["field"], "x-token-count");
        assert!(answer.header("ratelimit").unwrap().starts_with("\"rpm\";r=2;"));
    }
    let twice = b"GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: limited\r\nX-Token-Count: 1\r\nX-Token-Count: 1\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(addr, twice).await.code(), "invalid_request");
    let zero =
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: limited\r\nX-Token-Count: 0\r\nConnection: close\r\n\r\n";
    assert!(raw(addr, zero).await.header("ratelimit").unwrap().starts_with("\"rpm\";r=1;"));
}

#[tokio::test]
async fn one_tenant_never_counts_against_another() {
    let bench = Bench::new(false);
    for _ in 0..3 {
        bench.ask(&[]).await;
    }
    let service = bench.layer.layer(EchoService);
    assert_eq!(send(&service, get("/", &[("x-tenant-id", "picky")])).await.status, 200);
    assert_eq!(send(&service, get("/", &[("x-tenant-id", "acme")])).await.status, 200);
    assert_eq!(send(&service, get("/", &[("x-tenant-id", "limited")])).await.status, 429);
}

#[tokio::test]
async fn what_never_reached_a_tenant_costs_it_nothing() {
    let bench = Bench::new(false);
    let service = bench.layer.layer(EchoService);
    for headers in [
        [("x-tenant-id", "limited "), ("x-model", "")],
        [("x-tenant-id", "limited"), ("x-model", "")],
        [("x-tenant-id", "limited"), ("x-tool", "a b")],
    ] {
        assert_ne!(send(&service, get("/", &headers)).await.status, 200);
    }
    assert_eq!(bench.used().await, [0, 0]);
}

#[tokio::test]
async fn a_named_limit_of_zero_denies_without_retry_after() {
    let none = NamedLimit::rate(Dimension::Requests, Window::Day, 0);
    let config = TenantConfig::builder(id("acme")).limit("calls", none).build().unwrap();
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(InMemoryConfigManager::with([config]).unwrap())
        .build();
    let answer = send(&layer.layer(EchoService), get("/", &[("x-tenant-id", "acme")])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_the_limit_gets_through_however_many_ask() {
    let bench = Bench::new(false);
    let service = bench.layer.layer(EchoService);
    let calls = (0..200).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { send(&service, get("/", &[("x-tenant-id", "limited")])).await.status })
    });
    let mut admitted = 0;
    for call in calls.collect::<Vec<_>>() {
        admitted += usize::from(call.await.unwrap() == 200);
    }
    assert_eq!(admitted, 2);
}
