//! Who is calling, and for which host, with and without proxies in between: what a caller writes must never lead to another
//! tenant, nor to another caller's address.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderName, Request, Response, Version};
use http_body_util::Full;
use tenant_core::TenantContext;
use tenant_tower::{ClientAddr, ForwardedLayer, HostRegistry, HostResolver, PeerAddr, TenantLayer};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Answer, EchoService, configs, get, id, raw, send, serve};

const PROXIES: &str = "127.0.0.0/8, 10.0.0.0/8, 2001:db8:7::/48";

fn registry() -> Arc<HostRegistry> {
    let registry = HostRegistry::new();
    registry.add(&id("acme"), ["acme.example", "app.acme.example"]).unwrap();
    registry.add(&id("globex"), ["globex.example"]).unwrap();
    Arc::new(registry)
}

/// Answers with the tenant, the client's address, and what is left of the headers.
async fn tell<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let tenant = request.extensions().get::<TenantContext>().map_or("none", |tenant| tenant.id().as_str());
    let client = request.extensions().get::<ClientAddr>().unwrap().0;
    let left = |name: &&str| request.headers().contains_key(*name);
    let left: Vec<_> = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded"]
        .into_iter()
        .filter(left)
        .collect();
    let host = request.headers().get("host").map_or("", |host| host.to_str().unwrap());
    let text = format!("{tenant} {client}\n{host}\n{}", left.join(","));
    Ok(Response::new(Full::new(Bytes::from(text))))
}

macro_rules! stack {
    ($trusted:expr) => {
        ForwardedLayer::new($trusted.parse().unwrap()).layer(
            TenantLayer::builder()
                .resolver(HostResolver::new(registry()))
                .configs(configs())
                .build()
                .layer(service_fn(tell)),
        )
    };
}

/// A server whose peers are on the loopback interface.
async fn server(trusted: &str) -> SocketAddr {
    let stack = stack!(trusted);
    serve(service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(PeerAddr("127.0.0.1:5000".parse().unwrap()));
        stack.clone().oneshot(request)
    }))
    .await
}

fn outcome(answer: &Answer) -> String {
    match answer.status {
        200 => answer.body.lines().next().unwrap().to_owned(),
        status => format!("{status} {}", answer.code()).trim_end().to_owned(),
    }
}

async fn ask(server: SocketAddr, target: &str, lines: &str) -> String {
    let lines = lines.split('|').map(|line| format!("{line}\r\n")).collect::<String>();
    let request = format!("GET {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n");
    outcome(&raw(server, request.as_bytes()).await)
}

/// The rows that come out otherwise.
async fn surprises(server: SocketAddr, rows: &[(&str, &str, &str)]) -> Vec<String> {
    let mut surprises = Vec::new();
    for (target, lines, expected) in rows {
        let outcome = ask(server, target, lines).await;
        if outcome != *expected {
            surprises.push(format!("{target} {lines:?}: {outcome}"));
        }
    }
    surprises
}

const ACME: &str = "acme 127.0.0.1";
const NOBODY: &str = "401 tenant_required";
const BAD_HOST: &str = "400 invalid_tenant_id";
const BAD_FORWARDED: &str = "400 invalid_request";
/// Refused by the HTTP parser already.
const BAD: &str = "400";

/// What a stranger may send: the target, the lines, and what comes of it.
const STRANGERS: &[(&str, &str, &str)] = &[
    ("/", "Host: acme.example", ACME),
    ("/", "Host: ACME.EXAMPLE.:65535", ACME),
    ("/", "Host: acme.example|X-Forwarded-Host: globex.example", ACME),
    ("/", "Host: acme.example|x-forwarded-host:globex.example", ACME),
    ("/", "Host: acme.example|X-Forwarded-Host: globex.example|X-Forwarded-Host: globex.example", ACME),
    ("/", "Host: acme.example|X-Forwarded-Host:", ACME),
    ("/", "Host: acme.example|X-Forwarded-Host: a, b", ACME),
    ("/", "Host: acme.example|X_Forwarded_Host: globex.example", ACME),
    ("/", "Host: acme.example|X-Forwarded-Server: globex.example", ACME),
    ("/", "Host: acme.example|X-Host: globex.example", ACME),
    ("/", "Host: acme.example|X-Original-Host: globex.example", ACME),
    ("/", "Host: acme.example|X-HTTP-Host-Override: globex.example", ACME),
    ("/", "Host: acme.example|Forwarded: host=globex.example", ACME),
    ("/", "Host: acme.example|Forwarded: for=192.0.2.1;host=globex.example;proto=https", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 10.0.0.1", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 127.0.0.1, 192.0.2.1", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1|X-Forwarded-For: 10.0.0.1", ACME),
    ("/", "Host: acme.example|X-Real-IP: 192.0.2.1", ACME),
    ("/", "Host: acme.example|True-Client-IP: 192.0.2.1", ACME),
    ("/", "Host: acme.example|CF-Connecting-IP: 192.0.2.1", ACME),
    ("/", "Host: acme.example|Connection: x-forwarded-for, host", ACME),
    ("http://acme.example/", "Host: acme.example", ACME),
    ("http://acme.example:80/", "Host: acme.example", ACME),
    ("http://acme.example/", "Host: acme.example|X-Forwarded-Host: globex.example", ACME),
    ("http://globex.example/", "Host: acme.example", BAD_HOST),
    ("http://globex.example/", "Host: acme.example|X-Forwarded-Host: globex.example", BAD_HOST),
    ("http://acme.example@globex.example/", "Host: acme.example", BAD_HOST),
    ("http://globex.example@acme.example/", "Host: acme.example", BAD_HOST),
    ("http://acme.example:81/", "Host: acme.example", BAD_HOST),
    ("http://acme.example/", "Host: acme.example:81", BAD_HOST),
    ("https://acme.example/", "Host: acme.example:80", BAD_HOST),
    ("http://acme.example.globex.example/", "Host: acme.example", BAD_HOST),
    ("http://127.0.0.1/", "Host: acme.example", BAD_HOST),
    ("http://[::1]/", "Host: acme.example", BAD_HOST),
    ("http://acme.example/", "Host:", BAD_HOST),
    ("http://acme.example:x/", "Host: acme.example", BAD_HOST),
    ("http:///", "Host: acme.example", BAD),
    ("//globex.example/", "Host: acme.example", ACME),
    ("/http://globex.example/", "Host: acme.example", ACME),
    ("/?host=globex.example", "Host: acme.example", ACME),
    ("/@globex.example", "Host: acme.example", ACME),
    ("/", "Host: acme.example|Host: globex.example", BAD_HOST),
    ("/", "Host: globex.example|Host: acme.example", BAD_HOST),
    ("/", "Host: acme.example|Host: acme.example", BAD_HOST),
    ("/", "Host: acme.example|Host:", BAD_HOST),
    ("/", "Host:|Host: acme.example", BAD_HOST),
    ("/", "Host: acme.example|hOsT: globex.example", BAD_HOST),
    ("/", "Host: acme.example, globex.example", BAD_HOST),
    ("/", "Host: acme.example globex.example", BAD_HOST),
    ("/", "Host: acme.example\tglobex.example", BAD_HOST),
    ("/", "Host: acme.example;globex.example", BAD_HOST),
    ("/", "Host: acme.example#globex.example", BAD_HOST),
    ("/", "Host: acme.example/globex.example", BAD_HOST),
    ("/", "Host: acme.example?globex.example", BAD_HOST),
    ("/", "Host: acme.example\\globex.example", BAD_HOST),
    ("/", "Host: acme.example@globex.example", BAD_HOST),
    ("/", "Host: globex.example@acme.example", BAD_HOST),
    ("/", "Host: user:password@acme.example", BAD_HOST),
    ("/", "Host: http://acme.example", BAD_HOST),
    ("/", "Host: //acme.example", BAD_HOST),
    ("/", "Host: acme.example:", ACME),
    ("/", "Host: acme.example:-1", BAD_HOST),
    ("/", "Host: acme.example:+80", BAD_HOST),
    ("/", "Host: acme.example:65536", BAD_HOST),
    ("/", "Host: acme.example:80:80", BAD_HOST),
    ("/", "Host: acme.example:80@globex.example", BAD_HOST),
    ("/", "Host: acme.example: 80", BAD_HOST),
    ("/", "Host: acme.example :80", BAD_HOST),
    ("/", "Host: :80", BAD_HOST),
    ("/", "Host: .", BAD_HOST),
    ("/", "Host: .acme.example", BAD_HOST),
    ("/", "Host: acme..example", BAD_HOST),
    ("/", "Host: acme.example..", BAD_HOST),
    ("/", "Host: acme%2eexample", BAD_HOST),
    ("/", "Host: acme.example%00", BAD_HOST),
    ("/", "Host: acme.ex\u{e4}mple", BAD_HOST),
    ("/", "Host: acme\u{3002}example", BAD_HOST),
    ("/", "Host: *.example", BAD_HOST),
    ("/", "Host: *", BAD_HOST),
    ("/", "Host: *.acme.example", BAD_HOST),
    ("/", "Host: -acme.example", BAD_HOST),
    ("/", "Host: [acme.example]", BAD_HOST),
    ("/", "Host: [::1", BAD_HOST),
    ("/", "Host: [::1]acme.example", BAD_HOST),
    ("/", "Host: [::1%25eth0]", BAD_HOST),
    ("/", "Host: \"acme.example\"", BAD_HOST),
    ("/", "Host: 'acme.example'", BAD_HOST),
    ("/", "Host: acme.example\0", BAD),
    ("/", "Host: acme.example\x7f", BAD),
    ("/", "Host : acme.example", BAD),
    ("/", "Host: x|\tglobex.example", BAD),
    ("/", "Host: globex.exampl", NOBODY),
    ("/", "Host: xn--acme-.example", NOBODY),
    ("/", "Host: acme_example", NOBODY),
    ("/", "Host: acme.example.globex.invalid", NOBODY),
    ("/", "Host: evil.acme.example", NOBODY),
    ("/", "Host: 127.0.0.1|X-Forwarded-Host: acme.example", NOBODY),
    ("/", "Host: [::1]:80", NOBODY),
    ("/", "Host: 0x7f000001", NOBODY),
    ("/", "X-Forwarded-Host: acme.example", NOBODY),
    ("/", "Forwarded: host=acme.example", NOBODY),
];

/// What a trusted proxy may pass on, with what its callers have written into it.
const PROXIED: &[(&str, &str, &str)] = &[
    ("/", "Host: acme.example", ACME),
    ("/", "Host: backend|X-Forwarded-Host: acme.example", ACME),
    ("/", "Host: backend_1:8080|X-Forwarded-Host: Acme.Example.:443", ACME),
    ("/", "Host: globex.example|X-Forwarded-Host: acme.example", ACME),
    ("/", "X-Forwarded-Host: acme.example", ACME),
    ("http://backend/", "Host: backend|X-Forwarded-Host: acme.example", ACME),
    ("http://backend:81/", "Host: backend:81|X-Forwarded-Host: acme.example", ACME),
    ("http://globex.example/", "Host: backend|X-Forwarded-Host: acme.example", BAD_HOST),
    ("/", "Host: backend|Host: backend|X-Forwarded-Host: acme.example", BAD_HOST),
    ("/", "Host:|X-Forwarded-Host: acme.example", BAD_HOST),
    ("/", "Host: a b|X-Forwarded-Host: acme.example", BAD_HOST),
    ("/", "Host: backend|X-Forwarded-Host: acme.example|X-Forwarded-Host: globex.example", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: acme.example|X-Forwarded-Host: acme.example", BAD_FORWARDED),
    ("/", "Host: acme.example|X-Forwarded-Host: globex.example|x-forwarded-host:", BAD_FORWARDED),
    ("/", "Host: acme.example|X-Forwarded-Host:", BAD_FORWARDED),
    ("/", "Host: acme.example|X-Forwarded-Host: ,", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: globex.example, acme.example", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: acme.example,", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: user@acme.example", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: http://acme.example", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: acme.example/", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: acme.example:99999", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: acme.ex\u{e4}mple", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: *.example", BAD_FORWARDED),
    ("/", "Host: backend|X-Forwarded-Host: \"acme.example\"", BAD_FORWARDED),
    ("/", "Host: acme.example|X-Forwarded-Host: 10.0.0.1", NOBODY),
    ("/", "Host: acme.example|X-Forwarded-Host: nobody.example", NOBODY),
    ("/", "Host: acme.example|Forwarded: host=globex.example;for=192.0.2.1", ACME),
    ("/", "Host: acme.example|X-Real-IP: 192.0.2.1", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.9", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.9:1234", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: ::ffff:192.0.2.9", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: [::ffff:192.0.2.9]:80", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 2001:DB8::9", "acme 2001:db8::9"),
    ("/", "Host: acme.example|X-Forwarded-For: [2001:db8::9]:80", "acme 2001:db8::9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, 192.0.2.9", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.9 ,\t10.0.0.7", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.9, 2001:db8:7::1, 10.0.0.7", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 10.1.1.1, 192.0.2.9, 10.0.0.7", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: nonsense, 192.0.2.9", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1|X-Forwarded-For: 192.0.2.9", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.9|X-Forwarded-For: 10.0.0.7", "acme 192.0.2.9"),
    ("/", "Host: acme.example|X-Forwarded-For: 10.0.0.6, 10.0.0.7", "acme 10.0.0.6"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, unknown", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.7", "acme 10.0.0.7"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1,, 10.0.0.7", "acme 10.0.0.7"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1,", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1|X-Forwarded-For:", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, _hidden, 10.0.0.7", "acme 10.0.0.7"),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, 192.0.2.09", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, 3221225993", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, for=192.0.2.9", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, \"192.0.2.9\"", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1; 192.0.2.9", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1 192.0.2.9", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, [::1", ACME),
    ("/", "Host: acme.example|X-Forwarded-For: 192.0.2.1, \u{e4}", ACME),
];

#[tokio::test]
async fn nothing_that_strangers_write_leads_to_another_tenant_or_address() {
    assert!(STRANGERS.len() >= 100);
    let server = server("10.0.0.0/8").await;
    assert_eq!(surprises(server, STRANGERS).await, [] as [String; 0]);
}

#[tokio::test]
async fn what_a_trusted_proxy_says_counts_as_far_as_it_can_know() {
    let server = server(PROXIES).await;
    assert_eq!(surprises(server, PROXIED).await, [] as [String; 0]);
}

async fn from_peer(peer: &str, trusted: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = get("/", headers);
    request.extensions_mut().insert(PeerAddr(peer.parse().unwrap()));
    send(&stack!(trusted), request).await
}

#[tokio::test]
async fn a_peer_is_itself_whatever_family_its_socket_is_of() {
    let headers = [("host", "acme.example"), ("x-forwarded-for", "192.0.2.9")];
    for (peer, trusted, expected) in [
        ("192.0.2.1:80", PROXIES, "acme 192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", PROXIES, "acme 192.0.2.1"),
        ("[::ffff:10.0.0.1]:80", PROXIES, "acme 192.0.2.9"),
        ("[2001:db8:7::1]:80", PROXIES, "acme 192.0.2.9"),
        ("[2001:db8:8::1]:80", PROXIES, "acme 2001:db8:8::1"),
        ("10.0.0.1:80", "", "acme 10.0.0.1"),
        ("0.0.0.0:0", "", "acme 0.0.0.0"),
    ] {
        assert_eq!(outcome(&from_peer(peer, trusted, &headers).await), expected, "{peer}");
    }
}

#[tokio::test]
async fn nothing_further_in_gets_to_read_what_a_stranger_forwards() {
    let headers = [
        ("host", "acme.example"),
        ("x-forwarded-for", "192.0.2.9"),
        ("x-forwarded-for", "192.0.2.10"),
        ("x-forwarded-host", "globex.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=globex.example"),
    ];
    let stranger = from_peer("192.0.2.1:80", PROXIES, &headers).await;
    assert_eq!(stranger.body, "acme 192.0.2.1\nacme.example\n");
    let proxy = from_peer("10.0.0.1:80", PROXIES, &headers).await;
    assert_eq!(proxy.body, "globex 192.0.2.10\nglobex.example\nx-forwarded-for,x-forwarded-proto,forwarded");
}

#[tokio::test]
async fn the_target_of_http_2_follows_the_forwarded_host() {
    let mut request = get("https://backend:8443/path?q", &[("x-forwarded-host", "acme.example")]);
    *request.version_mut() = Version::HTTP_2;
    request.extensions_mut().insert(PeerAddr("10.0.0.1:80".parse().unwrap()));
    let service = ForwardedLayer::new(PROXIES.parse().unwrap()).layer(EchoService);
    assert_eq!(send(&service, request).await.body, "none none https://acme.example/path?q");
}

#[tokio::test]
async fn an_address_that_an_outer_layer_has_left_is_not_believed() {
    let mut request = get("/", &[("host", "acme.example")]);
    request.extensions_mut().insert(ClientAddr("192.0.2.66".parse().unwrap()));
    request.extensions_mut().insert(PeerAddr("192.0.2.1:80".parse().unwrap()));
    assert_eq!(outcome(&send(&stack!(PROXIES), request).await), "acme 192.0.2.1");
}

#[tokio::test]
async fn a_server_that_forgets_the_peer_serves_nobody() {
    let mut request = get("/", &[("host", "acme.example"), ("x-forwarded-for", "192.0.2.9")]);
    request.extensions_mut().insert(ClientAddr(IpAddr::from([192, 0, 2, 1])));
    assert_eq!(outcome(&send(&stack!(PROXIES), request).await), "500 internal_error");
}

#[tokio::test]
async fn a_rejection_names_the_header_and_never_repeats_it() {
    let headers = [("host", "backend"), ("x-forwarded-host", "se cret")];
    let answer = from_peer("10.0.0.1:80", PROXIES, &headers).await;
    assert_eq!(answer.json()["field"], HeaderName::from_static("x-forwarded-host").as_str());
    assert!(!answer.body.contains("cret"));
}

/// A host as it is written, and whom it names: nobody where it is no host of anybody's.
const HOSTS: &[(&str, &str)] = &[
    ("acme.example", "acme"),
    ("ACME.example:443", "acme"),
    ("acme.example.", "acme"),
    ("globex.example", "globex"),
    ("nobody.example", ""),
    ("acme.example.evil.example", ""),
    ("acme.example@globex.example", ""),
    ("acme.example:80:80", ""),
    ("acme.example, globex.example", ""),
    ("globex.example#acme.example", ""),
    ("acme.example/globex.example", ""),
    ("[::1]", ""),
    ("\u{430}cme.example", ""),
    ("acme.example%00", ""),
    ("", ""),
];

const TARGETS: &[(&str, &str)] = &[
    ("http://acme.example/", "acme"),
    ("http://globex.example:80/", "globex"),
    ("http://nobody.example/", ""),
    ("http://globex.example@acme.example/", ""),
    ("http://acme.example%2fglobex.example/", ""),
    ("http:///", ""),
];

const FORWARDED: &[&str] = &[
    "X-Other: 1",
    "X-Forwarded-Host: globex.example",
    "X-Forwarded-Host: acme.example|X-Forwarded-Host: globex.example",
    "Forwarded: host=globex.example",
    "X-Original-Host: globex.example|X-Host: globex.example|X-Forwarded-Server: globex.example",
];

/// Each host with each target, each forwarded line, and each further host: who is served is whom all of them name, where
/// they may speak at all.
#[tokio::test]
async fn of_all_that_names_a_host_nothing_leads_where_something_else_does_not() {
    let (server, mut asked) = (server("10.0.0.0/8").await, 0);
    for (host, named) in HOSTS {
        for forwarded in FORWARDED {
            let targets = TARGETS.iter().map(|(target, by_target)| (*target, Some(*by_target)));
            for (target, by_target) in targets.chain([("/", None), ("/globex.example", None)]) {
                let outcome = ask(server, target, &format!("Host: {host}|{forwarded}")).await;
                let is_agreed = !named.is_empty() && by_target.is_none_or(|by_target| by_target == *named);
                let expected = is_agreed.then(|| format!("{named} 127.0.0.1"));
                let served = outcome.contains(" 127.0.0.1").then_some(outcome.clone());
                // One that names them in two ways (with a port, and without) may be refused.
                let must_be = by_target.is_none() || outcome.contains(" 127.0.0.1");
                assert!(!must_be || served == expected, "{target} {host:?} {forwarded}: {outcome}");
                assert!(served.is_some() || outcome.starts_with('4'), "{target} {host:?}: {outcome}");
                asked += 1;
            }
        }
        for (other, _) in HOSTS {
            let outcome = ask(server, "/", &format!("Host: {host}|Host: {other}")).await;
            assert!(outcome.starts_with("400"), "{host:?} {other:?}: {outcome}");
            asked += 1;
        }
    }
    assert_eq!(asked, HOSTS.len() * (FORWARDED.len() * (TARGETS.len() + 2) + HOSTS.len()));
}
