//! The single layers, and what happens where one is missing.

use tenant_core::{ConfigPolicyEvaluator, InMemoryQuotaManager};
use tenant_tower::{HeaderResolver, PolicyLayer, QuotaLayer, ResolveLayer};
use tower::{Layer, ServiceBuilder};

use crate::support::{EchoService, configs, get, send};

fn resolve() -> ResolveLayer {
    ResolveLayer::new(HeaderResolver::default(), configs())
}

#[tokio::test]
async fn a_layer_that_needs_a_tenant_never_passes_without_one_that_resolves() {
    let policy = PolicyLayer::new(ConfigPolicyEvaluator::new()).layer(EchoService);
    let quota = QuotaLayer::new(InMemoryQuotaManager::new()).layer(EchoService);
    let turned = QuotaLayer::new(InMemoryQuotaManager::new()).layer(resolve().layer(EchoService));
    let request = || get("/", &[("x-tenant-id", "acme")]);
    for answer in
        [send(&policy, request()).await, send(&quota, request()).await, send(&turned, request()).await]
    {
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"));
        assert!(answer.json()["detail"].as_str().unwrap().contains("before this one"));
    }
}

#[tokio::test]
async fn the_single_layers_do_together_what_the_whole_one_does() {
    let service = ServiceBuilder::new()
        .layer(resolve())
        .layer(PolicyLayer::new(ConfigPolicyEvaluator::new()))
        .layer(QuotaLayer::new(InMemoryQuotaManager::new()))
        .service(EchoService);
    let ask =
        async |tenant, model| send(&service, get("/x", &[("x-tenant-id", tenant), ("x-model", model)])).await;
    assert_eq!(ask("acme", "any").await.body, "acme acme /x");
    assert_eq!(ask("picky", "large").await.code(), "policy_denied");
    let answer = ask("limited", "any").await;
    assert!(answer.header("ratelimit").unwrap().starts_with("\"rpm\";r=1;"));
    ask("limited", "any").await;
    assert_eq!(ask("limited", "any").await.code(), "quota_exceeded");
}

#[tokio::test]
async fn where_a_tenant_may_be_missing_the_inner_layers_let_the_request_through() {
    let service = ServiceBuilder::new()
        .layer(resolve().allow_missing())
        .layer(PolicyLayer::new(ConfigPolicyEvaluator::new()))
        .layer(QuotaLayer::new(InMemoryQuotaManager::new()))
        .service(EchoService);
    assert_eq!(send(&service, get("/", &[])).await.body, "none none /");
}

#[tokio::test]
async fn quotas_outside_of_policies_still_refund_a_denial() {
    let service = ServiceBuilder::new()
        .layer(resolve())
        .layer(QuotaLayer::new(InMemoryQuotaManager::new()))
        .layer(PolicyLayer::new(ConfigPolicyEvaluator::new()))
        .service(EchoService);
    let answer = send(&service, get("/", &[("x-tenant-id", "picky"), ("x-model", "large")])).await;
    assert_eq!(answer.status, 403);
    assert!(answer.header("ratelimit").unwrap().starts_with("\"rpm\";r=10;"));
}
