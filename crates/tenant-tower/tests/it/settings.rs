//! What a tenant sets for itself, and nobody else.
//!
//! Ways in which a tenant, or a stranger, could get at another through it:
//! - a stranger comes in by another spelling of an address, by a header that anybody can send, or where nobody has found out
//!   who is calling;
//! - a stranger spends what the tenant may: requests, or the time of its policy; or learns from the denial how it stands;
//! - one tenant's networks or timeout hold for another, or are held off by it: by a credential of several tenants, by a layer
//!   that is asked for the tenant of another;
//! - a session that is too old goes on because nobody knows when it began, or because a layer further in is asked alone;
//! - somebody comes in without the second factor that the tenant requires: by a credential of before, by one of another tenant, or
//!   by another spelling of the path at which they enrol; or is kept out of a tenant that requires none;
//! - what the tenant has set is believed to be what it was before.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tenant_core::{
    ConfigPolicyEvaluator, ConfigStoreExt, Hooks, InMemoryConfigManager, ManualClock, TenantConfig,
    TenantContext, TenantHooks, UnixTime, async_trait,
    auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof},
    hooks::{CredentialEvent, PolicyEvent, RequestEvent},
};
use tenant_tower::{
    AuthLayer, ClientAddr, ForwardedLayer, HeaderResolver, PeerAddr, PolicyLayer, PrincipalResolver,
    QuotaLayer, ResolveLayer, TenantLayer, TrustedProxies, check_network, check_second_factor,
};
use tower::ServiceBuilder;

use crate::support::{Answer, Down, EchoService, NOW, Slow, clock, get, id, quotas, send};

fn tenant(name: &str, settings: Value) -> TenantConfig {
    let Value::Object(settings) = settings else { panic!("settings are an object") };
    TenantConfig::builder(id(name)).requests_per_minute(2).settings(settings).build().unwrap()
}

/// `acme` is called from its office alone, and its sessions last half an hour; `globex` has set nothing.
fn configs() -> InMemoryConfigManager {
    InMemoryConfigManager::with([
        tenant(
            "acme",
            json!({ "allowed_networks": ["192.0.2.0/24", "2001:db8::/32"], "session_timeout": 30 }),
        ),
        tenant("globex", json!({})),
    ])
    .unwrap()
}

fn from(address: &str, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = get("/x", headers);
    request.extensions_mut().insert(ClientAddr(address.parse().unwrap()));
    request
}

fn is_denied(answer: &Answer) -> bool {
    if answer.status != 403 {
        assert_eq!(answer.status, 200, "{answer:?}");
        return false;
    }
    assert_eq!(answer.json()["reason"], "the caller's network is not allowed for this tenant");
    assert_eq!(answer.code(), "policy_denied");
    true
}

#[tokio::test]
async fn a_tenant_is_called_from_its_networks_alone() {
    let layer = TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs()).clock(clock());
    let service = ServiceBuilder::new().layer(layer.build()).service(EchoService);
    for (address, denied) in [
        ("192.0.2.7", false),
        ("192.0.3.1", true),
        ("2001:db8::7", false),
        ("2001:db9::7", true),
        ("127.0.0.1", true),
        ("::1", true),
        // Not as a layer leaves it, but one that is put together by hand may.
        ("::ffff:192.0.3.1", true),
    ] {
        let answer = send(&service, from(address, &[("x-tenant-id", "acme")])).await;
        assert_eq!(is_denied(&answer), denied, "{address}");
    }
    let elsewhere = send(&service, from("192.0.3.1", &[("x-tenant-id", "globex")])).await;
    assert_eq!(elsewhere.status, 200, "another tenant's networks are another's");
    let carried = send(&service, from("::ffff:192.0.2.7", &[("x-tenant-id", "acme")])).await;
    assert_eq!(carried.status, 429, "it is within; what is spent here was admitted");
    let nobody_knows = send(&service, get("/x", &[("x-tenant-id", "acme")])).await;
    assert!(is_denied(&nobody_knows), "where nobody has found out who is calling");
}

#[tokio::test]
async fn a_header_that_anybody_can_send_brings_nobody_in() {
    let peer = |address: &str, headers: &[(&str, &str)]| {
        let mut request = get("/x", &[headers, &[("x-tenant-id", "acme")]].concat());
        request.extensions_mut().insert(PeerAddr(address.parse::<SocketAddr>().unwrap()));
        request
    };
    let tenancy = || {
        TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs()).clock(clock()).build()
    };
    let proxies: TrustedProxies = "198.51.100.0/24".parse().unwrap();
    let service =
        ServiceBuilder::new().layer(ForwardedLayer::new(proxies)).layer(tenancy()).service(EchoService);
    for (address, forwarded, denied) in [
        ("203.0.113.9:1", "192.0.2.7", true),
        ("198.51.100.1:1", "192.0.2.7", false),
        ("198.51.100.1:1", "192.0.2.7, 203.0.113.9", true),
        ("198.51.100.1:1", "203.0.113.9", true),
        ("198.51.100.1:1", "unknown", true),
        ("[::ffff:192.0.2.7]:1", "203.0.113.9", false),
        ("[::ffff:203.0.113.9]:1", "192.0.2.7", true),
    ] {
        let answer = send(&service, peer(address, &[("x-forwarded-for", forwarded)])).await;
        assert_eq!(is_denied(&answer), denied, "{address} {forwarded}");
    }
    // Without the layer the peer may be a proxy, and the header anything.
    let bare = ServiceBuilder::new().layer(tenancy()).service(EchoService);
    let answer = send(&bare, peer("192.0.2.7:1", &[("x-forwarded-for", "192.0.2.7")])).await;
    assert!(is_denied(&answer));
}

#[tokio::test]
async fn a_stranger_costs_nothing_and_learns_nothing() {
    // Neither policy nor quota is asked: both are down.
    let down = TenantLayer::builder()
        .resolver(HeaderResolver::default())
        .configs(Slow(configs()))
        .policies(Down)
        .quotas(Down)
        .clock(clock())
        .build();
    let service = ServiceBuilder::new().layer(down).service(EchoService);
    let answer = send(&service, from("203.0.113.9", &[("x-tenant-id", "acme")])).await;
    assert!(is_denied(&answer));
    assert_eq!(send(&service, from("192.0.2.7", &[("x-tenant-id", "acme")])).await.status, 503);
    let clock = clock();
    let layer = TenantLayer::builder().resolver(HeaderResolver::default()).configs(configs());
    let layer = layer.quotas(quotas(&clock)).clock(clock).legacy_fields(true).remaining_fields(true).build();
    let service = ServiceBuilder::new().layer(layer).service(EchoService);
    for _ in 0..5 {
        let answer = send(&service, from("203.0.113.9", &[("x-tenant-id", "acme")])).await;
        assert!(is_denied(&answer));
        let told = answer
            .headers
            .keys()
            .any(|name| name.as_str().contains("limit") || name.as_str().contains("quota"));
        assert!(!told, "{:?}", answer.headers);
        let body = answer.body;
        assert!(!body.contains("192.0.2") && !body.contains("203.0.113") && !body.contains("acme"), "{body}");
    }
    for status in [200, 200, 429] {
        assert_eq!(send(&service, from("192.0.2.7", &[("x-tenant-id", "acme")])).await.status, status);
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl TenantHooks for Log {
    fn on_policy(&self, event: &PolicyEvent<'_>) {
        let (tenant, request) = (event.tenant.id(), event.request);
        let said =
            format!("policy {tenant} {} {} {}", request.method, request.path, event.decision.is_allowed());
        self.0.lock().unwrap().push(said);
    }

    fn on_credential(&self, event: &CredentialEvent<'_>) {
        let who = event.principal.map_or("nobody", Principal::subject);
        self.0.lock().unwrap().push(format!("credential {:?} {who} {}", event.kind, event.outcome));
    }

    fn on_request(&self, event: &RequestEvent<'_>) {
        let tenant = event.tenant.map_or("none".into(), |tenant| tenant.id().to_string());
        self.0.lock().unwrap().push(format!("request {tenant} {} {:?}", event.status, event.rejection));
    }
}

#[tokio::test]
async fn hooks_hear_of_a_stranger_and_of_an_old_session() {
    let log = Arc::new(Log::default());
    let hooks = Hooks::new([Arc::clone(&log) as _]);
    let clock = clock();
    let service = ServiceBuilder::new()
        .layer(AuthLayer::new(Porter))
        .layer(
            TenantLayer::builder()
                .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()).allow_anonymous())
                .configs(configs())
                .clock(clock)
                .hooks(hooks)
                .build(),
        )
        .service(EchoService);
    send(&service, from("203.0.113.9", &[("x-tenant-id", "acme")])).await;
    let old = cookie(NOW - 1_800);
    send(&service, from("192.0.2.7", &[("cookie", &old)])).await;
    let heard = std::mem::take(&mut *log.0.lock().unwrap());
    assert_eq!(
        heard,
        [
            "policy acme GET /x false",
            r#"request acme 403 Some("policy_denied")"#,
            "credential Session ada it was proved longer ago than the tenant takes",
            r#"request acme 401 Some("unauthenticated")"#,
        ]
    );
}

#[tokio::test]
async fn layers_that_inherit_the_tenant_deny_a_stranger_too() {
    let configs = configs();
    let acme = TenantContext::of(&configs, &id("acme")).await.unwrap();
    // Somebody else has entered the tenant, and did not look.
    let entered = |address: &str| {
        let mut request = from(address, &[]);
        request.extensions_mut().insert(acme.clone());
        request
    };
    let clock = clock();
    let policy =
        ServiceBuilder::new().layer(PolicyLayer::new(ConfigPolicyEvaluator::new())).service(EchoService);
    let quota = ServiceBuilder::new().layer(QuotaLayer::new(quotas(&clock))).service(EchoService);
    assert!(is_denied(&send(&policy, entered("203.0.113.9")).await));
    assert!(is_denied(&send(&quota, entered("203.0.113.9")).await));
    assert!(!is_denied(&send(&policy, entered("192.0.2.7")).await));
    assert!(!is_denied(&send(&quota, entered("192.0.2.7")).await));
    let resolve = ResolveLayer::new(HeaderResolver::default(), configs);
    let resolve = ServiceBuilder::new().layer(resolve).service(EchoService);
    assert!(is_denied(&send(&resolve, from("203.0.113.9", &[("x-tenant-id", "acme")])).await));
    // And routes that resolve by themselves.
    for (address, denied) in [("203.0.113.9", true), ("192.0.2.7", false)] {
        let checked = check_network(&acme, Some(ClientAddr(address.parse().unwrap())));
        assert_eq!(checked.is_err(), denied, "{address}");
    }
    assert!(check_network(&acme, None).is_err());
}

#[tokio::test]
async fn what_is_set_anew_holds_from_the_next_request_on() {
    let configs = Arc::new(configs());
    let layer = TenantLayer::builder().resolver(HeaderResolver::default()).configs(Arc::clone(&configs));
    let service = ServiceBuilder::new().layer(layer.clock(clock()).build()).service(EchoService);
    let ask = async || is_denied(&send(&service, from("203.0.113.9", &[("x-tenant-id", "acme")])).await);
    assert!(ask().await);
    let set = async |settings: Value| {
        let change = |config: &mut TenantConfig| config.settings = settings.as_object().unwrap().clone();
        configs.modify(&id("acme"), change).await.unwrap();
    };
    set(json!({ "allowed_networks": ["203.0.113.9"] })).await;
    assert!(!ask().await);
    set(json!({ "allowed_networks": ["203.0.113.8"] })).await;
    assert!(ask().await);
    set(json!({})).await;
    assert!(!ask().await);
}

/// Knows `NAME/TENANT[,TENANT]/ISSUED[/mfa]`; `ISSUED` may be `never`.
struct Porter;

fn read(credential: &Credential<'_>) -> Principal {
    let mut words = credential.secret().split('/');
    let mut word = || words.next().unwrap();
    let proof = match credential.kind() {
        CredentialKind::Session => Proof::Session,
        CredentialKind::ApiKey => Proof::ApiKey,
        CredentialKind::Basic => Proof::Password,
        _ => Proof::Token,
    };
    let mut principal = Principal::builder(word(), proof);
    for tenant in word().split(',') {
        principal = principal.membership(id(tenant), ["owner"]);
    }
    if let Ok(issued) = word().parse() {
        principal = principal.issued_at(UnixTime::from_secs(issued));
    }
    if words.next() == Some("mfa") {
        principal = principal.second_factor();
    }
    principal.build()
}

#[async_trait]
impl Authenticator for Porter {
    fn judges(&self, _: &Credential<'_>) -> bool {
        true
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        Some(Ok(read(credential)))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        Ok(read(credential))
    }

    async fn holds(&self, _: &Principal) -> Result<bool, AuthError> {
        Ok(true)
    }
}

fn cookie(issued: u64) -> String {
    format!("__Host-session=ada/acme/{issued}")
}

/// What a caller from within is answered.
async fn ask_at(clock: &Arc<ManualClock>, headers: &[(&str, &str)]) -> Answer {
    let tenancy = TenantLayer::builder()
        .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()))
        .configs(configs())
        .quotas(quotas(clock))
        .session_clock(Arc::clone(clock) as _)
        .build();
    let service = ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(tenancy).service(EchoService);
    send(&service, from("192.0.2.7", headers)).await
}

#[tokio::test]
async fn a_session_ends_when_its_tenant_says_so() {
    let clock = clock();
    let (fresh, bearer) = (cookie(NOW), format!("Bearer ada/acme/{NOW}"));
    let both = [("cookie", &*fresh), ("authorization", &*bearer)];
    clock.advance(Duration::from_secs(1_799));
    for shown in both {
        assert_eq!(ask_at(&clock, &[shown]).await.status, 200, "{shown:?}");
    }
    clock.advance(Duration::from_secs(1));
    for shown in both {
        let ended = ask_at(&clock, &[shown]).await;
        assert_eq!((ended.status, &*ended.code()), (401, "unauthenticated"), "{shown:?}");
        assert_eq!(ended.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
        assert!(ended.header("ratelimit").is_none());
    }
    // Nobody knows since when.
    for shown in [("cookie", "__Host-session=ada/acme/never"), ("authorization", "Bearer ada/acme/never")] {
        assert_eq!(ask_at(&clock, &[shown]).await.status, 401, "{shown:?}");
    }
    // What is proved anew each time has no such end.
    for shown in
        [("x-api-key", "key/acme/1"), ("x-api-key", "key/acme/never"), ("authorization", "Basic ada/acme/1")]
    {
        assert_eq!(ask_at(&clock, &[shown]).await.status, 200, "{shown:?}");
    }
}

#[tokio::test]
async fn a_timeout_is_that_of_the_tenant_that_is_entered() {
    let clock = clock();
    clock.advance(Duration::from_secs(1_800));
    let bearer = format!("Bearer ada/acme,globex/{NOW}");
    for (tenant, status) in [("acme", 401), ("globex", 200)] {
        let answer = ask_at(&clock, &[("authorization", &bearer), ("x-tenant-id", tenant)]).await;
        assert_eq!(answer.status, status, "{tenant}");
    }
    let of_globex = format!("__Host-session=bob/globex/{NOW}");
    assert_eq!(ask_at(&clock, &[("cookie", &of_globex)]).await.status, 200);
}

#[tokio::test]
async fn an_old_session_costs_nothing() {
    let clock = clock();
    let tenancy = TenantLayer::builder()
        .resolver(PrincipalResolver::new())
        .configs(configs())
        .quotas(quotas(&clock))
        .clock(Arc::clone(&clock) as _)
        .build();
    let service = ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(tenancy).service(EchoService);
    let (old, fresh) = (cookie(NOW - 1_800), cookie(NOW));
    for _ in 0..5 {
        assert_eq!(send(&service, from("192.0.2.7", &[("cookie", &old)])).await.status, 401);
    }
    for status in [200, 200, 429] {
        assert_eq!(send(&service, from("192.0.2.7", &[("cookie", &fresh)])).await.status, status);
    }
}

/// `acme` requires a second factor, `globex` has set nothing.
fn strict() -> InMemoryConfigManager {
    InMemoryConfigManager::with([tenant("acme", json!({ "require_mfa": true })), tenant("globex", json!({}))])
        .unwrap()
}

type Shown<'a> = [(&'a str, &'a str); 1];

/// What a caller is answered who is asked for a second factor, at each of these paths.
async fn ask_strict(headers: &[(&str, &str)], path: &str) -> Answer {
    let tenancy = TenantLayer::builder()
        .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()))
        .configs(strict())
        .clock(clock())
        .enrolment_paths(["/me", "/me/mfa"])
        .build();
    let service = ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(tenancy).service(EchoService);
    send(&service, get(path, headers)).await
}

fn asks_for_more(answer: &Answer) -> bool {
    if answer.status != 403 {
        assert_eq!(answer.status, 200, "{answer:?}");
        return false;
    }
    assert_eq!(answer.code(), "mfa_required");
    true
}

#[tokio::test]
async fn a_tenant_that_requires_a_second_factor_serves_no_person_without_one() {
    let shown: [(Shown<'_>, bool); 8] = [
        ([("cookie", "__Host-session=ada/acme/1700000000")], true),
        ([("cookie", "__Host-session=ada/acme/1700000000/mfa")], false),
        ([("authorization", "Bearer ada/acme/1700000000")], true),
        ([("authorization", "Bearer ada/acme/never")], true),
        ([("authorization", "Bearer ada/acme/never/mfa")], false),
        ([("authorization", "Basic ada/acme/never")], true),
        ([("x-api-key", "robot/acme/never")], false),
        ([("cookie", "__Host-session=ada/globex/1700000000")], false),
    ];
    for (headers, is_denied) in shown {
        let answer = ask_strict(&headers, "/x").await;
        assert_eq!(asks_for_more(&answer), is_denied, "{headers:?}");
        assert!(!answer.body.contains("acme") || !is_denied);
    }
    // A credential of both: one asks for more, and the other does not.
    let both = ("authorization", "Bearer ada/acme,globex/1700000000");
    for (tenant, is_denied) in [("acme", true), ("globex", false)] {
        let answer = ask_strict(&[both, ("x-tenant-id", tenant)], "/x").await;
        assert_eq!(asks_for_more(&answer), is_denied, "{tenant}");
    }
}

#[tokio::test]
async fn who_has_no_second_factor_enrols_and_does_nothing_else() {
    let half = [("cookie", "__Host-session=ada/acme/1700000000")];
    for (path, is_denied) in [
        ("/me", false),
        ("/me?x=/users", false),
        ("/me/mfa", false),
        ("/", true),
        ("/m", true),
        ("/me/", true),
        ("/me/mfa/", true),
        ("/me/users", true),
        ("/ME", true),
        ("//me", true),
        ("/%6de", true),
        ("/x/../me", true),
        ("/users?path=/me", true),
    ] {
        assert_eq!(asks_for_more(&ask_strict(&half, path).await), is_denied, "{path}");
    }
    // Unless somebody says where, it is nowhere; and layers on their own are no way round.
    let resolve = || ResolveLayer::new(PrincipalResolver::agreeing_with(HeaderResolver::default()), strict());
    let (bare, open) = (resolve(), resolve().enrolment_paths(["/me"]));
    let ask = async |layer: ResolveLayer, path: &str| {
        let service = ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(layer).service(EchoService);
        asks_for_more(&send(&service, get(path, &half)).await)
    };
    assert!(ask(bare, "/me").await);
    assert!(!ask(open.clone(), "/me").await);
    assert!(ask(open, "/x").await);
    // And routes that resolve by themselves.
    let acme = TenantContext::of(&strict(), &id("acme")).await.unwrap();
    let globex = TenantContext::of(&strict(), &id("globex")).await.unwrap();
    let ada = Principal::builder("ada", Proof::Session).build();
    assert!(check_second_factor(&acme, Some(&ada)).is_err());
    assert!(check_second_factor(&globex, Some(&ada)).is_ok() && check_second_factor(&acme, None).is_ok());
}

#[tokio::test]
async fn asking_for_a_second_factor_costs_nothing_and_is_told_to_hooks() {
    let log = Arc::new(Log::default());
    let clock = clock();
    let tenancy = TenantLayer::builder()
        .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()))
        .configs(strict())
        .quotas(quotas(&clock))
        .clock(clock)
        .hooks(Hooks::new([Arc::clone(&log) as _]))
        .build();
    let service = ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(tenancy).service(EchoService);
    let half = [("cookie", "__Host-session=ada/acme/1700000000")];
    for _ in 0..5 {
        assert!(asks_for_more(&send(&service, get("/x", &half)).await));
    }
    let heard = std::mem::take(&mut *log.0.lock().unwrap());
    let told = [
        "credential Session ada the tenant requires a second factor",
        r#"request acme 403 Some("mfa_required")"#,
    ];
    assert_eq!(heard[..2], told);
    for status in [200, 200, 429] {
        let whole = [("cookie", "__Host-session=ada/acme/1700000000/mfa")];
        assert_eq!(send(&service, get("/x", &whole)).await.status, status);
    }
}
