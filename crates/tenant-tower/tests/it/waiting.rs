//! Requests that wait for a store end as those that don't.

use tenant_core::ConfigPolicyEvaluator;
use tenant_tower::{
    Claim, HeaderResolver, RequestHead, Resolution, ResolveFuture, Source, TenantLayer, TenantResolver,
};
use tower::Layer;

use crate::support::{Answer, EchoService, Slow, clock, configs, get, quotas, send};

/// Looks the header up somewhere else.
struct SlowResolver(HeaderResolver);

impl TenantResolver for SlowResolver {
    fn resolve(&self, _: &RequestHead<'_>) -> Resolution {
        panic!("a resolver that waits is not asked without waiting")
    }

    fn waits(&self) -> bool {
        true
    }

    fn resolve_later(&self, head: &RequestHead<'_>) -> ResolveFuture {
        let resolution = self.0.resolve(head);
        Box::pin(async move {
            tokio::task::yield_now().await;
            let claim = resolution?;
            Ok(claim.map(|claim| Claim::new(*claim.tenant(), Source::Custom("lookup"))))
        })
    }
}

async fn ask_both(headers: &[(&str, &str)]) -> (Answer, Answer) {
    let clock = clock();
    let fast = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs())
        .quotas(quotas(&clock))
        .build();
    let slow = TenantLayer::builder()
        .resolver(SlowResolver(HeaderResolver::default()))
        .configs(Slow(configs()))
        .policies(Slow(ConfigPolicyEvaluator::new()))
        .quotas(Slow(quotas(&clock)))
        .build();
    (
        send(&fast.layer(EchoService), get("/x", headers)).await,
        send(&slow.layer(EchoService), get("/x", headers)).await,
    )
}

#[tokio::test]
async fn waiting_changes_nothing_but_the_time() {
    for headers in [
        [("x-tenant-id", "acme"), ("x-y", "z")],
        [("x-tenant-id", "limited"), ("x-token-count", "12")],
        [("x-tenant-id", "limited"), ("x-token-count", "101")],
        [("x-tenant-id", "limited"), ("x-token-count", "-1")],
        [("x-tenant-id", "picky"), ("x-model", "small")],
        [("x-tenant-id", "picky"), ("x-model", "large")],
        [("x-tenant-id", "picky"), ("x-model", "")],
        [("x-tenant-id", "paused"), ("x-y", "z")],
        [("x-tenant-id", "initech"), ("x-y", "z")],
        [("x-tenant-id", "a b"), ("x-y", "z")],
        [("x-nobody", "a"), ("x-y", "z")],
    ] {
        let (fast, slow) = ask_both(&headers).await;
        assert_eq!(fast.status, slow.status, "{headers:?}");
        assert_eq!(fast.headers, slow.headers, "{headers:?}");
        assert_eq!(fast.body, slow.body, "{headers:?}");
    }
}

#[tokio::test]
async fn chains_wait_for_whoever_waits() {
    let by_other = HeaderResolver::new(http::HeaderName::from_static("x-other"));
    let resolver = SlowResolver(HeaderResolver::default()).or(by_other);
    let layer = TenantLayer::builder().resolver(resolver).configs(configs()).build();
    let service = layer.layer(EchoService);
    let ask = async |other| send(&service, get("/", &[("x-tenant-id", "acme"), ("x-other", other)])).await;
    assert_eq!(ask("acme").await.body, "acme acme /");
    assert_eq!(ask("globex").await.code(), "tenant_mismatch");
    assert_eq!(ask("a b").await.code(), "invalid_tenant_id");
}

#[tokio::test]
async fn two_hosts_are_rejected_before_anybody_waits() {
    let resolver = SlowResolver(HeaderResolver::default());
    let layer = TenantLayer::builder().resolver(resolver).configs(configs()).build();
    let headers = [("x-tenant-id", "acme"), ("host", "a.example"), ("host", "a.example")];
    assert_eq!(send(&layer.layer(EchoService), get("/", &headers)).await.status, 400);
}
