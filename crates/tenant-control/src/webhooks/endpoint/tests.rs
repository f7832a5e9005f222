use super::*;

fn public(text: &str) -> Result<Endpoint, InvalidWebhookUrl> {
    Endpoint::parse(text, WebhookReach::Public)
}

#[test]
fn what_leads_to_the_internet_is_taken_as_it_will_be_connected_to() {
    for (text, is_encrypted, host, port, authority, path) in [
        ("https://hooks.acme.example", true, "hooks.acme.example", 443, "hooks.acme.example", "/"),
        (
            "http://hooks.acme.example/a/b?c=d&e",
            false,
            "hooks.acme.example",
            80,
            "hooks.acme.example",
            "/a/b?c=d&e",
        ),
        ("https://acme.example:443/x", true, "acme.example", 443, "acme.example", "/x"),
        ("https://acme.example:8443/x", true, "acme.example", 8_443, "acme.example:8443", "/x"),
        ("HTTPS://Acme.EXAMPLE./x", true, "acme.example", 443, "acme.example", "/x"),
        (
            "https://xn--mnchen-3ya.example/%C3%BC",
            true,
            "xn--mnchen-3ya.example",
            443,
            "xn--mnchen-3ya.example",
            "/%C3%BC",
        ),
        ("http://1.1.1.1:1024/", false, "1.1.1.1", 1_024, "1.1.1.1:1024", "/"),
        ("http://[2606:4700::1111]/x", false, "2606:4700::1111", 80, "[2606:4700::1111]", "/x"),
        ("http://acme.example/a/../b", false, "acme.example", 80, "acme.example", "/b"),
        // Within names that are somebody's own, and not one of them.
        ("https://mylocalhost.example", true, "mylocalhost.example", 443, "mylocalhost.example", "/"),
        ("https://internal.example", true, "internal.example", 443, "internal.example", "/"),
    ] {
        let endpoint = public(text).unwrap();
        let found = match &endpoint.host {
            Place::Name(name) => name.clone(),
            Place::Address(address) => address.to_string(),
        };
        assert_eq!((endpoint.is_encrypted, &*found, endpoint.port), (is_encrypted, host, port), "{text}");
        assert_eq!((&*endpoint.authority, endpoint.path.as_str()), (authority, path), "{text}");
    }
}

#[test]
fn no_spelling_of_an_address_that_is_not_public_is_taken() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7f.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "0",
        "0.0.0.0",
        "0x0",
        "00",
        "10.0.0.1",
        "167772161",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "0xc0.0xa8.1",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "192.0.0.192",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "localhost",
        "LocalHost",
        "localhost.",
        "%6cocalhost",
        "acme.localhost",
        "printer.local",
        "metadata.google.internal",
        "metadata.google.internal.",
        "metadata",
        "postgres",
        "postgres.",
        "db.corp",
        "db.lan",
        "nas.home.arpa",
        "1.0.0.127.in-addr.arpa",
    ] {
        for text in [format!("http://{host}/x"), format!("https://{host}:8443"), format!("HTTP://{host}?x")] {
            assert_eq!(public(&text), Err(PRIVATE), "{text}");
        }
    }
}

#[test]
fn what_is_no_plain_url_is_not_taken_whatever_is_allowed() {
    let long = format!("https://acme.example/{}", "x".repeat(LONGEST));
    for (text, problem) in [
        ("", MALFORMED),
        ("acme.example", MALFORMED),
        ("//acme.example", MALFORMED),
        ("http:acme.example", MALFORMED),
        ("http:/acme.example", MALFORMED),
        ("http:///acme.example", MALFORMED),
        ("http://", MALFORMED),
        ("http://?x", MALFORMED),
        ("http://:80/", MALFORMED),
        ("ftp://acme.example", MALFORMED),
        ("file:///etc/passwd", MALFORMED),
        ("gopher://acme.example", MALFORMED),
        ("javascript://acme.example", MALFORMED),
        ("unix://acme.example", MALFORMED),
        ("httpss://acme.example", MALFORMED),
        (" https://acme.example", MALFORMED),
        ("https://acme.example ", MALFORMED),
        ("https://acme.example/\r\nx: y", MALFORMED),
        ("https://acme\t.example", MALFORMED),
        ("https://acme.example\\@127.0.0.1/", MALFORMED),
        ("https:\\\\acme.example", MALFORMED),
        ("https://m\u{fc}nchen.example", MALFORMED),
        ("https://\u{2460}\u{2461}\u{2466}.0.0.1/", MALFORMED),
        ("https://127\u{3002}0\u{3002}0\u{3002}1/", MALFORMED),
        ("https://acme..example", MALFORMED),
        ("https://.acme.example", MALFORMED),
        ("https://acme.example..", MALFORMED),
        ("https://1.2.3.4.5", MALFORMED),
        ("https://256.0.0.1", MALFORMED),
        ("https://acme.example:99999", MALFORMED),
        ("https://acme.example:x", MALFORMED),
        ("https://[::1", MALFORMED),
        ("https://[fe80::1%25eth0]", MALFORMED),
        ("https://%", MALFORMED),
        (&long, MALFORMED),
        ("https://ada@acme.example", CREDENTIALS),
        ("https://ada:secret@acme.example", CREDENTIALS),
        ("https://@acme.example", CREDENTIALS),
        ("https://:@acme.example", CREDENTIALS),
        ("https://acme.example@127.0.0.1/", CREDENTIALS),
        ("https://acme.example%40:x@127.0.0.1/", CREDENTIALS),
        ("https://acme.example/#x", FRAGMENT),
        ("https://acme.example#", FRAGMENT),
        ("https://acme.example:0", PORT),
    ] {
        for reach in [WebhookReach::Public, WebhookReach::PrivateToo] {
            assert_eq!(Endpoint::parse(text, reach), Err(problem), "{text:?}");
        }
    }
    for port in [1, 22, 25, 53, 81, 110, 444, 587, 1_023] {
        assert_eq!(public(&format!("https://acme.example:{port}")), Err(PORT), "{port}");
    }
}

#[test]
fn what_is_private_is_taken_where_it_is_allowed_and_metadata_never() {
    for host in [
        "127.0.0.1",
        "localhost",
        "postgres",
        "10.0.0.1",
        "192.168.0.1",
        "[::1]",
        "[fd12::1]",
        "db.corp",
        "0x7f.1",
    ] {
        let text = format!("http://{host}:81/x");
        assert!(Endpoint::parse(&text, WebhookReach::PrivateToo).is_ok(), "{text}");
    }
    for host in [
        "0.0.0.0",
        "169.254.169.254",
        "0xa9fea9fe",
        "168.63.129.16",
        "100.100.100.200",
        "224.0.0.1",
        "[::ffff:169.254.169.254]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
    ] {
        let text = format!("http://{host}/x");
        assert_eq!(Endpoint::parse(&text, WebhookReach::PrivateToo), Err(PRIVATE), "{text}");
    }
}
