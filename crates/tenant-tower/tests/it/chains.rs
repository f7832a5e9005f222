//! Several sources: they agree, or nobody gets through.

use std::sync::{Arc, Mutex};

use tenant_core::{
    Hooks, TenantHooks,
    hooks::{CrossTenantAttempt, ResolveEvent},
};
use tenant_tower::{
    ChainResolver, Claim, HeaderResolver, PathResolver, Source, SubdomainResolver, TenantLayer,
    TenantResolver, danger::QueryResolver, resolver_fn,
};
use tower::Layer;

use crate::support::{EchoService, configs, get, id, layer, send};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl TenantHooks for Log {
    fn on_resolve(&self, event: &ResolveEvent<'_>) {
        let tenant = event.tenant.map_or("nobody", |tenant| tenant.as_str());
        let line = format!("{} by {}: {}", tenant, event.source, event.outcome);
        self.0.lock().unwrap().push(line);
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        let line =
            format!("{} by {}, but {} by {}", event.tenant, event.source, event.claimed, event.claimed_by);
        self.0.lock().unwrap().push(line);
    }
}

async fn ask(
    resolver: impl TenantResolver + 'static,
    uri: &str,
    headers: &[(&str, &str)],
) -> (String, Vec<String>) {
    let log = Arc::new(Log::default());
    let layer = TenantLayer::builder()
        .resolver(resolver)
        .configs(configs())
        .hooks(Hooks::new([Arc::clone(&log) as _]))
        .build();
    let answer = send(&layer.layer(EchoService), get(uri, headers)).await;
    let outcome = match answer.status {
        200 => answer.body,
        status => format!("{status} {}", answer.code()),
    };
    (outcome, std::mem::take(&mut log.0.lock().unwrap()))
}

fn chain() -> impl TenantResolver {
    SubdomainResolver::new(["example.com"]).unwrap().or(HeaderResolver::default())
}

fn list() -> impl TenantResolver {
    ChainResolver::new()
        .with(SubdomainResolver::new(["example.com"]).unwrap())
        .with(HeaderResolver::default())
}

macro_rules! both {
    ($name:ident, $check:ident) => {
        #[tokio::test]
        async fn $name() {
            $check(chain).await;
            $check(list).await;
        }
    };
}

both!(whoever_speaks_is_heard, check_single);
async fn check_single<R: TenantResolver + 'static>(resolver: fn() -> R) {
    let (outcome, log) = ask(resolver(), "/", &[("host", "acme.example.com")]).await;
    assert!(outcome.starts_with("acme "));
    assert_eq!(log, ["acme by subdomain: ok"]);
    let (outcome, log) = ask(resolver(), "/", &[("host", "example.com"), ("x-tenant-id", "globex")]).await;
    assert!(outcome.starts_with("globex "));
    assert_eq!(log, ["globex by header: ok"]);
}

both!(sources_that_agree_get_through, check_agreement);
async fn check_agreement<R: TenantResolver + 'static>(resolver: fn() -> R) {
    let headers = [("host", "acme.example.com"), ("x-tenant-id", "acme")];
    let (outcome, log) = ask(resolver(), "/", &headers).await;
    assert!(outcome.starts_with("acme "));
    assert_eq!(log, ["acme by subdomain: ok"]);
}

both!(sources_that_disagree_are_a_reported_403, check_disagreement);
async fn check_disagreement<R: TenantResolver + 'static>(resolver: fn() -> R) {
    let headers = [("host", "acme.example.com"), ("x-tenant-id", "globex")];
    let (outcome, log) = ask(resolver(), "/", &headers).await;
    assert_eq!(outcome, "403 tenant_mismatch");
    assert_eq!(log, ["acme by subdomain, but globex by header", "acme by subdomain: tenant_mismatch"]);
}

both!(an_error_never_falls_through, check_error);
async fn check_error<R: TenantResolver + 'static>(resolver: fn() -> R) {
    for headers in [
        [("host", "-.example.com"), ("x-tenant-id", "acme")],
        [("host", "acme.example.com"), ("x-tenant-id", "not an id")],
    ] {
        let (outcome, log) = ask(resolver(), "/", &headers).await;
        assert_eq!(outcome, "400 invalid_tenant_id");
        assert_eq!(log.len(), 1);
        assert!(log[0].starts_with("nobody by "));
    }
}

#[tokio::test]
async fn three_sources_must_all_agree() {
    let resolver = || {
        PathResolver::new("/t/{tenant}")
            .unwrap()
            .or(HeaderResolver::default())
            .or(QueryResolver::new("tenant"))
    };
    let header = [("x-tenant-id", "acme")];
    assert_eq!(ask(resolver(), "/t/acme/x?tenant=acme", &header).await.0, "acme acme /x?tenant=acme");
    for uri in ["/t/acme/x?tenant=globex", "/t/globex/x?tenant=acme", "/x?tenant=globex"] {
        assert_eq!(ask(resolver(), uri, &header).await.0, "403 tenant_mismatch", "{uri}");
    }
}

#[tokio::test]
async fn query_parameters_come_once_and_are_not_decoded() {
    let ask = async |uri| ask(QueryResolver::new("tenant"), uri, &[]).await.0;
    assert!(ask("/?a=b&tenant=acme").await.starts_with("acme "));
    for uri in ["/", "/?tenants=acme", "/?a=tenant"] {
        assert_eq!(ask(uri).await, "401 tenant_required", "{uri}");
    }
    for uri in ["/?tenant=acme&tenant=acme", "/?tenant", "/?tenant=", "/?tenant=ac%6de", "/?tenant=a+b"] {
        assert_eq!(ask(uri).await, "400 invalid_tenant_id", "{uri}");
    }
}

#[tokio::test]
async fn a_closure_resolves() {
    let resolver = resolver_fn(|head| {
        let agent = head.headers().get("user-agent");
        Ok(agent.map(|_| Claim::new(id("acme"), Source::Custom("agent"))))
    });
    let (outcome, log) = ask(resolver, "/", &[("user-agent", "x")]).await;
    assert!(outcome.starts_with("acme "));
    assert_eq!(log, ["acme by agent: ok"]);
}

#[tokio::test]
async fn a_layer_never_overwrites_another_tenant_of_an_outer_one() {
    let by_header = |name: &'static str| {
        let resolver = HeaderResolver::new(http::HeaderName::from_static(name));
        TenantLayer::builder().resolver(resolver).configs(configs()).build()
    };
    let service = layer().layer(by_header("x-inner").layer(EchoService));
    let both = |inner| get("/", &[("x-tenant-id", "acme"), ("x-inner", inner)]);
    let answer = send(&service, both("globex")).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "tenant_mismatch"));
    let answer = send(&service, both("acme")).await;
    assert_eq!(answer.body, "acme acme /");
}

#[tokio::test]
async fn a_layer_that_hears_nobody_goes_by_the_tenant_of_an_outer_one() {
    let resolver = || HeaderResolver::new(http::HeaderName::from_static("x-inner"));
    let inner = || TenantLayer::builder().resolver(resolver()).configs(configs());
    for inner in [inner().build(), inner().allow_missing().build()] {
        let service = layer().layer(inner.layer(EchoService));
        let answer = send(&service, get("/", &[("x-tenant-id", "limited")])).await;
        assert_eq!(answer.body, "limited limited /");
        let expensive = [("x-tenant-id", "limited"), ("x-token-count", "60")];
        assert_eq!(send(&service, get("/", &expensive)).await.status, 200);
        assert_eq!(send(&service, get("/", &[("x-tenant-id", "limited")])).await.code(), "quota_exceeded");
    }
}
