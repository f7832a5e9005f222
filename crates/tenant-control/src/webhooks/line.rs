//! One request to a host whose addresses are known: what leaves this crate over HTTP leaves it here.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use http::{Request, Response};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::{Bytes, Incoming};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tenant_auth::wire;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::endpoint::{Endpoint, Place};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No connection came about: nothing was sent.
    Unreachable,
    /// The host showed no certificate that is trusted: nothing was sent.
    Untrusted,
    /// What came was no answer.
    Broken,
}

/// What should be trusted is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidAuthority;

/// So many of a host's addresses are tried.
const ADDRESSES: usize = 3;
/// How long it takes at most until an address does not answer.
const CONNECTING: Duration = Duration::from_secs(4);
/// For how long a body is read.
const READING: Duration = Duration::from_secs(1);

/// Carries a request there, and has the answer read. A redirection is an answer like others: it would lead past whatever was
/// checked, and take what is secret along.
pub(crate) async fn carry<T, F>(
    endpoint: &Endpoint,
    addresses: &[IpAddr],
    tls: Option<&TlsConnector>,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> F,
) -> Result<T, Lost>
where
    F: Future<Output = Option<T>>,
{
    let stream = connect(addresses, endpoint.port).await.ok_or(Lost::Unreachable)?;
    let answer = if endpoint.is_encrypted {
        let stream = encrypt(tls, &endpoint.host, stream).await.ok_or(Lost::Untrusted)?;
        wire::exchange(stream, request, read).await
    } else {
        wire::exchange(stream, request, read).await
    };
    answer.ok_or(Lost::Broken)
}

/// So much of a body as there is in time; `None` where it is longer, or does not end.
pub(crate) async fn read(body: Incoming, most: usize) -> Option<Bytes> {
    let body = timeout(READING, Limited::new(body, most).collect()).await.ok()?;
    body.ok().map(Collected::to_bytes)
}

/// To an address that was checked, and never by a name again.
async fn connect(addresses: &[IpAddr], port: u16) -> Option<TcpStream> {
    for address in addresses.iter().take(ADDRESSES) {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        if let Ok(Ok(stream)) = timeout(CONNECTING, connecting).await {
            return Some(stream);
        }
    }
    None
}

async fn encrypt(
    tls: Option<&TlsConnector>,
    host: &Place,
    stream: TcpStream,
) -> Option<TlsStream<TcpStream>> {
    let name = match host {
        Place::Name(name) => ServerName::try_from(name.clone()).ok()?,
        Place::Address(address) => ServerName::from(*address),
    };
    tls?.connect(name, stream).await.ok()
}

/// Trusts this authority (a certificate in DER) and no other.
pub(crate) fn trusting(authority: &[u8]) -> Result<TlsConnector, InvalidAuthority> {
    let authority = CertificateDer::from(authority.to_vec());
    RootCertStore::empty().add(authority.clone()).map_err(|_| InvalidAuthority)?;
    wire::only(vec![authority]).ok_or(InvalidAuthority)
}

impl fmt::Display for InvalidAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the authority is no certificate")
    }
}

impl Error for InvalidAuthority {}
