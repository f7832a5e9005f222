//! Tokens on web servers, which are where tenants say they are.

use std::time::{Duration, Instant};

use hickory_resolver::proto::rr::RecordType;
use tenant_auth::{DomainProof, NotProved, WellKnownProof, danger::Loopback};

use super::name_server::NameServer;
use crate::web_server::{Certified, Says, WebServer, certified, ok};

const HOST: &str = "shop.acme.example";
const TOKEN: &str = "the-token-of-this-claim";
/// Nobody listens there (discard).
const CLOSED: u16 = 9;

async fn here(address: &str) -> NameServer {
    let dns = NameServer::start().await;
    dns.address(HOST, address);
    dns
}

async fn asked(dns: &NameServer, loopback: Loopback) -> Result<(), NotProved> {
    WellKnownProof::new(dns.dns()).with_danger(loopback).prove(HOST, TOKEN).await
}

/// Whether such a server proves anything.
async fn proves(says: Says) -> bool {
    let (dns, web) = (here("127.0.0.1").await, WebServer::start(says).await);
    let proved = asked(&dns, Loopback::on_ports(web.port, CLOSED)).await.is_ok();
    assert_eq!(web.heads().len(), 1);
    proved
}

#[tokio::test]
async fn the_token_is_found_where_it_belongs() {
    let (dns, web) = (here("127.0.0.1").await, WebServer::start(ok(&format!("{TOKEN}\n"))).await);
    asked(&dns, Loopback::on_ports(web.port, CLOSED)).await.unwrap();
    let head = web.heads().concat();
    assert!(head.starts_with("GET /.well-known/tenant-verification HTTP/1.1\r\n"), "{head}");
    assert_eq!(head.matches("host: ").count(), 1);
    assert!(head.contains("\r\nhost: shop.acme.example\r\n"), "{head}");
    assert!(!head.contains(TOKEN));
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n17\r\n{TOKEN}\r\n0\r\n\r\n");
    assert!(proves(Says::Bytes(chunked)).await);
}

#[tokio::test]
async fn an_answer_that_is_not_the_token_proves_nothing() {
    let status =
        |status: &str| Says::Bytes(format!("HTTP/1.1 {status}\r\ncontent-length: 23\r\n\r\n{TOKEN}"));
    let padded = |blanks: usize| ok(&format!("{TOKEN}{}", " ".repeat(blanks)));
    let head =
        format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 23\r\n\r\n{TOKEN}", "x".repeat(64 * 1024));
    let all = [
        ok(""),
        ok("the-token-of-another-claim"),
        ok(&format!("{TOKEN} and more")),
        ok(&format!("<p>{TOKEN}</p>")),
        ok(&TOKEN.to_uppercase()),
        Says::Bytes("HTTP/1.1 200 OK\r\n\r\n{request}".into()),
        Says::Bytes(format!("{TOKEN}\r\n\r\n")),
        Says::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{TOKEN}")),
        status("404 Not Found"),
        status("201 Created"),
        status("206 Partial Content"),
        // More than anybody needs to say, though it is the token with blanks around it.
        padded(4096),
        Says::Bytes(head),
    ];
    let proved = futures_util::future::join_all(all.into_iter().map(proves)).await;
    assert_eq!(proved, [false; 13]);
    assert!(proves(padded(900)).await);
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let target = WebServer::start(ok(TOKEN)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("http://127.0.0.1:{}/", target.port);
        let answer =
            format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 23\r\n\r\n{TOKEN}");
        assert!(!proves(Says::Bytes(answer)).await, "{status}");
    }
    assert_eq!(target.connections(), 0);
}

/// Where the way to this machine is open: every one of these leads to it, or to its neighbours.
#[tokio::test]
async fn nothing_is_connected_to_that_is_not_public() {
    let web = WebServer::start(ok(TOKEN)).await;
    let refused = [
        "0.0.0.0",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "10.0.0.1",
        "169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
    ];
    let all = refused.map(async |address| {
        let (dns, start) = (here(address).await, Instant::now());
        assert_eq!(asked(&dns, Loopback::on_ports(web.port, web.port)).await, Err(NotProved), "{address}");
        let took = start.elapsed();
        assert!((Duration::from_secs(1)..Duration::from_secs(3)).contains(&took), "{address}: {took:?}");
    });
    futures_util::future::join_all(all).await;
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn a_name_that_does_not_exist_takes_as_long_as_an_address_that_is_refused() {
    let dns = NameServer::start().await;
    let start = Instant::now();
    assert_eq!(asked(&dns, Loopback::on_ports(CLOSED, CLOSED)).await, Err(NotProved));
    assert!(start.elapsed() >= Duration::from_secs(1));
    // Neither with a search list nor in files of this machine.
    let mut names: Vec<_> = dns.asked().into_iter().map(|(name, kind)| (name, u16::from(kind))).collect();
    names.sort_unstable();
    let name = format!("{HOST}.");
    assert_eq!(names, [(name.clone(), u16::from(RecordType::A)), (name, u16::from(RecordType::AAAA))]);
}

#[tokio::test]
async fn the_name_is_resolved_once_and_what_was_checked_is_connected_to() {
    let (dns, web) = (here("127.0.0.1").await, WebServer::start(ok("not yet")).await);
    assert!(asked(&dns, Loopback::on_ports(web.port, web.port)).await.is_err());
    assert_eq!(web.connections(), 2, "by both ways");
    let names = dns.asked();
    assert_eq!(names.iter().filter(|(_, kind)| *kind == RecordType::A).count(), 1);
    assert_eq!(names.len(), 2);
}

#[tokio::test]
async fn of_many_addresses_two_are_tried() {
    let web = WebServer::start(ok(TOKEN)).await;
    let among = async |addresses: &[&str]| {
        let dns = NameServer::start().await;
        addresses.iter().for_each(|address| dns.address(HOST, address));
        asked(&dns, Loopback::on_ports(web.port, CLOSED)).await.is_ok()
    };
    assert!(among(&["10.0.0.1", "127.0.0.2", "127.0.0.1"]).await, "those that are refused don't count");
    assert!(!among(&["127.0.0.2", "127.0.0.3", "127.0.0.1"]).await);
}

#[tokio::test]
async fn a_host_that_never_answers_is_let_go() {
    let (dns, web) = (here("127.0.0.1").await, WebServer::start(Says::Nothing).await);
    let start = Instant::now();
    assert!(asked(&dns, Loopback::on_ports(web.port, web.port)).await.is_err());
    assert!(start.elapsed() < Duration::from_secs(11));
}

#[tokio::test]
async fn a_host_that_speaks_https_alone_needs_a_certificate_of_its_own() {
    let dns = here("127.0.0.1").await;
    let of = async |host: &str, is_trusted: bool| {
        let Certified { certificate, acceptor } = certified(host);
        let web = WebServer::encrypted(ok(TOKEN), acceptor).await;
        let mut loopback = Loopback::on_ports(CLOSED, web.port);
        if is_trusted {
            loopback = loopback.trusting(certificate);
        }
        asked(&dns, loopback).await.is_ok()
    };
    assert!(of(HOST, true).await);
    assert!(!of(HOST, false).await);
    assert!(!of("other.example", true).await);
}
