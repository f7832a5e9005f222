//! From the peer to the client, along the addresses that proxies have noted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::TrustedProxies;

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The right-most address that is not trusted, or the last one in front of what nobody can read.
///
/// Each proxy notes the one it was called by at the end, so only what stands to the right of the first stranger was
/// written by somebody who is trusted: all to the left of it is what the stranger says (RFC 7239, section 8.1).
#[inline]
pub(super) fn client(peer: IpAddr, trusted: &TrustedProxies, headers: &HeaderMap) -> IpAddr {
    let mut client = peer;
    if !trusted.contains(client) {
        return client;
    }
    // Several lines are one list, in their order (RFC 9110, section 5.3).
    for element in headers.get_all(FORWARDED_FOR).iter().rev().flat_map(elements) {
        match element.and_then(address) {
            Some(address) => client = address,
            None => return client,
        }
        if !trusted.contains(client) {
            return client;
        }
    }
    client
}

/// The elements of one line, the last one first; `None` for each that is no text.
fn elements(line: &HeaderValue) -> impl Iterator<Item = Option<&str>> {
    let elements = line.as_bytes().rsplit(|byte| *byte == b',');
    elements.map(|bytes| str::from_utf8(bytes).ok().map(|text| text.trim_matches([' ', '\t'])))
}

/// `IPv4 [":" port]`, `IPv6` or `"[" IPv6 "]" [":" port]`.
fn address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, port) = rest.split_once(']')?;
        return inner.parse::<Ipv6Addr>().ok().filter(|_| is_port(port)).map(|v6| v6.to_canonical());
    }
    if let Ok(v6) = text.parse::<Ipv6Addr>() {
        return Some(v6.to_canonical());
    }
    let (v4, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    v4.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else {
        return text.is_empty();
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_brackets_and_port() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:443", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]:80", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("[2001:db8::1]:65535", "2001:db8::1"),
        ] {
            assert_eq!(address(text), Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            " 192.0.2.1",
            "192.0.2",
            "192.0.2.1.",
            "192.0.2.01",
            "0xc0.0.2.1",
            "3221225985",
            "192.0.2.256",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:+80",
            "192.0.2.1:65536",
            "192.0.2.1:80:80",
            "[192.0.2.1]",
            "[2001:db8::1",
            "[2001:db8::1]80",
            "[2001:db8::1]:",
            "[[2001:db8::1]]",
            "2001:db8::1]:80",
            "fe80::1%eth0",
            "[fe80::1%1]:80",
            "\"[2001:db8::1]\"",
            "for=192.0.2.1",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2.1;192.0.2.2",
            "192.0.2.1 192.0.2.2",
            "\u{661}92.0.2.1",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
