//! Who is calling: a credential decides the tenant, and nothing else does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use tenant_core::{
    Hooks, StoreError, TenantHooks, UnixTime, async_trait,
    auth::{AuthError, Authenticator, Credential, CredentialKind, Principal, Proof, Role},
    hooks::{CredentialEvent, CrossTenantAttempt},
};
use tenant_tower::{AuthLayer, HeaderResolver, PrincipalResolver, RequireLayer, TenantLayer};
use tower::{Layer, ServiceBuilder};

use crate::support::{Answer, EchoService, NOW, clock, configs, get, id, send};

/// Knows `NAME TENANT=ROLE[,TENANT=ROLE] [SCOPES]`, in which `+` stands for a blank; `slow-NAME` takes waiting.
struct Porter;

fn read(credential: &Credential<'_>) -> Result<Principal, AuthError> {
    let mut words = credential.secret().split('+');
    let (Some(name), Some(tenants)) = (words.next(), words.next()) else {
        return Err(match credential.secret() {
            "lost" => StoreError::unavailable("the connection was reset").into(),
            "crowd" => AuthError::overloaded(),
            _ => AuthError::rejected("it is unknown"),
        });
    };
    let proof = if credential.kind() == CredentialKind::Session { Proof::Session } else { Proof::Token };
    let mut principal = Principal::builder(name, proof);
    for (tenant, role) in tenants.split(',').filter_map(|one| one.split_once('=')) {
        principal = principal.membership(id(tenant), [role]);
    }
    principal = match words.next() {
        Some(project) if project.starts_with("project-") => principal.project(project),
        Some(scopes) => principal.scopes(scopes.replace('/', " ").parse().unwrap()),
        None => principal,
    };
    Ok(principal.expires_at(UnixTime::from_secs(2_000_000_000)).build())
}

#[async_trait]
impl Authenticator for Porter {
    fn judges(&self, _: &Credential<'_>) -> bool {
        true
    }

    fn peek(&self, credential: &Credential<'_>) -> Option<Result<Principal, AuthError>> {
        (!credential.secret().starts_with("slow-")).then(|| read(credential))
    }

    async fn verify(&self, credential: &Credential<'_>) -> Result<Principal, AuthError> {
        tokio::task::yield_now().await;
        read(credential)
    }

    async fn holds(&self, _: &Principal) -> Result<bool, AuthError> {
        Ok(true)
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl TenantHooks for Log {
    fn on_credential(&self, event: &CredentialEvent<'_>) {
        let who = event.principal.map_or("nobody", Principal::subject);
        self.0.lock().unwrap().push(format!("{:?} {who} {}", event.kind, event.outcome));
    }

    fn on_cross_tenant_attempt(&self, event: &CrossTenantAttempt<'_>) {
        let CrossTenantAttempt { tenant, source, claimed, claimed_by, .. } = event;
        self.0.lock().unwrap().push(format!("{source} {tenant}, {claimed_by} {claimed}"));
    }
}

/// What answers, and what hooks heard.
async fn ask_with(needs: RequireLayer, request: Request<Full<bytes::Bytes>>) -> (Answer, Vec<String>) {
    let log = Arc::new(Log::default());
    let hooks = Hooks::new([Arc::clone(&log) as _]);
    let service = ServiceBuilder::new()
        .layer(
            AuthLayer::new(Porter)
                .csrf(|cookie, token| token == format!("csrf of {cookie}"))
                .allow_origin(HeaderValue::from_static("https://app.example"))
                .with_hooks(hooks.clone()),
        )
        .layer(
            TenantLayer::builder()
                .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()))
                .configs(configs())
                .clock(clock())
                .hooks(hooks)
                .build(),
        )
        .layer(needs)
        .service(EchoService);
    let answer = send(&service, request).await;
    let heard = std::mem::take(&mut *log.0.lock().unwrap());
    (answer, heard)
}

async fn ask(fields: &[(&str, &str)]) -> Answer {
    ask_with(RequireLayer::new(), get("/x", fields)).await.0
}

async fn code(fields: &[(&str, &str)]) -> (u16, String) {
    let answer = ask(fields).await;
    (answer.status, answer.code())
}

fn rejected(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn the_credential_names_the_tenant_and_a_bare_header_names_none() {
    for secret in ["ada+acme=member", "slow-ada+acme=member"] {
        let bearer = format!("Bearer {secret}");
        assert!(ask(&[("authorization", &bearer)]).await.body.starts_with("acme acme"));
        assert!(ask(&[("x-api-key", secret)]).await.body.starts_with("acme acme"));
        let agreed = [("authorization", &*bearer), ("x-tenant-id", "acme")];
        assert!(ask(&agreed).await.body.starts_with("acme acme"));
    }
    let bare = ask(&[("x-tenant-id", "acme")]).await;
    assert_eq!((bare.status, bare.code()), rejected(401, "unauthenticated"));
    assert_eq!(bare.header("www-authenticate"), Some("Bearer"));
    assert_eq!(code(&[]).await, rejected(401, "unauthenticated"));
}

#[tokio::test]
async fn who_names_another_tenant_is_rejected_and_heard_of() {
    for secret in ["ada+acme=owner", "slow-ada+acme=owner"] {
        let bearer = format!("Bearer {secret}");
        let fields = [("authorization", &*bearer), ("x-tenant-id", "globex")];
        let (answer, heard) = ask_with(RequireLayer::new(), get("/x", &fields)).await;
        assert_eq!((answer.status, answer.code()), rejected(403, "tenant_mismatch"));
        assert!(!answer.body.contains("acme") && !answer.body.contains("globex"), "{}", answer.body);
        assert!(heard.contains(&"principal acme, header globex".to_owned()), "{heard:?}");
    }
}

#[tokio::test]
async fn who_belongs_to_several_tenants_chooses_among_them() {
    let both = ("authorization", "Bearer ada+acme=member,globex=viewer");
    assert!(ask(&[both, ("x-tenant-id", "globex")]).await.body.starts_with("globex globex"));
    assert!(ask(&[both, ("x-tenant-id", "acme")]).await.body.starts_with("acme acme"));
    assert_eq!(code(&[both]).await, rejected(401, "tenant_required"));
    assert_eq!(code(&[both, ("x-tenant-id", "limited")]).await, rejected(403, "tenant_mismatch"));
    // Whether there is such a tenant makes no difference.
    assert_eq!(code(&[both, ("x-tenant-id", "nobody")]).await, rejected(403, "tenant_mismatch"));
    assert_eq!(code(&[("authorization", "Bearer op+none")]).await, rejected(403, "forbidden"));
}

#[tokio::test]
async fn a_bad_credential_is_never_made_up_for_by_another() {
    let good = ("authorization", "Bearer ada+acme=member");
    for bad in [
        ("x-api-key", "wrong"),
        ("x-api-key", ""),
        ("cookie", "__Host-session=wrong"),
        ("cookie", "__Host-session=a; __Host-session=b"),
    ] {
        assert_eq!(code(&[good, bad]).await, rejected(401, "unauthenticated"), "{bad:?}");
        assert_eq!(code(&[bad, ("x-tenant-id", "acme")]).await, rejected(401, "unauthenticated"), "{bad:?}");
    }
    for value in ["Bearer wrong", "Bearer", "Digest a", "Negotiate", "Bearer  ", "slow-wrong"] {
        let fields = [("authorization", value), ("x-api-key", "ada+acme=member")];
        assert_eq!(code(&fields).await, rejected(401, "unauthenticated"), "{value}");
    }
    let twice = [good, ("authorization", "Bearer ada+acme=member")];
    assert_eq!(code(&twice).await, rejected(401, "unauthenticated"));
}

#[tokio::test]
async fn credentials_of_different_tenants_are_rejected_together() {
    for (one, other) in [
        ("ada+acme=member", "bob+globex=member"),
        ("ada+acme=member,globex=member", "bob+globex=member"),
        ("slow-ada+acme=member", "bob+globex=member"),
    ] {
        let bearer = format!("Bearer {one}");
        let fields = [("authorization", &*bearer), ("x-api-key", other), ("x-tenant-id", "globex")];
        let (answer, heard) = ask_with(RequireLayer::new(), get("/x", &fields)).await;
        assert_eq!((answer.status, answer.code()), rejected(403, "tenant_mismatch"), "{one}");
        assert!(heard.contains(&"bearer acme, api_key globex".to_owned()), "{heard:?}");
    }
    let same = [("authorization", "Bearer ada+acme=member"), ("x-api-key", "key+acme=member")];
    assert_eq!(ask(&same).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_no_answer_about_the_credential() {
    assert_eq!(code(&[("x-api-key", "lost")]).await, rejected(503, "tenant_store_unavailable"));
    let crowd = ask(&[("x-api-key", "crowd")]).await;
    assert_eq!((crowd.status, crowd.header("retry-after")), (503, Some("1")));
    let (_, heard) = ask_with(RequireLayer::new(), get("/x", &[("x-api-key", "wrong")])).await;
    assert_eq!(heard, ["ApiKey nobody it is unknown"]);
}

#[tokio::test]
async fn a_role_and_a_scope_are_both_needed() {
    let needs = RequireLayer::new().role(Role::Member).scope("write:users");
    for (secret, status) in [
        ("ada+acme=owner", 200),
        ("ada+acme=member", 200),
        ("ada+acme=viewer", 403),
        ("ada+acme=wizard", 403),
        ("ada+acme=", 403),
        ("ada+acme=member+write:users", 200),
        ("ada+acme=member+read:users/write:users", 200),
        ("ada+acme=owner+read:users", 403),
        ("ada+acme=owner+write:user", 403),
        ("ada+acme=viewer+write:users", 403),
    ] {
        let (answer, _) = ask_with(needs, get("/x", &[("x-api-key", secret)])).await;
        assert_eq!(answer.status, status, "{secret}: {}", answer.body);
    }
    // A role counts where it was given.
    let fields = [("x-api-key", "ada+acme=viewer,globex=owner"), ("x-tenant-id", "acme")];
    assert_eq!(ask_with(needs, get("/x", &fields)).await.0.status, 403);
}

#[tokio::test]
async fn a_credential_of_one_project_does_not_speak_for_another() {
    let key = ("x-api-key", "key+acme=member+project-1");
    for (project, status) in [("project-1", 200), ("project-2", 403), ("", 403)] {
        assert_eq!(ask(&[key, ("x-project-id", project)]).await.status, status, "{project}");
    }
    assert_eq!(ask(&[key]).await.status, 200);
    let twice = [key, ("x-project-id", "project-1"), ("x-project-id", "project-1")];
    assert_eq!(ask(&twice).await.status, 403);
}

async fn by_session(method: Method, fields: &[(&str, &str)]) -> (u16, String) {
    let mut request = get("/x", &[&[("cookie", "__Host-session=ada+acme=member")], fields].concat());
    *request.method_mut() = method;
    let (answer, _) = ask_with(RequireLayer::new(), request).await;
    (answer.status, answer.code())
}

#[tokio::test]
async fn a_session_alone_does_nothing_unsafe_for_another_site() {
    const TOKEN: (&str, &str) = ("x-csrf-token", "csrf of ada+acme=member");
    let host = ("host", "acme.example");
    let failed = rejected(403, "csrf_failed");
    assert_eq!(by_session(Method::GET, &[]).await.0, 200);
    assert_eq!(by_session(Method::HEAD, &[("origin", "https://evil.example")]).await.0, 200);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(by_session(method.clone(), &[TOKEN]).await.0, 200);
        assert_eq!(by_session(method.clone(), &[]).await, failed);
        assert_eq!(by_session(method, &[("x-csrf-token", "csrf of bob")]).await, failed);
    }
    for (origin, status) in [
        ("https://acme.example", 200),
        ("http://ACME.example", 200),
        ("https://app.example", 200),
        ("https://globex.example", 403),
        ("https://acme.example:8443", 403),
        ("https://acme.example.evil.example", 403),
        ("https://evilacme.example", 403),
        ("https://acme.example@evil.example", 403),
        ("null", 403),
        ("", 403),
        ("acme.example", 403),
    ] {
        let answer = by_session(Method::POST, &[host, TOKEN, ("origin", origin)]).await;
        assert_eq!(answer.0, status, "{origin}");
    }
    let twice = [host, TOKEN, ("origin", "https://acme.example"), ("origin", "https://evil.example")];
    assert_eq!(by_session(Method::POST, &twice).await, failed);
    assert_eq!(by_session(Method::POST, &[TOKEN, TOKEN]).await, failed);
    for (site, status) in [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)] {
        assert_eq!(by_session(Method::POST, &[TOKEN, ("sec-fetch-site", site)]).await.0, status, "{site}");
    }
}

#[tokio::test]
async fn an_upgrade_by_a_session_comes_from_its_own_pages() {
    let upgrade = [("host", "acme.example"), ("upgrade", "websocket")];
    for (origin, status) in [("https://acme.example", 200), ("https://evil.example", 403)] {
        let fields = [&upgrade[..], &[("origin", origin)]].concat();
        assert_eq!(by_session(Method::GET, &fields).await.0, status, "{origin}");
    }
    assert_eq!(by_session(Method::GET, &upgrade).await.0, 403);
}

#[tokio::test]
async fn a_program_that_says_who_it_is_needs_no_token_of_a_page() {
    let fields = [("authorization", "Bearer ada+acme=member"), ("cookie", "__Host-session=ada+acme=member")];
    let mut request = get("/x", &fields);
    *request.method_mut() = Method::POST;
    assert_eq!(ask_with(RequireLayer::new(), request).await.0.status, 200);
}

#[tokio::test]
async fn without_the_layer_nobody_is_let_in() {
    let tenancy = TenantLayer::builder()
        .resolver(PrincipalResolver::agreeing_with(HeaderResolver::default()))
        .configs(configs())
        .build();
    let service = ServiceBuilder::new().layer(tenancy).service(EchoService);
    assert_eq!(send(&service, get("/x", &[("x-tenant-id", "acme")])).await.status, 500);
    let service = ServiceBuilder::new().layer(RequireLayer::new()).service(EchoService);
    assert_eq!(send(&service, get("/x", &[])).await.status, 500);
    let service =
        ServiceBuilder::new().layer(AuthLayer::new(Porter)).layer(RequireLayer::new()).service(EchoService);
    assert_eq!(send(&service, get("/x", &[("x-api-key", "ada+acme=member")])).await.status, 500);
}

#[tokio::test]
async fn who_shows_nothing_is_taken_at_its_word_where_that_was_asked_for_and_nobody_else_is() {
    let resolver = PrincipalResolver::agreeing_with(HeaderResolver::default()).allow_anonymous();
    let service = ServiceBuilder::new()
        .layer(AuthLayer::new(Porter))
        .layer(TenantLayer::builder().resolver(resolver).configs(configs()).clock(clock()).build())
        .layer(RequireLayer::new().role(Role::Member).scope("write:users").allow_anonymous())
        .service(EchoService);
    let ask = async |fields: &[(&str, &str)]| send(&service, get("/x", fields)).await.status;
    assert_eq!(ask(&[("x-tenant-id", "acme")]).await, 200);
    assert_eq!(ask(&[]).await, 401);
    for (key, status) in [
        ("wrong", 401),
        ("ada+acme=viewer", 403),
        ("ada+acme=member+read:users", 403),
        ("ada+acme=member", 200),
        ("bob+globex=owner", 403),
    ] {
        assert_eq!(ask(&[("x-api-key", key), ("x-tenant-id", "acme")]).await, status, "{key}");
    }
}

#[tokio::test]
async fn what_a_browser_shows_by_itself_does_nothing_unsafe_for_another_site() {
    let certified =
        Principal::builder("device", Proof::Certificate).membership(id("acme"), ["member"]).build();
    let ask = async |method: Method, fields: &[(&str, &str)], certified: Option<&Principal>| {
        let mut request = get("/x", &[&[("host", "acme.example")], fields].concat());
        *request.method_mut() = method;
        request.extensions_mut().extend(
            certified
                .cloned()
                .map(|certified| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(certified);
                    extensions
                })
                .unwrap_or_default(),
        );
        ask_with(RequireLayer::new(), request).await.0.status
    };
    const BASIC: (&str, &str) = ("authorization", "Basic ada+acme=member");
    const EVIL: (&str, &str) = ("origin", "https://evil.example");
    const OWN: (&str, &str) = ("origin", "https://acme.example");
    for (fields, certified) in [(&[][..], Some(&certified)), (&[BASIC][..], None)] {
        assert_eq!(ask(Method::POST, fields, certified).await, 200, "a program names no origin");
        assert_eq!(ask(Method::POST, &[fields, &[OWN]].concat(), certified).await, 200);
        assert_eq!(ask(Method::POST, &[fields, &[EVIL]].concat(), certified).await, 403);
        assert_eq!(ask(Method::GET, &[fields, &[EVIL]].concat(), certified).await, 200);
        let upgrade = [fields, &[EVIL, ("upgrade", "websocket")]].concat();
        assert_eq!(ask(Method::GET, &upgrade, certified).await, 403);
        assert_eq!(
            ask(Method::POST, &[fields, &[("sec-fetch-site", "same-site")]].concat(), certified).await,
            403
        );
    }
}

#[tokio::test]
async fn what_the_connection_proved_must_agree_too() {
    let certified =
        Principal::builder("device", Proof::Certificate).membership(id("acme"), ["member"]).build();
    for (secret, status) in [("ada+acme=member", 200), ("bob+globex=member", 403)] {
        let mut request = get("/x", &[("x-api-key", secret)]);
        request.extensions_mut().insert(certified.clone());
        assert_eq!(ask_with(RequireLayer::new(), request).await.0.status, status);
    }
    let mut request = get("/x", &[]);
    request.extensions_mut().insert(certified);
    assert!(ask_with(RequireLayer::new(), request).await.0.body.starts_with("acme acme"));
}

#[tokio::test]
async fn a_certificate_ends_while_its_connection_goes_on() {
    let clock = clock();
    let service = AuthLayer::new(Porter).with_clock(Arc::clone(&clock) as _).layer(EchoService);
    let ask = async || {
        let device = Principal::builder("device", Proof::Certificate).membership(id("acme"), ["member"]);
        let mut request = get("/x", &[]);
        request.extensions_mut().insert(device.expires_at(UnixTime::from_secs(NOW + 60)).build());
        send(&service, request).await.status
    };
    assert_eq!(ask().await, 200);
    clock.advance(Duration::from_secs(60));
    assert_eq!(ask().await, 401);
}
