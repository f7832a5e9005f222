use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The other end of the connection: what the server that accepted it puts on each of its requests.
///
/// # Example
/// ```
/// use std::net::SocketAddr;
///
/// use tenant_tower::{PeerAddr, http::Request};
///
/// fn on_connection(peer: SocketAddr, mut request: Request<String>) -> Request<String> {
///     request.extensions_mut().insert(PeerAddr(peer));
///     request
/// }
/// # let _ = on_connection;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    /// Its address, as one of IPv4 where IPv6 only carries it (RFC 4291, section 2.5.5.2): a socket that listens for both
    /// sees all callers as IPv6.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.0.ip().to_canonical()
    }
}

/// Who is calling, as far as proxies that are trusted can tell; [`ForwardedLayer`](crate::ForwardedLayer) puts it on each
/// request. An address of IPv4 is always one, never one that IPv6 carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

impl ClientAddr {
    /// What counts as one caller: an address of IPv4, or the first of a /64, since who has one address of that has all of them
    /// (RFC 4291, section 2.5.4).
    #[must_use]
    pub const fn network(&self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        }
    }
}
