use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use tenant_core::settings::{InvalidNetwork, Network};

/// The networks whose word about the connections behind them is taken.
///
/// Nobody is in them by default. They must hold the proxies and nothing else: whoever is in them chooses the host and the
/// address that a request seems to come with.
///
/// # Example
/// ```
/// use tenant_tower::TrustedProxies;
///
/// let proxies: TrustedProxies = "10.0.0.0/8, fd00:7::/32, 192.0.2.7".parse()?;
/// assert!(proxies.contains("10.1.2.3".parse()?) && proxies.contains("192.0.2.7".parse()?));
/// assert!(!proxies.contains("192.0.2.8".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct TrustedProxies(Arc<[Network]>);

/// A list of networks can't be taken: an entry is no address or network in CIDR notation (RFC 4632, section 3.1), has bits
/// beyond its prefix, is one of IPv4 written as IPv6, or is everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {place} of the trusted proxies {problem}")]
pub struct InvalidProxies {
    place: usize,
    problem: &'static str,
}

impl InvalidProxies {
    /// Which entry it is, counted from 1.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }
}

impl TrustedProxies {
    /// Nobody: the peer is the client, and what it says about others is taken away.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Networks in CIDR notation, or single addresses.
    ///
    /// # Errors
    /// One is not valid. Bits beyond the prefix (`10.1.2.3/8`) are an error and not cut off: it may be the length that is
    /// wrong. So is a network of length 0: it would let every caller name the host and the address they come from.
    pub fn parse<S: AsRef<str>>(networks: impl IntoIterator<Item = S>) -> Result<Self, InvalidProxies> {
        let parse = |(at, text): (usize, S)| {
            network(text.as_ref().trim()).map_err(|problem| InvalidProxies { place: at + 1, problem })
        };
        let networks: Result<Vec<_>, _> = networks.into_iter().enumerate().map(parse).collect();
        networks.map(|networks| Self(networks.into()))
    }

    /// Whether an address is one of theirs.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn network(text: &str) -> Result<Network, &'static str> {
    let network: Network = text.parse().map_err(|error: InvalidNetwork| error.problem())?;
    if network.is_everybody() { Err("is everybody") } else { Ok(network) }
}

impl FromStr for TrustedProxies {
    type Err = InvalidProxies;

    /// Networks, separated by commas; an empty text is nobody.
    fn from_str(text: &str) -> Result<Self, InvalidProxies> {
        match text.trim() {
            "" => Ok(Self::none()),
            text => Self::parse(text.split(',')),
        }
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|network| format_args!("{network}").to_string())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(list: &str, address: &str) -> bool {
        list.parse::<TrustedProxies>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_a_network_however_it_is_written() {
        for (list, address, expected) in [
            ("", "127.0.0.1", false),
            ("127.0.0.0/8", "127.255.0.1", true),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("127.0.0.0/8", "::1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1/32 , ::1/128", "::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/1", "127.0.0.1", false),
        ] {
            assert_eq!(contains(list, address), expected, "{list} {address}");
        }
    }

    #[test]
    fn what_is_no_network_or_too_much_of_one_is_refused() {
        for bad in [
            ",",
            "10.0.0.0/8,",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.0/",
            "/8",
            "10.0.0/8",
            "010.0.0.0/8",
            "0x0a.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "10.1.2.3/8",
            "2001:db8::1/32",
            "::ffff:10.0.0.0/104",
            "::ffff:10.0.0.1",
            "0.0.0.0/0",
            "::/0",
            "fe80::1%eth0",
            "[::1]",
            "proxy.internal",
            "*",
        ] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
        assert_eq!("::1, nonsense".parse::<TrustedProxies>().unwrap_err().place(), 2);
    }
}
