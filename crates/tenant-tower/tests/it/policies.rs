//! Policies: before the quota, and inside of handlers.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use tenant_core::{ConfigPolicyEvaluator, TenantContext, policy::PolicyRequest};
use tenant_tower::{HeaderResolver, PolicyLayer, Rejection, TenantLayer};
use tower::{Layer, service_fn};

use crate::support::{EchoService, Slow, configs, get, layer, quotas, raw, send, serve};

#[tokio::test]
async fn model_and_tool_come_from_their_headers() {
    let service = layer().layer(EchoService);
    for (headers, status) in [
        ([("x-model", "small"), ("x-tool", "search")], 200),
        ([("x-model", "large"), ("x-tool", "search")], 403),
        ([("x-model", "small"), ("x-tool", "shell")], 403),
        ([("x-model", "SMALL"), ("x-tool", "search")], 403),
        ([("x-other", "x"), ("x-another", "x")], 200),
    ] {
        let headers: Vec<_> = [("x-tenant-id", "picky")].into_iter().chain(headers).collect();
        assert_eq!(send(&service, get("/", &headers)).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_malformed_declaration_is_a_400_not_a_pass() {
    let addr = serve(layer().layer(EchoService)).await;
    for (lines, field) in [
        (b"X-Model: small\r\nX-Model: small\r\n".as_slice(), "x-model"),
        (b"X-Model: small\r\nx-model: large\r\n", "x-model"),
        (b"X-Model:\r\n", "x-model"),
        (b"X-Model: sm\xc3\xa4ll\r\n", "x-model"),
        (b"X-Model: small model\r\n", "x-model"),
        (b"X-Tool: search\r\nX-Tool: shell\r\n", "x-tool"),
        (b"X-Tool: \r\n", "x-tool"),
    ] {
        let head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: picky\r\nConnection: close\r\n";
        let answer = raw(addr, &[head.as_slice(), lines, b"\r\n"].concat()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
        assert_eq!(answer.json()["field"], field);
    }
}

#[tokio::test]
async fn a_route_that_requires_a_declaration_rejects_its_absence() {
    let route = PolicyLayer::new(ConfigPolicyEvaluator::new()).require_model();
    let service = layer().layer(route.layer(EchoService));
    for (headers, status) in [
        ([("x-tenant-id", "acme"), ("x-model", "any")], 200),
        ([("x-tenant-id", "acme"), ("x-tool", "any")], 400),
        ([("x-tenant-id", "picky"), ("x-model", "large")], 403),
    ] {
        assert_eq!(send(&service, get("/", &headers)).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn headers_can_be_named_otherwise() {
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs())
        .model_header(HeaderName::from_static("x-llm"))
        .build();
    let service = layer.layer(EchoService);
    let ask =
        async |name| send(&service, get("/", &[("x-tenant-id", "picky"), (name, "large")])).await.status;
    assert_eq!((ask("x-llm").await, ask("x-model").await), (403, 200));
}

#[tokio::test]
async fn policies_that_wait_decide_all_the_same() {
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs())
        .policies(Slow(ConfigPolicyEvaluator::new()))
        .build();
    let service = layer.layer(EchoService);
    let ask =
        async |model| send(&service, get("/", &[("x-tenant-id", "picky"), ("x-model", model)])).await.status;
    assert_eq!((ask("small").await, ask("large").await), (200, 403));
}

#[tokio::test]
async fn a_denial_inside_of_the_handler_refunds_the_charge() {
    let clock = crate::support::clock();
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(configs())
        .quotas(Arc::new(quotas(&clock)))
        .build();
    let policies = layer.policies().clone();
    let chat = service_fn(move |request: Request<Full<Bytes>>| {
        let policies = policies.clone();
        async move {
            let tenant = request.extensions().get::<TenantContext>().unwrap();
            let model = request.uri().query();
            let asked = PolicyRequest::new("POST", "/chat").with_model(model);
            let response = match policies.check(tenant, &asked).await {
                Ok(()) => Response::new(Bytes::from("hello")),
                Err(rejection) => rejection.to_response(),
            };
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    let service = layer.layer(chat);
    let ask = async |model: &str| {
        let headers = [("x-tenant-id", "picky"), ("x-token-count", "5")];
        send(&service, get(&format!("/chat?{model}"), &headers)).await
    };
    let denied = ask("large").await;
    assert_eq!((denied.status, denied.code().as_str()), (403, "policy_denied"));
    assert_eq!(denied.header("ratelimit"), Some("\"rpm\";r=10;t=40"));
    let answered = ask("small").await;
    assert_eq!((answered.status, answered.header("ratelimit")), (200, Some("\"rpm\";r=9;t=40")));
}

#[tokio::test]
async fn other_rejections_of_a_handler_stay_charged() {
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Rejection::not_found().to_response().map(Full::new))
    });
    let answer = send(&layer().layer(inner), get("/", &[("x-tenant-id", "picky")])).await;
    assert_eq!((answer.status, answer.header("ratelimit")), (404, Some("\"rpm\";r=9;t=40")));
}
