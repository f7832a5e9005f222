//! Which pages may call a tenant.
//!
//! Ways in which a tenant could get at another, or a stranger at either, through it:
//! - a page that one tenant allows reads another's answers, or changes something there with its user's cookie: by the host of the
//!   other, by a path on a host that both share, by a header or a credential that names the one while the host names the other;
//! - a page of a tenant puts its own session in the place of another's, on a host that both share;
//! - an answer tells whether a tenant exists, is suspended, or allows an origin that is not the asker's;
//! - a cache gives the answer for one origin to another;
//! - what an inner service says of origins (`*`) opens a tenant; `null`, another spelling, or two origins pass for one;
//! - a preflight, which shows no credential, costs a tenant something, or gets further than it must.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use serde_json::json;
use tenant_core::{
    ConfigStoreExt, InMemoryConfigManager, TenantConfig, TenantStatus, async_trait,
    auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof},
};
use tenant_tower::{
    AuthLayer, ChainResolver, HeaderResolver, HostRegistry, HostResolver, PathResolver, PrincipalResolver,
    RequestHead, SubdomainResolver, TenantCorsLayer, TenantLayer, TenantResolver, check_same_origin,
};
use tower::{ServiceBuilder, service_fn};

use crate::support::{Answer, Down, Slow, clock, get, id, send};

const ACMES: &str = "https://app.acme.example";
const GLOBEXES: &str = "https://app.globex.example";

fn configs() -> InMemoryConfigManager {
    let tenant = |name: &str, origin: &str| {
        TenantConfig::builder(id(name)).requests_per_minute(2).setting("allowed_origins", json!([origin]))
    };
    InMemoryConfigManager::with([
        tenant("acme", ACMES).build().unwrap(),
        tenant("globex", GLOBEXES).build().unwrap(),
        tenant("paused", ACMES).status(TenantStatus::Suspended).build().unwrap(),
        TenantConfig::builder(id("plain")).build().unwrap(),
    ])
    .unwrap()
}

/// `TENANT.example.com`, `api.acme.example` (acme's), and `/t/TENANT` on any host.
fn in_target() -> ChainResolver {
    let registry = HostRegistry::new();
    registry.add(&id("acme"), ["api.acme.example"]).unwrap();
    ChainResolver::new()
        .with(HostResolver::new(Arc::new(registry)))
        .with(SubdomainResolver::new(["example.com"]).unwrap())
        .with(PathResolver::new("/t/{tenant}").unwrap())
}

fn cors() -> TenantCorsLayer {
    TenantCorsLayer::new(in_target(), configs())
}

/// Answers, and says of origins what must not count.
async fn careless<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::from("secret"));
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "*"),
        ("access-control-allow-headers", "*"),
        ("access-control-expose-headers", "*"),
        ("access-control-max-age", "86400"),
        ("vary", "accept"),
    ] {
        response.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}

fn ask(method: &Method, host: &str, path: &str, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = get(path, &[headers, &[("host", host)]].concat());
    *request.method_mut() = method.clone();
    request
}

fn preflight(host: &str, path: &str, origin: &str) -> Request<Full<Bytes>> {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "DELETE"),
        ("access-control-request-headers", "authorization,x-tenant-id"),
    ];
    ask(&Method::OPTIONS, host, path, &headers)
}

/// All that an answer says to a browser.
fn said(answer: &Answer) -> Vec<(String, String)> {
    let fields =
        answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut fields: Vec<_> =
        fields.filter(|(name, _)| name.starts_with("access-control") || name == "vary").collect();
    fields.sort();
    fields
}

fn allowed(answer: &Answer) -> Option<&str> {
    let origin = answer.header("access-control-allow-origin");
    assert_eq!(origin.is_some(), answer.header("access-control-allow-credentials") == Some("true"));
    let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.contains(&"origin"), "{vary:?}");
    origin
}

#[tokio::test]
async fn a_preflight_is_answered_for_the_tenant_that_the_target_names() {
    let service = ServiceBuilder::new().layer(cors()).service_fn(careless);
    for (host, path, origin, expected) in [
        ("acme.example.com", "/x", ACMES, true),
        ("acme.example.com:8443", "/x", ACMES, true),
        ("api.acme.example", "/x", ACMES, true),
        ("shared.example", "/t/acme/x", ACMES, true),
        ("acme.example.com", "/x", GLOBEXES, false),
        ("globex.example.com", "/x", ACMES, false),
        ("globex.example.com", "/x", GLOBEXES, true),
        ("shared.example", "/t/globex/x", ACMES, false),
        // Two that disagree.
        ("acme.example.com", "/t/globex/x", ACMES, false),
        ("acme.example.com", "/t/globex/x", GLOBEXES, false),
        ("shared.example", "/x", ACMES, false),
        ("example.com", "/x", ACMES, false),
        ("acme.example.com", "/x", "null", false),
        ("acme.example.com", "/x", "*", false),
        ("acme.example.com", "/x", "", false),
        ("acme.example.com", "/x", "https://APP.acme.example", false),
        ("acme.example.com", "/x", "https://app.acme.example/", false),
        ("acme.example.com", "/x", "https://app.acme.example:443", false),
        ("acme.example.com", "/x", "https://app.acme.example.evil.example", false),
        ("acme.example.com", "/x", "https://app.acme.example https://evil.example", false),
        ("acme.example.com", "/x", "http://app.acme.example", false),
        ("acme.example.com", "/x", "https://xapp.acme.example", false),
        ("plain.example.com", "/x", ACMES, false),
    ] {
        let answer = send(&service, preflight(host, path, origin)).await;
        assert_eq!((answer.status, &*answer.body), (204, ""), "{host} {path} {origin}");
        assert_eq!(allowed(&answer), expected.then_some(origin), "{host} {path} {origin}");
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods.is_some_and(|methods| methods.contains("DELETE")), expected);
        let names = answer.header("access-control-allow-headers");
        assert_eq!(
            names.is_some_and(|names| names.contains("authorization") && !names.contains('*')),
            expected
        );
        assert_eq!(answer.header("access-control-max-age"), expected.then_some("60"));
    }
}

#[tokio::test]
async fn no_answer_tells_which_tenants_there_are() {
    let whole = |answer: Answer| (answer.status, answer.headers, answer.body);
    let service = ServiceBuilder::new().layer(cors()).service_fn(careless);
    let foreign = whole(send(&service, preflight("acme.example.com", "/x", "https://evil.example")).await);
    let mut twice = preflight("acme.example.com", "/x", ACMES);
    twice.headers_mut().append("origin", HeaderValue::from_static(ACMES));
    let mut two_hosts = preflight("acme.example.com", "/x", ACMES);
    two_hosts.headers_mut().append("host", HeaderValue::from_static("globex.example.com"));
    let mut without = preflight("acme.example.com", "/x", ACMES);
    without.headers_mut().remove("origin");
    for request in [
        preflight("nobody.example.com", "/x", "https://evil.example"),
        preflight("nobody.example.com", "/x", ACMES),
        preflight("paused.example.com", "/x", ACMES),
        preflight("plain.example.com", "/x", ACMES),
        preflight("globex.example.com", "/x", ACMES),
        preflight("other.example", "/x", ACMES),
        preflight("a..b", "/x", ACMES),
        preflight("x", "/t/$/x", ACMES),
        twice,
        two_hosts,
        without,
    ] {
        let what = format!("{request:?}");
        assert_eq!(whole(send(&service, request).await), foreign, "{what}");
    }
    // Also where the host is not what names the tenant.
    let by_path = TenantCorsLayer::new(PathResolver::new("/t/{tenant}").unwrap(), configs());
    let by_path = ServiceBuilder::new().layer(by_path).service_fn(careless);
    assert_eq!(allowed(&send(&by_path, preflight("a.example", "/t/acme/x", ACMES)).await), Some(ACMES));
    let mut two_hosts = preflight("a.example", "/t/acme/x", ACMES);
    two_hosts.headers_mut().append("host", HeaderValue::from_static("b.example"));
    assert_eq!(whole(send(&by_path, two_hosts).await), foreign);
    let down = ServiceBuilder::new().layer(TenantCorsLayer::new(in_target(), Down)).service_fn(careless);
    assert_eq!(whole(send(&down, preflight("acme.example.com", "/x", ACMES)).await), foreign);
}

#[tokio::test]
async fn an_answer_can_be_read_by_pages_that_its_tenant_allows() {
    for (name, service) in [
        ("now", TenantCorsLayer::new(in_target(), configs())),
        ("later", TenantCorsLayer::new(in_target(), Slow(configs()))),
    ] {
        let service = ServiceBuilder::new().layer(service).service_fn(careless);
        for (host, path, origin, expected) in [
            ("acme.example.com", "/x", Some(ACMES), true),
            ("acme.example.com", "/x", Some(GLOBEXES), false),
            ("globex.example.com", "/x", Some(ACMES), false),
            ("globex.example.com", "/t/acme/x", Some(ACMES), false),
            ("nobody.example.com", "/x", Some(ACMES), false),
            ("paused.example.com", "/x", Some(ACMES), false),
            ("shared.example", "/x", Some(ACMES), false),
            ("acme.example.com", "/x", Some("null"), false),
            ("acme.example.com", "/x", None, false),
        ] {
            let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
            let answer = send(&service, ask(&Method::GET, host, path, &headers)).await;
            assert_eq!((answer.status, &*answer.body), (200, "secret"), "{name} {host} {origin:?}");
            let fields = said(&answer);
            let expected = if expected {
                vec![
                    ("access-control-allow-credentials", "true"),
                    ("access-control-allow-origin", origin.unwrap()),
                    (
                        "access-control-expose-headers",
                        "etag, link, location, ratelimit, ratelimit-policy, retry-after, x-total-count",
                    ),
                    ("vary", "accept"),
                    ("vary", "origin"),
                ]
            } else {
                vec![("vary", "accept"), ("vary", "origin")]
            };
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(fields, expected, "{name} {host} {path} {origin:?}");
        }
    }
}

#[tokio::test]
async fn headers_and_credentials_name_no_tenant_here() {
    // Somebody has given the layer a resolver that reads them.
    let layer = TenantCorsLayer::new(HeaderResolver::default().or(in_target()), configs());
    let service = ServiceBuilder::new().layer(layer).service_fn(careless);
    let headers = [("origin", ACMES), ("x-tenant-id", "acme")];
    assert_eq!(allowed(&send(&service, ask(&Method::GET, "shared.example", "/x", &headers)).await), None);
    assert_eq!(allowed(&send(&service, ask(&Method::GET, "globex.example.com", "/x", &headers)).await), None);
}

#[tokio::test]
async fn a_preflight_goes_no_further_and_costs_nothing() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&called);
    let inner = service_fn(move |request: Request<Full<Bytes>>| {
        count.fetch_add(1, Ordering::SeqCst);
        careless(request)
    });
    let tenancy = TenantLayer::builder().resolver(in_target()).configs(configs()).clock(clock()).build();
    let service = ServiceBuilder::new().layer(cors()).layer(tenancy).service(inner);
    for _ in 0..5 {
        let answer = send(&service, preflight("acme.example.com", "/x", ACMES)).await;
        assert_eq!(allowed(&answer), Some(ACMES));
        assert!(answer.header("ratelimit").is_none());
    }
    assert_eq!(called.load(Ordering::SeqCst), 0);
    // An OPTIONS that asks for nothing is a request as any other; so is a denial, which the page must be able to read.
    for status in [200, 200, 429] {
        let answer =
            send(&service, ask(&Method::OPTIONS, "acme.example.com", "/x", &[("origin", ACMES)])).await;
        assert_eq!((answer.status, allowed(&answer)), (status, Some(ACMES)));
    }
}

#[tokio::test]
async fn what_a_tenant_no_longer_allows_is_not_allowed_from_then_on() {
    let configs = Arc::new(configs());
    let layer = TenantCorsLayer::new(in_target(), Arc::clone(&configs)).max_age(Duration::ZERO);
    let service = ServiceBuilder::new().layer(layer).service_fn(careless);
    let answer = send(&service, preflight("acme.example.com", "/x", ACMES)).await;
    assert_eq!((allowed(&answer), answer.header("access-control-max-age")), (Some(ACMES), Some("0")));
    configs.modify(&id("acme"), |config| config.settings.clear()).await.unwrap();
    assert_eq!(allowed(&send(&service, preflight("acme.example.com", "/x", ACMES)).await), None);
}

/// Knows sessions `NAME/TENANT`, and takes the name for the token of their pages.
struct Porter;

#[async_trait]
impl Authenticator for Porter {
    fn judges(&self, credential: &Credential<'_>) -> bool {
        credential.kind() == CredentialKind::Session
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        let (name, tenant) = credential.secret().split_once('/').unwrap();
        Ok(Principal::builder(name, Proof::Session).membership(id(tenant), ["owner"]).build())
    }

    async fn holds(&self, _: &Principal) -> Result<bool, AuthError> {
        Ok(true)
    }
}

#[tokio::test]
async fn pages_of_a_tenant_change_things_by_sessions_of_that_tenant_alone() {
    let tenancy =
        TenantLayer::builder().resolver(PrincipalResolver::agreeing_with(in_target())).configs(configs());
    let auth = || AuthLayer::new(Porter).csrf(|session, token| session.starts_with(token));
    let service = ServiceBuilder::new()
        .layer(cors())
        .layer(auth())
        .layer(tenancy.clock(clock()).build())
        .service_fn(careless);
    for (host, path, origin, session, expected) in [
        ("acme.example.com", "/x", ACMES, "ada/acme", (200, "")),
        ("acme.example.com", "/x", GLOBEXES, "ada/acme", (403, "csrf_failed")),
        ("acme.example.com", "/x", "https://evil.example", "ada/acme", (403, "csrf_failed")),
        // The page of one, the host or the path of that one, and the cookie of another.
        ("shared.example", "/t/acme/x", ACMES, "bob/globex", (403, "csrf_failed")),
        ("acme.example.com", "/x", ACMES, "bob/globex", (403, "csrf_failed")),
        ("globex.example.com", "/x", ACMES, "bob/globex", (403, "csrf_failed")),
        ("shared.example", "/x", ACMES, "bob/globex", (403, "csrf_failed")),
        ("shared.example", "/t/acme/x", ACMES, "ada/acme", (200, "")),
    ] {
        let cookie = format!("__Host-session={session}");
        let token = session.split('/').next().unwrap();
        let headers = [
            ("origin", origin),
            ("cookie", &*cookie),
            ("x-csrf-token", token),
            ("sec-fetch-site", "same-site"),
        ];
        let answer = send(&service, ask(&Method::POST, host, path, &headers)).await;
        assert_eq!((answer.status, &*answer.code()), expected, "{host} {path} {origin} {session}");
    }
    // The token is asked for all the same.
    let headers = [("origin", ACMES), ("cookie", "__Host-session=ada/acme")];
    assert_eq!(
        send(&service, ask(&Method::POST, "acme.example.com", "/x", &headers)).await.code(),
        "csrf_failed"
    );
    // And without the layer for pages of tenants nobody knows their origins.
    let bare = ServiceBuilder::new().layer(auth()).service_fn(careless);
    let headers = [("origin", ACMES), ("cookie", "__Host-session=ada/acme"), ("x-csrf-token", "ada")];
    assert_eq!(
        send(&bare, ask(&Method::POST, "acme.example.com", "/x", &headers)).await.code(),
        "csrf_failed"
    );
}

#[tokio::test]
async fn pages_sign_in_where_the_host_is_their_tenants() {
    let sign_in = |request: Request<Full<Bytes>>| {
        let checked = check_same_origin(&RequestHead::from(&request));
        let status = checked.map_or_else(|rejection| rejection.status(), |()| http::StatusCode::OK);
        std::future::ready(Ok::<_, Infallible>(
            Response::builder().status(status).body(Full::<Bytes>::default()).unwrap(),
        ))
    };
    let service = ServiceBuilder::new().layer(cors()).service_fn(sign_in);
    for (host, path, origin, status) in [
        ("acme.example.com", "/login", ACMES, 200),
        ("api.acme.example", "/login", ACMES, 200),
        ("acme.example.com", "/login", "https://acme.example.com", 200),
        ("acme.example.com", "/login", GLOBEXES, 403),
        // Its cookie would be everybody's there.
        ("shared.example", "/t/acme/login", ACMES, 403),
        ("shared.example", "/login", ACMES, 403),
    ] {
        let answer = send(&service, ask(&Method::POST, host, path, &[("origin", origin)])).await;
        assert_eq!(answer.status, status, "{host} {path} {origin}");
    }
}
