//! RateLimit fields: structured, true, and on every answer to a tenant.

use std::{sync::Arc, time::Duration};

use http::{Request, Response};
use sfv::{BareItem, ListEntry, Parser};
use tenant_core::{Dimension, InMemoryConfigManager, NamedLimit, TenantConfig, TenantConfigBuilder, Window};
use tenant_tower::{HeaderResolver, TenantLayer, TenantLayerBuilder};
use tower::{Layer, service_fn};

use crate::support::{Answer, EchoService, Slow, clock, get, id, quotas, send};

/// A list of strings with integer parameters (RFC 9651), strictly parsed.
fn members(field: &str) -> Vec<(String, Vec<(String, i64)>)> {
    let list: sfv::List = Parser::new(field).parse().unwrap();
    let member = |entry: &ListEntry| {
        let ListEntry::Item(item) = entry else { panic!("an inner list in {field}") };
        let BareItem::String(name) = &item.bare_item else { panic!("no string in {field}") };
        let parameters = item.params.iter().map(|(key, value)| match value {
            BareItem::Integer(integer) => (key.as_str().to_owned(), i64::from(*integer)),
            _ => panic!("no integer in {field}"),
        });
        (name.as_str().to_owned(), parameters.collect())
    };
    list.iter().map(member).collect()
}

fn member(name: &str, parameters: [(&str, i64); 2]) -> (String, Vec<(String, i64)>) {
    let parameters = parameters.map(|(key, value)| (key.to_owned(), value));
    (name.to_owned(), parameters.to_vec())
}

type Given = TenantLayerBuilder<Arc<dyn tenant_tower::TenantResolver>, Arc<dyn tenant_core::ConfigManager>>;

fn builder(config: TenantConfigBuilder) -> (Given, Arc<tenant_core::ManualClock>) {
    let clock = clock();
    let configs = InMemoryConfigManager::with([config.build().unwrap()]).unwrap();
    let builder =
        TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs).quotas(quotas(&clock));
    (builder, clock)
}

fn acme() -> TenantConfigBuilder {
    TenantConfig::builder(id("acme"))
}

async fn ask(layer: &TenantLayer, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [("x-tenant-id", "acme")].iter().chain(headers).copied().collect();
    send(&layer.layer(EchoService), get("/", &headers)).await
}

#[tokio::test]
async fn the_fields_of_one_limit_read_as_documented() {
    let (builder, clock) = builder(acme().requests_per_minute(100));
    let layer = builder.build();
    clock.advance(Duration::from_secs(23));
    let answer = ask(&layer, &[]).await;
    assert_eq!(answer.header("ratelimit-policy"), Some("\"rpm\";q=100;w=60"));
    assert_eq!(answer.header("ratelimit"), Some("\"rpm\";r=99;t=17"));
}

#[tokio::test]
async fn several_limits_stand_in_one_line_of_each_field() {
    let daily = NamedLimit::rate(Dimension::Requests, Window::Day, 1_000);
    let length = Window::Length(Duration::from_secs(10));
    let burst = NamedLimit::rate(Dimension::Tokens, length, 9_007_199_254_740_992);
    let (builder, _clock) = builder(
        acme().requests_per_minute(100).tokens_per_minute(50).limit("a.b-c_D", daily).limit("burst", burst),
    );
    let answer = ask(&builder.build(), &[("x-token-count", "7")]).await;
    let day = 86_400 - i64::try_from(crate::support::NOW % 86_400).unwrap();
    assert_eq!(
        members(answer.header("ratelimit-policy").unwrap()),
        [
            member("rpm", [("q", 100), ("w", 60)]),
            member("tpm", [("q", 50), ("w", 60)]),
            member("a.b-c_D", [("q", 1_000), ("w", 86_400)]),
            // The largest integer that a structured field has.
            member("burst", [("q", 999_999_999_999_999), ("w", 10)]),
        ]
    );
    assert_eq!(
        members(answer.header("ratelimit").unwrap()),
        [
            member("rpm", [("r", 99), ("t", 40)]),
            member("tpm", [("r", 43), ("t", 40)]),
            member("a.b-c_D", [("r", 999), ("t", day)]),
            member("burst", [("r", 999_999_999_999_999), ("t", 10)]),
        ]
    );
}

#[tokio::test]
async fn an_unlimited_tenant_is_told_nothing() {
    let (builder, _clock) = builder(acme());
    let layer = builder.legacy_fields(true).remaining_fields(true).build();
    let answer = ask(&layer, &[]).await;
    let told =
        answer.headers.keys().any(|name| name.as_str().contains("rate") || name.as_str().contains("quota"));
    assert!(!told, "{:?}", answer.headers);
}

#[tokio::test]
async fn a_limit_in_shadow_mode_is_not_told_of() {
    let shadow = NamedLimit::rate(Dimension::Requests, Window::Minute, 1).shadow(true);
    let (builder, _clock) = builder(acme().requests_per_minute(100).limit("trial", shadow));
    let answer = ask(&builder.build(), &[]).await;
    assert_eq!(answer.header("ratelimit-policy"), Some("\"rpm\";q=100;w=60"));
    assert_eq!(answer.header("ratelimit"), Some("\"rpm\";r=99;t=40"));
}

#[tokio::test]
async fn a_dimension_that_requests_do_not_cost_is_not_told_of() {
    let named = NamedLimit::rate(Dimension::Named("mails".into()), Window::Day, 10);
    let (builder, _clock) = builder(acme().limit("mails", named));
    let answer = ask(&builder.build(), &[]).await;
    assert!(answer.header("ratelimit-policy").is_none() && answer.header("ratelimit").is_none());
}

#[tokio::test]
async fn the_inner_services_404_carries_them() {
    let (builder, _clock) = builder(acme().requests_per_minute(100));
    let missing = service_fn(|_: Request<_>| async {
        let mut response = Response::new(http_body_util::Full::<bytes::Bytes>::default());
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        Ok::<_, std::convert::Infallible>(response)
    });
    let service = builder.build().layer(missing);
    let answer = send(&service, get("/", &[("x-tenant-id", "acme")])).await;
    assert_eq!((answer.status, answer.header("ratelimit")), (404, Some("\"rpm\";r=99;t=40")));
}

#[tokio::test]
async fn a_policys_denial_carries_them_and_costs_nothing() {
    for is_slow in [false, true] {
        let clock = clock();
        let config = acme().requests_per_minute(100).allowed_models(["small"]).build().unwrap();
        let builder = TenantLayer::builder()
            .resolver(HeaderResolver::default())
            .configs(InMemoryConfigManager::with([config]).unwrap());
        let layer = match is_slow {
            true => builder.quotas(Slow(quotas(&clock))).build(),
            false => builder.quotas(quotas(&clock)).build(),
        };
        for _ in 0..2 {
            let answer = ask(&layer, &[("x-model", "large")]).await;
            assert_eq!((answer.status, answer.header("ratelimit")), (403, Some("\"rpm\";r=100;t=40")));
            assert_eq!(answer.header("ratelimit-policy"), Some("\"rpm\";q=100;w=60"));
        }
    }
}

#[tokio::test]
async fn before_resolution_there_is_nothing_to_tell() {
    let (builder, _clock) = builder(acme().requests_per_minute(100));
    let answer = send(&builder.build().layer(EchoService), get("/", &[])).await;
    assert!(answer.header("ratelimit").is_none());
}

#[tokio::test]
async fn they_can_be_switched_off_and_the_older_ones_on() {
    let (builder, _clock) = builder(acme().requests_per_minute(100).tokens_per_minute(50));
    let layer = builder.rate_limit_fields(false).legacy_fields(true).remaining_fields(true).build();
    let answer = ask(&layer, &[("x-token-count", "8")]).await;
    for (name, value) in [
        ("ratelimit", None),
        ("ratelimit-policy", None),
        ("x-ratelimit-limit", Some("100")),
        ("x-ratelimit-remaining", Some("99")),
        ("x-ratelimit-reset", Some("40")),
        ("x-quota-remaining-requests", Some("99")),
        ("x-quota-remaining-tokens", Some("42")),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_changed_limit_is_told_at_once() {
    use tenant_core::ConfigStoreExt;
    let configs =
        Arc::new(InMemoryConfigManager::with([acme().requests_per_minute(100).build().unwrap()]).unwrap());
    let layer =
        TenantLayer::builder().resolver(HeaderResolver::default()).configs(Arc::clone(&configs)).build();
    assert_eq!(ask(&layer, &[]).await.header("ratelimit-policy"), Some("\"rpm\";q=100;w=60"));
    let change = |config: &mut TenantConfig| config.quota.requests_per_minute = Some(7);
    configs.modify(&id("acme"), change).await.unwrap();
    assert_eq!(ask(&layer, &[]).await.header("ratelimit-policy"), Some("\"rpm\";q=7;w=60"));
}
