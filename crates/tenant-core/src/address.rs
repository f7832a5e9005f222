//! Which addresses are anybody's on the internet, and which are of the network that this process is in: for requests that go where
//! a tenant says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the internet's: tenants choose where a request goes, and may not choose the database, the
/// metadata of the machine, or this process itself.
#[must_use]
pub const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether an address is one of this machine's or of a private network (RFC 1918, RFC 4193, RFC 6598), which an operator may open to
/// requests that go where a tenant says. Those of the link, and of metadata services, are not among them, nor is any that another
/// protocol turns into one of these.
#[must_use]
pub const fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => match address.octets() {
            // A cloud's metadata (Alibaba's) within the addresses that carriers share.
            [100, 100, 100, 200] => false,
            [10 | 127, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..] => true,
            _ => false,
        },
        IpAddr::V6(address) => match address.segments() {
            // Metadata of Amazon's and of Google's machines.
            [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] => false,
            [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => true,
            _ => false,
        },
    }
}

/// All but those of the IANA IPv4 special-purpose address registry, multicast, and the one public address that is a cloud's
/// metadata (168.63.129.16, of Azure).
const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [168, 63, 129, 16]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    )
}

/// Those that are given out (2000::/3), without protocol assignments (2001::/23, of which Teredo), documentation
/// and 6to4. What embeds an IPv4 address (mapped, compatible, NAT64 in 64:ff9b::/16) is not among them: behind a
/// translator it would be a second name of a private one.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x2000..=0x3fff, ..])
        && !matches!(
            address.segments(),
            [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..]
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn the_networks_of_this_machine_and_of_its_neighbours_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "2002:7f00:1::",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn their_neighbours_are() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.88.98.255",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
            "3fff:1000::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn what_an_operator_may_open_is_private_and_neither_public_nor_metadata() {
        for address in
            ["10.0.0.1", "100.64.0.1", "127.0.0.1", "172.31.0.1", "192.168.1.1", "::1", "fc00::1", "fd12::1"]
        {
            assert!(is_private(address.parse().unwrap()) && !public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "1.1.1.1",
            "100.100.100.200",
            "100.128.0.1",
            "168.63.129.16",
            "169.254.169.254",
            "172.32.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2606:4700::1111",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }
}
