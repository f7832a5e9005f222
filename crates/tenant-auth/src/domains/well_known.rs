use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use async_trait::async_trait;
use hyper::body::Bytes;
use rustls::pki_types::{CertificateDer, ServerName};
use tenant_core::address::is_public;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{Dns, DomainProof, NotProved, coarse::within_bounds};
use crate::{
    danger::Loopback,
    fetch::{self, Get},
    trust,
};

/// Finds the token at `/.well-known/tenant-verification` on the host, which answers with it and nothing else (blanks around it
/// aside): over HTTP on port 80, or else over HTTPS on port 443 with a certificate that the system trusts.
///
/// A tenant chose the host, and so where this process connects to. Therefore
/// - it connects to no address that is not public: none of private networks, of this machine, of the link, of metadata services,
///   and none that another protocol turns into one of these. The address that was checked is the one that is connected to;
/// - it follows no redirection, asks for no other port and path, and takes no proxy from the environment;
/// - it reads at most 16 KiB of head and 1 KiB of body, from two addresses at most, and stops after ten seconds;
/// - it does not say what went wrong, nor by failing sooner: a failure takes a second at least.
///
/// # What it does not protect against
/// Who can change what the host answers on its way here, over HTTP; who holds the host's DNS; who may write to that one path
/// of a host that is not theirs. A network whose translator (NAT64) has public addresses of its own stand for private ones.
/// And a host that leads to *this* deployment already proves nothing by this way, since
/// only the deployment itself answers there: such a host is proved by [`TxtProof`](super::TxtProof).
pub struct WellKnownProof {
    dns: Dns,
    tls: Option<TlsConnector>,
    loopback: Option<Loopback>,
}

/// How long a connection may take, with all that is said over it.
const PATIENCE: Duration = Duration::from_secs(3);
const ADDRESSES: usize = 2;
/// A token has 43 bytes.
const MOST_BODY: usize = 1024;

impl WellKnownProof {
    /// Where the token is to be found.
    pub const PATH: &str = "/.well-known/tenant-verification";

    /// With these name servers, and the authorities that the system trusts. It reads the latter's files.
    #[must_use]
    pub fn new(dns: Dns) -> Self {
        Self { dns, tls: trust::system(), loopback: None }
    }

    /// Connects to this machine too, for tests: see there.
    #[must_use]
    pub fn with_danger(mut self, loopback: Loopback) -> Self {
        self.tls = trust::only(loopback.authority().into_iter().map(CertificateDer::from).collect());
        self.loopback = Some(loopback);
        self
    }

    fn may_reach(&self, address: IpAddr) -> bool {
        is_public(address) || (self.loopback.is_some() && address.is_loopback())
    }

    fn ports(&self) -> (u16, u16) {
        self.loopback.as_ref().map_or((80, 443), Loopback::ports)
    }

    async fn finds(&self, host: &str, token: &str) -> bool {
        let addresses = self.dns.addresses(host).await;
        for address in addresses.into_iter().filter(|address| self.may_reach(*address)).take(ADDRESSES) {
            if self.is_at(address, host, token).await {
                return true;
            }
        }
        false
    }

    async fn is_at(&self, address: IpAddr, host: &str, token: &str) -> bool {
        let (http, https) = self.ports();
        let is_token = |body: Option<Bytes>| body.is_some_and(|body| body.trim_ascii() == token.as_bytes());
        is_token(patiently(plain((address, http).into(), host)).await)
            || is_token(patiently(self.encrypted((address, https).into(), host)).await)
    }

    async fn encrypted(&self, address: SocketAddr, host: &str) -> Option<Bytes> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let stream = TcpStream::connect(address).await.ok()?;
        let stream = self.tls.as_ref()?.connect(name, stream).await.ok()?;
        fetch::get(stream, token_of(host)).await
    }
}

/// Nothing of the token is in it: a host that repeats what it was asked would prove anything.
const fn token_of(host: &str) -> Get<'_> {
    Get { host, path: WellKnownProof::PATH, accept: "text/plain", most: MOST_BODY }
}

async fn plain(address: SocketAddr, host: &str) -> Option<Bytes> {
    fetch::get(TcpStream::connect(address).await.ok()?, token_of(host)).await
}

async fn patiently(get: impl Future<Output = Option<Bytes>>) -> Option<Bytes> {
    timeout(PATIENCE, get).await.ok().flatten()
}

#[async_trait]
impl DomainProof for WellKnownProof {
    async fn prove(&self, host: &str, token: &str) -> Result<(), NotProved> {
        within_bounds(self.finds(host, token)).await
    }
}

impl fmt::Debug for WellKnownProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WellKnownProof").field("loopback", &self.loopback).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_danger_it_goes_to_public_addresses_on_two_ports() {
        let proof = WellKnownProof::new(Dns::at(&[([127, 0, 0, 1], 9).into()]).unwrap());
        assert_eq!(proof.ports(), (80, 443));
        for (address, may) in [("127.0.0.1", false), ("::1", false), ("10.0.0.1", false), ("1.1.1.1", true)] {
            assert_eq!(proof.may_reach(address.parse().unwrap()), may, "{address}");
        }
        let proof = proof.with_danger(Loopback::on_ports(8080, 8443));
        assert_eq!(proof.ports(), (8080, 8443));
        for (address, may) in
            [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false), ("169.254.169.254", false)]
        {
            assert_eq!(proof.may_reach(address.parse().unwrap()), may, "{address}");
        }
    }
}
