//! The table of rejections, through a real socket, in raw bytes.

use tenant_core::InMemoryQuotaManager;
use tenant_tower::{HeaderResolver, Rejection, RejectionKind, TenantLayer};
use tower::Layer;

use crate::support::{Answer, Down, EchoService, configs, get, layer, raw, send, serve};

/// Sends header lines to `GET /`.
async fn ask(lines: &[u8]) -> Answer {
    let addr = serve(layer().layer(EchoService)).await;
    let mut request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
    request.extend_from_slice(lines);
    request.extend_from_slice(b"\r\n");
    raw(addr, &request).await
}

fn assert_rejected(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("urn:problem-type:tenant:{code}"));
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[tokio::test]
async fn an_active_tenant_gets_through() {
    let answer = ask(b"X-Tenant-ID: acme\r\n").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "acme acme /"));
}

#[tokio::test]
async fn no_tenant_is_a_401_with_a_challenge() {
    let answer = ask(b"").await;
    assert_rejected(&answer, 401, "tenant_required");
    assert_eq!(answer.header("www-authenticate"), Some("Tenant"));
}

#[tokio::test]
async fn malformed_claims_are_400() {
    let long = format!("X-Tenant-ID: {}\r\n", "x".repeat(64));
    for lines in [
        b"X-Tenant-ID: acme\r\nX-Tenant-ID: acme\r\n".as_slice(),
        b"X-Tenant-ID: acme\r\nx-tenant-id: globex\r\n",
        b"X-Tenant-ID:\r\n",
        b"X-Tenant-ID:   \r\n",
        b"X-Tenant-ID: acme,globex\r\n",
        b"X-Tenant-ID: acme, acme\r\n",
        b"X-Tenant-ID: ac me\r\n",
        b"X-Tenant-ID: acm\xc3\xa9\r\n",
        b"X-Tenant-ID: acme\xff\r\n",
        b"X-Tenant-ID: ..\r\n",
        b"X-Tenant-ID: ../acme\r\n",
        b"X-Tenant-ID: -acme\r\n",
        b"X-Tenant-ID: acme%00\r\n",
        long.as_bytes(),
    ] {
        assert_rejected(&ask(lines).await, 400, "invalid_tenant_id");
    }
}

#[tokio::test]
async fn an_unknown_tenant_is_a_404_and_its_id_is_not_repeated() {
    for lines in [b"X-Tenant-ID: initech\r\n".as_slice(), b"X-Tenant-ID: ACME\r\n"] {
        let answer = ask(lines).await;
        assert_rejected(&answer, 404, "tenant_not_found");
        assert!(!answer.body.contains("initech") && !answer.body.contains("ACME"));
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_a_403() {
    assert_rejected(&ask(b"X-Tenant-ID: paused\r\n").await, 403, "tenant_inactive");
}

#[tokio::test]
async fn a_denied_policy_is_a_403_with_the_reason() {
    let answer = ask(b"X-Tenant-ID: picky\r\nX-Model: large\r\n").await;
    assert_rejected(&answer, 403, "policy_denied");
    assert_eq!(answer.json()["reason"], "the model is not allowed for this tenant");
}

#[tokio::test]
async fn a_store_that_is_down_is_a_503_and_tells_no_more() {
    let usual = || TenantLayer::builder().resolver(HeaderResolver::default());
    let layers = [
        usual().configs(Down).build(),
        usual().configs(configs()).policies(Down).build(),
        usual().configs(configs()).quotas(Down).build(),
    ];
    for layer in layers {
        let service = layer.layer(EchoService);
        let answer = send(&service, get("/", &[("x-tenant-id", "acme")])).await;
        assert_rejected(&answer, 503, "tenant_store_unavailable");
        assert!(!answer.body.contains("hunter2") && answer.header("retry-after").is_none());
    }
}

#[tokio::test]
async fn two_hosts_are_a_400_whoever_names_the_tenant() {
    let addr = serve(layer().layer(EchoService)).await;
    for request in [
        b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\nX-Tenant-ID: acme\r\nConnection: close\r\n\r\n"
            .as_slice(),
        b"GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\nX-Tenant-ID: acme\r\nConnection: close\r\n\r\n",
    ] {
        assert_rejected(&raw(addr, request).await, 400, "invalid_tenant_id");
    }
}

#[tokio::test]
async fn a_rejection_names_the_trace_it_belongs_to() {
    let traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let service = layer().layer(EchoService);
    let answer = send(&service, get("/", &[("traceparent", traced)])).await;
    assert_eq!(answer.json()["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    let answer = send(&service, get("/", &[("traceparent", "00-junk")])).await;
    assert!(answer.json().get("trace_id").is_none());
}

#[tokio::test]
async fn a_rejection_stays_in_the_response_for_outer_layers() {
    let answer = send(&layer().layer(EchoService), get("/", &[])).await;
    let kind = answer.extensions.get::<Rejection>().map(Rejection::kind);
    assert_eq!(kind, Some(RejectionKind::TenantRequired));
}

#[tokio::test]
async fn the_body_has_its_length() {
    let answer = ask(b"").await;
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
}

#[tokio::test]
async fn handlers_answer_in_the_same_form() {
    let challenge = http::HeaderValue::from_static("Bearer realm=\"api\"");
    let invalid =
        Rejection::invalid_request("expected a string").with_field("messages[0].role").with_position(3, 14);
    for (rejection, status, code) in [
        (invalid, 400, "invalid_request"),
        (Rejection::body_too_large(), 413, "body_too_large"),
        (Rejection::unauthenticated(challenge), 401, "unauthenticated"),
        (Rejection::forbidden(), 403, "forbidden"),
        (Rejection::csrf_failed(), 403, "csrf_failed"),
        (Rejection::not_found(), 404, "not_found"),
        (Rejection::conflict(), 409, "conflict"),
        (Rejection::misdirected_request(), 421, "misdirected_request"),
        (Rejection::gone(), 410, "gone"),
        (Rejection::precondition_failed(), 412, "precondition_failed"),
        (Rejection::internal(), 500, "internal_error"),
    ] {
        let response = rejection.to_response().map(http_body_util::Full::new);
        let answer = Answer::of(response).await;
        assert_rejected(&answer, status, code);
        match code {
            "invalid_request" => {
                let problem = answer.json();
                assert_eq!(problem["field"], "messages[0].role");
                assert_eq!((problem["line"].as_u64(), problem["column"].as_u64()), (Some(3), Some(14)));
            }
            "unauthenticated" => {
                assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"api\""));
            }
            _ => assert!(answer.header("www-authenticate").is_none()),
        }
    }
}

#[tokio::test]
async fn layers_share_what_they_are_given() {
    let quotas = std::sync::Arc::new(InMemoryQuotaManager::new());
    let layer = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(std::sync::Arc::new(configs()))
        .quotas(std::sync::Arc::clone(&quotas))
        .build();
    send(&layer.layer(EchoService), get("/", &[("x-tenant-id", "limited")])).await;
    assert_eq!(quotas.tenants(), 1);
}
