//! Tenants by host: subdomains and registered hosts.

use std::sync::Arc;

use tenant_tower::{
    HostErrorKind, HostName, HostPattern, HostRegistry, HostResolver, SubdomainResolver, TenantLayer,
};
use tower::Layer;

use crate::support::{Answer, EchoService, configs, id, raw, serve};

async fn by_subdomain(request: &[u8]) -> Answer {
    let resolver = SubdomainResolver::new(["example.com", "eu.example.com"]).unwrap();
    let layer = TenantLayer::builder().resolver(resolver).configs(configs()).build();
    raw(serve(layer.layer(EchoService)).await, request).await
}

async fn by_host_line(host: &str) -> Answer {
    by_subdomain(format!("GET / HTTP/1.1\r\nHost:{host}\r\nConnection: close\r\n\r\n").as_bytes()).await
}

fn outcome(answer: &Answer) -> String {
    match answer.status {
        200 => answer.body.split(' ').next().unwrap().to_owned(),
        status => format!("{status} {}", answer.code()),
    }
}

#[tokio::test]
async fn one_label_before_the_base_names_the_tenant() {
    for host in [
        "acme.example.com",
        " acme.example.com:8080",
        "ACME.Example.COM",
        "acme.example.com.",
        "acme.example.com.:80",
        "acme.example.com:",
        "acme.eu.example.com",
    ] {
        assert_eq!(outcome(&by_host_line(host).await), "acme", "{host}");
    }
}

#[tokio::test]
async fn what_is_no_subdomain_names_nobody() {
    for host in [
        "example.com",
        "eu.example.com",
        "www.example.com",
        "WWW.example.com",
        "a.acme.example.com",
        "acme.example.com.evil.org",
        "acmeexample.com",
        "acme.example.org",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]:8080",
        "localhost",
    ] {
        assert_eq!(outcome(&by_host_line(host).await), "401 tenant_required", "{host}");
    }
}

#[tokio::test]
async fn malformed_hosts_are_400() {
    for host in [
        "",
        " ",
        "acme.example.com:80x",
        "acme.example.com:99999",
        "acme.example.com:80:80",
        "acme.example.com..",
        ".example.com",
        "acme..example.com",
        "user@acme.example.com",
        "acme.example.com/path",
        "acme.example.com, globex.example.com",
        "acme.example.com globex.example.com",
        "acme%2eexample.com",
        "[::1",
        "[acme.example.com]",
        "-acme.example.com",
    ] {
        assert_eq!(outcome(&by_host_line(host).await), "400 invalid_tenant_id", "{host}");
    }
}

#[tokio::test]
async fn an_absolute_target_must_agree_with_the_host() {
    for (target, host, expected) in [
        ("http://acme.example.com/", "acme.example.com", "acme"),
        ("http://ACME.example.com/", "acme.example.com:80", "acme"),
        ("http://acme.example.com/", "globex.example.com", "400 invalid_tenant_id"),
        ("http://acme.example.com:81/", "acme.example.com", "400 invalid_tenant_id"),
        ("http://acme.example.com/", "", "400 invalid_tenant_id"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = by_subdomain(request.as_bytes()).await;
        assert_eq!(outcome(&answer), expected, "{target} {host}");
    }
}

#[tokio::test]
async fn two_host_lines_are_a_400_even_where_they_are_equal() {
    let request =
        b"GET / HTTP/1.1\r\nHost: acme.example.com\r\nHost: acme.example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(outcome(&by_subdomain(request).await), "400 invalid_tenant_id");
}

#[tokio::test]
async fn forwarded_hosts_are_not_looked_at() {
    let request = b"GET / HTTP/1.1\r\nHost: acme.example.com\r\nX-Forwarded-Host: globex.example.com\r\nForwarded: host=globex.example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(outcome(&by_subdomain(request).await), "acme");
}

#[tokio::test]
async fn no_host_at_all_names_nobody() {
    let request = b"GET / HTTP/1.0\r\n\r\n";
    assert_eq!(outcome(&by_subdomain(request).await), "401 tenant_required");
}

#[tokio::test]
async fn registered_hosts_lead_to_their_tenant_as_soon_as_they_are_registered() {
    let registry = Arc::new(HostRegistry::new());
    let layer =
        TenantLayer::builder().resolver(HostResolver::new(Arc::clone(&registry))).configs(configs()).build();
    let addr = serve(layer.layer(EchoService)).await;
    let ask = async |host: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        outcome(&raw(addr, request.as_bytes()).await)
    };
    assert_eq!(ask("app.acme.example").await, "401 tenant_required");
    registry.add(&id("acme"), ["App.acme.example", "acme.example"]).unwrap();
    assert_eq!(ask("app.ACME.example:8443").await, "acme");
    assert_eq!(ask("acme.example.").await, "acme");
    assert_eq!(ask("sub.acme.example").await, "401 tenant_required");
    registry.replace(&id("acme"), ["new.acme.example"]).unwrap();
    assert_eq!(ask("acme.example").await, "401 tenant_required");
    registry.add(&id("globex"), ["acme.example"]).unwrap();
    assert_eq!(ask("acme.example").await, "globex");
}

#[test]
fn a_host_belongs_to_one_tenant_and_a_list_is_taken_whole_or_not_at_all() {
    let registry = HostRegistry::new();
    let host = |text: &str| HostName::parse(text).unwrap();
    registry.add(&id("acme"), ["acme.example"]).unwrap();
    for taken in [
        registry.add(&id("globex"), ["free.example", "ACME.example."]),
        registry.replace(&id("globex"), ["free.example", "acme.example"]),
    ] {
        let error = taken.unwrap_err();
        assert_eq!(error.kind(), HostErrorKind::Taken);
        assert!(!error.to_string().contains("acme"));
    }
    for invalid in
        ["127.0.0.1", "[::1]", "a b", "", "acme.example:80", "*", "*.", "a.*.example", "*.127.0.0.1"]
    {
        let error = registry.add(&id("globex"), ["free.example", invalid]).unwrap_err();
        assert_eq!(error.kind(), HostErrorKind::Invalid, "{invalid}");
    }
    assert_eq!(registry.len(), 1, "all or nothing");
    assert!(!registry.remove(&id("globex"), &host("acme.example").into()));
    assert_eq!(registry.tenant_of(&host("acme.example")), Some(id("acme")));
    registry.add(&id("acme"), ["acme.example", "acme.example"]).unwrap();
    assert_eq!(registry.hosts_of(&id("acme")).len(), 1);
    registry.remove_all(&id("acme"));
    assert!(registry.is_empty() && registry.hosts_of(&id("acme")).is_empty());
}

#[test]
fn no_reader_sees_half_of_a_list() {
    let registry = Arc::new(HostRegistry::new());
    let hosts: Vec<String> = (0..20).map(|n| format!("h{n}.example")).collect();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..200 {
                registry.add(&id("acme"), &hosts).unwrap();
                registry.remove_all(&id("acme"));
            }
        });
        while !writer.is_finished() {
            assert!(matches!(registry.hosts_of(&id("acme")).len(), 0 | 20));
            assert!(matches!(registry.len(), 0 | 20));
        }
    });
}

fn lead(registry: &HostRegistry, host: &str) -> String {
    let tenant = registry.tenant_of(&HostName::parse(host).unwrap());
    tenant.map_or("none".to_owned(), |tenant| tenant.to_string())
}

#[test]
fn a_wildcard_leads_exactly_one_label_down_and_the_host_itself_comes_first() {
    let registry = HostRegistry::new();
    registry.add(&id("acme"), ["*.acme.example", "app.acme.example"]).unwrap();
    for (host, tenant) in [
        ("app.acme.example", "acme"),
        ("any.ACME.example.", "acme"),
        ("acme.example", "none"),
        ("a.b.acme.example", "none"),
        ("evilacme.example", "none"),
        ("acme.example.evil.example", "none"),
        ("example", "none"),
    ] {
        assert_eq!(lead(&registry, host), tenant, "{host}");
    }
    assert_eq!(
        registry.hosts_of(&id("acme")).iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["*.acme.example", "app.acme.example"]
    );
    let pattern = |text: &str| HostPattern::parse(text).unwrap();
    assert!(!registry.remove(&id("acme"), &pattern("any.acme.example")), "it is only covered");
    assert!(registry.remove(&id("acme"), &pattern("app.acme.example")));
    assert_eq!(lead(&registry, "app.acme.example"), "acme", "by the wildcard");
    assert!(!registry.remove(&id("globex"), &pattern("*.acme.example")));
    assert!(registry.remove(&id("acme"), &pattern("*.acme.example")));
    assert_eq!(lead(&registry, "app.acme.example"), "none");
    assert!(registry.is_empty());
}

#[test]
fn nobody_registers_below_or_over_what_is_anothers() {
    for (first, second, free) in [
        ("*.acme.example", "app.acme.example", false),
        ("app.acme.example", "*.acme.example", false),
        ("*.acme.example", "*.acme.example", false),
        ("*.acme.example", "*.ACME.example.", false),
        ("*.acme.example", "acme.example", true),
        ("acme.example", "*.acme.example", true),
        ("*.acme.example", "a.b.acme.example", true),
        ("a.b.acme.example", "*.acme.example", true),
        ("*.acme.example", "*.b.acme.example", true),
        ("*.acme.example", "*.example", true),
        ("acme.example", "*.example", false),
        ("*.example", "acme.example", false),
    ] {
        for is_replace in [false, true] {
            let registry = HostRegistry::new();
            registry.add(&id("acme"), [first]).unwrap();
            let hosts = ["free.other.example", second];
            let taken = if is_replace {
                registry.replace(&id("globex"), hosts)
            } else {
                registry.add(&id("globex"), hosts)
            };
            assert_eq!(
                taken.map_err(|error| error.kind()),
                if free { Ok(()) } else { Err(HostErrorKind::Taken) },
                "{first} {second}"
            );
            assert_eq!(registry.len(), if free { 3 } else { 1 }, "all or nothing");
            registry.add(&id("acme"), [first]).unwrap();
            if !free {
                registry.add(&id("acme"), [second]).unwrap();
                registry.remove_all(&id("acme"));
                registry.add(&id("globex"), [second]).unwrap();
            }
        }
    }
}

#[test]
fn a_host_that_is_given_up_stands_in_no_wildcards_way() {
    let registry = HostRegistry::new();
    registry.add(&id("acme"), ["a.shop.example", "b.shop.example", "a.shop.example"]).unwrap();
    registry.add(&id("globex"), ["c.shop.example"]).unwrap();
    let wildcard = |tenant: &str| registry.add(&id(tenant), ["*.shop.example"]).map_err(|error| error.kind());
    assert_eq!(wildcard("acme"), Err(HostErrorKind::Taken));
    registry.replace(&id("globex"), ["globex.example"]).unwrap();
    assert_eq!(wildcard("globex"), Err(HostErrorKind::Taken));
    assert!(registry.remove(&id("acme"), &HostPattern::parse("a.shop.example").unwrap()));
    assert_eq!(wildcard("globex"), Err(HostErrorKind::Taken), "one is left");
    assert!(registry.remove(&id("acme"), &HostPattern::parse("b.shop.example").unwrap()));
    assert_eq!(wildcard("globex"), Ok(()));
}

#[test]
fn of_many_who_race_for_a_wildcard_and_a_host_below_it_one_wins() {
    for round in 0..300 {
        let registry = HostRegistry::new();
        let start = std::sync::Barrier::new(8);
        let won: Vec<bool> = std::thread::scope(|scope| {
            let race = |racer: usize| {
                let (registry, start) = (&registry, &start);
                let host = if racer.is_multiple_of(2) { "*.shop.example" } else { "app.shop.example" };
                scope.spawn(move || {
                    start.wait();
                    registry
                        .add(&id(&format!("t{racer}")), [format!("own{racer}.example").as_str(), host])
                        .is_ok()
                })
            };
            let racers: Vec<_> = (0..8).map(race).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}");
        assert_eq!(registry.len(), 2, "the losers have nothing, round {round}");
    }
}
