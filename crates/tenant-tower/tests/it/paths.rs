//! Tenants by path: stripped before the inner service sees it.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tenant_core::{InMemoryConfigManager, PolicyConfig, TenantConfig};
use tenant_tower::{OriginalUri, PathResolver, TenantLayer};
use tower::{Layer, service_fn};

use crate::support::{EchoService, Slow, configs, get, id, send};

fn layer(pattern: &str) -> TenantLayer {
    TenantLayer::builder().resolver(PathResolver::new(pattern).unwrap()).configs(configs()).build()
}

#[tokio::test]
async fn the_prefix_is_stripped() {
    let service = layer("/t/{tenant}").layer(EchoService);
    for (sent, arrived) in [
        ("/t/acme/users?page=2", "/users?page=2"),
        ("/t/acme/", "/"),
        ("/t/acme", "/"),
        ("/t/acme?x=/t/globex", "/?x=/t/globex"),
        ("/t/acme/t/globex/x", "/t/globex/x"),
        ("/t/acme//x", "//x"),
        ("/t/acme/%2e%2e/x", "/%2e%2e/x"),
        ("http://example.com/t/acme/x", "http://example.com/x"),
    ] {
        let answer = send(&service, get(sent, &[])).await;
        assert_eq!(answer.body, format!("acme acme {arrived}"), "{sent}");
    }
    let service = layer("/{tenant}").layer(EchoService);
    assert_eq!(send(&service, get("/acme/x", &[])).await.body, "acme acme /x");
}

#[tokio::test]
async fn what_is_not_below_the_prefix_names_nobody() {
    let service = layer("/t/{tenant}").layer(EchoService);
    for uri in ["/", "/t", "/T/acme", "/users/t/acme", "/%74/acme", "*"] {
        assert_eq!(send(&service, get(uri, &[])).await.code(), "tenant_required", "{uri}");
    }
}

#[tokio::test]
async fn a_segment_that_is_no_id_is_a_400() {
    let service = layer("/t/{tenant}").layer(EchoService);
    for uri in ["/t/", "/t//users", "/t/../x", "/t/acm%65/x", "/t/.acme/x", "/t/a,b"] {
        assert_eq!(send(&service, get(uri, &[])).await.code(), "invalid_tenant_id", "{uri}");
    }
}

#[tokio::test]
async fn the_target_as_it_was_sent_stays_at_hand() {
    let inner = service_fn(|request: Request<Full<Bytes>>| async move {
        let original = request.extensions().get::<OriginalUri>().unwrap().0.to_string();
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(original))))
    });
    let answer = send(&layer("/t/{tenant}").layer(inner), get("/t/acme/x?y=1", &[])).await;
    assert_eq!(answer.body, "/t/acme/x?y=1");
}

#[tokio::test]
async fn policies_look_at_the_path_that_is_served() {
    let policy = PolicyConfig { allowed_paths: vec!["/users".into()], ..PolicyConfig::default() };
    let config = || TenantConfig::builder(id("acme")).policy(policy.clone()).build().unwrap();
    let builder = || TenantLayer::builder().resolver(PathResolver::new("/t/{tenant}").unwrap());
    let configs = || InMemoryConfigManager::with([config()]).unwrap();
    for layer in [builder().configs(configs()).build(), builder().configs(Slow(configs())).build()] {
        let service = layer.layer(EchoService);
        for (uri, status) in [("/t/acme/users/7", 200), ("/t/acme/secrets", 403), ("/t/acme", 403)] {
            assert_eq!(send(&service, get(uri, &[])).await.status, status, "{uri}");
        }
    }
}

#[test]
fn patterns_are_of_one_form() {
    for wrong in
        ["", "/", "/t", "/t/", "t/{tenant}", "/t{tenant}", "/t/{tenant}/x", "/{x}/{tenant}", "/a b/{tenant}"]
    {
        assert!(PathResolver::new(wrong).is_err(), "{wrong}");
    }
}
