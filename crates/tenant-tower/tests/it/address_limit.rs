//! Requests by address: exactly so many, from nobody else's account, and before anything is looked at.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tenant_core::ManualClock;
use tenant_tower::{AddressLimitLayer, ClientAddr, GuardService, HeaderResolver, Rejection, TenantLayer};
use tower::Layer;

use crate::support::{Answer, EchoService, Slow, clock, configs, get, send};

fn layer(per_minute: u32, clock: &Arc<ManualClock>) -> AddressLimitLayer {
    AddressLimitLayer::per_minute(NonZeroU32::new(per_minute).unwrap()).with_clock(Arc::clone(clock) as _)
}

async fn ask(service: &GuardService<EchoService, AddressLimitLayer>, client: &str, path: &str) -> Answer {
    let mut request = get(path, &[]);
    request.extensions_mut().insert(ClientAddr(client.parse().unwrap()));
    send(service, request).await
}

async fn admitted(service: &GuardService<EchoService, AddressLimitLayer>, client: &str) -> bool {
    match ask(service, client, "/").await.status {
        200 => true,
        429 => false,
        status => panic!("{status}"),
    }
}

#[tokio::test]
async fn an_address_has_its_requests_and_waits_as_long_as_it_is_told() {
    let clock = clock();
    let service = layer(4, &clock).layer(EchoService);
    for _ in 0..4 {
        assert!(admitted(&service, "192.0.2.1").await);
    }
    let denied = ask(&service, "192.0.2.1", "/").await;
    assert_eq!((denied.status, denied.code().as_str()), (429, "quota_exceeded"));
    assert_eq!(denied.header("retry-after"), Some("15"));
    assert_eq!(denied.header("content-type"), Some("application/problem+json"));
    assert!(denied.extensions.get::<Rejection>().is_some());
    clock.advance(Duration::from_millis(14_500));
    assert_eq!(ask(&service, "192.0.2.1", "/").await.header("retry-after"), Some("1"), "rounded up");
    clock.advance(Duration::from_millis(500));
    assert!(admitted(&service, "192.0.2.1").await);
    assert!(!admitted(&service, "192.0.2.1").await);
}

#[tokio::test]
async fn no_address_counts_against_another_and_a_network_of_ipv6_is_one() {
    let service = layer(1, &clock()).layer(EchoService);
    for (client, expected) in [
        ("192.0.2.1", true),
        ("192.0.2.1", false),
        ("::ffff:192.0.2.1", false),
        ("192.0.2.2", true),
        ("2001:db8:1:2::1", true),
        ("2001:db8:1:2:ffff::ffff", false),
        ("2001:db8:1:3::1", true),
        ("::c000:203", true),
        ("192.0.2.3", true),
    ] {
        assert_eq!(admitted(&service, client).await, expected, "{client}");
    }
}

#[tokio::test]
async fn only_the_very_path_is_exempt() {
    let service = layer(1, &clock()).exempt("/health").exempt("/ready").layer(EchoService);
    assert!(admitted(&service, "192.0.2.1").await);
    for (path, status) in [
        ("/health", 200),
        ("/health?full", 200),
        ("/ready", 200),
        ("/", 429),
        ("/health/", 429),
        ("//health", 429),
        ("/Health", 429),
        ("/healthy", 429),
        ("/h%65alth", 429),
        ("/./health", 429),
        ("/api/health", 429),
        ("http://x.example/health", 200),
        ("/?/health", 429),
    ] {
        assert_eq!(ask(&service, "192.0.2.1", path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn without_an_address_nobody_is_served() {
    let service = layer(1, &clock()).exempt("/health").layer(EchoService);
    let answer = send(&service, get("/", &[("x-forwarded-for", "192.0.2.1")])).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal_error"));
    assert_eq!(send(&service, get("/health", &[])).await.status, 200);
}

#[tokio::test]
async fn who_guesses_tenants_is_stopped_before_any_is_looked_up() {
    let tenancy = TenantLayer::builder().resolver(HeaderResolver::default()).configs(Slow(configs())).build();
    let service = layer(2, &clock()).layer(tenancy.layer(EchoService));
    let mut statuses = Vec::new();
    for guess in ["acme1", "acme2", "acme", "acme3"] {
        let mut request = get("/", &[("x-tenant-id", guess)]);
        request.extensions_mut().insert(ClientAddr(IpAddr::from([192, 0, 2, 1])));
        statuses.push(send(&service, request).await.status);
    }
    assert_eq!(statuses, [404, 404, 429, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_at_once_are_admitted_exactly_as_often_as_one_after_the_other() {
    const TASKS: usize = 32;
    const EACH: usize = 250;
    for round in 0..5 {
        let service = layer(1_000, &clock()).layer(EchoService);
        let (start, count) = (Arc::new(tokio::sync::Barrier::new(TASKS)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (service, start, count) = (service.clone(), Arc::clone(&start), Arc::clone(&count));
                tokio::spawn(async move {
                    start.wait().await;
                    for _ in 0..EACH {
                        count.fetch_add(usize::from(admitted(&service, "192.0.2.1").await), Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count.load(Ordering::SeqCst), 1_000, "round {round}");
        assert!(admitted(&service, "192.0.2.2").await, "the neighbour has lost nothing");
    }
}
